package delivery_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
	"github.com/keyport/keyport/web/tracing"
	"github.com/keyport/keyport/web/tracing/tracingtest"
)

// Spans of deliveries say which and how it went, and neither to whom nor what.
func TestDeliveriesAreTraced(t *testing.T) {
	f, collector, receiver := storetest.New(t, storetest.SQLite), tracingtest.Start(t), startReceiver(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusNoContent) })
	tracer, err := tracing.New(context.Background(), tracing.Options{Endpoint: collector.Endpoint(), Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	subscribe(t, f, "Canary", receiver.URL+"/canary")
	addresses(f)
	f.Issue(f.Alice, models.NewKey{Purpose: "Canary", Expires: models.ExpiresAt(f.Store.Now().Add(15 * 24 * time.Hour))})
	f.Clock.Advance(5 * 24 * time.Hour)
	if _, err := f.Store.RaiseExpiryEvents(context.Background()); err != nil {
		t.Fatal(err)
	}
	server := startMailServer(t, how{})
	mailer := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off"), Time: 2 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := &delivery.Notices{Store: f.Store, PublicURL: public, Log: slog.New(slog.DiscardHandler), Trace: tracer,
		Mailer: func(context.Context) (*delivery.Mailer, error) { return mailer, nil }}
	r := delivery.NewRunner(delivery.RunnerOptions{Store: f.Store, Log: slog.New(slog.DiscardHandler), Trace: tracer,
		Webhooks: delivery.NewWebhook(loopback(), f.Store.Now, "https://keys.example.com", "")})
	ended := make(chan struct{}, 2)
	go func() { n.Run(ctx); ended <- struct{}{} }()
	go func() { r.Run(ctx); ended <- struct{}{} }()
	server.want(t, 1)
	for deadline := time.Now().Add(10 * time.Second); f.Count("SELECT count(*) FROM deliveries WHERE state = 'pending'") > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("deliveries wait")
		}
	}
	cancel()
	<-ended
	<-ended
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"deliver webhook", "deliver mail"} {
		spans := collector.Named(t, name)
		if len(spans) == 0 || tracingtest.Value(spans[0], "keyport.delivered") != "true" || tracingtest.Value(spans[0], "keyport.delivery") == "" {
			t.Errorf("%s: %v", name, spans)
		}
	}
	_, raw := collector.Spans(t)
	for _, secret := range []string{"anary", "example.com", "receiver secret", "127.0.0.1", "alice"} {
		if strings.Contains(raw, secret) {
			t.Errorf("the traces hold %q", secret)
		}
	}
}
