package delivery_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
)

var endingKeys = flag.Int("ending", 10_000, "keys that end at once for the benchmark")

// Benchmark of a day like any other, and of a day on which everything ends.
const (
	manyHooks     = 20
	eventsPerTick = 10 // in a second, on a usual day
	usualEvents   = 100
)

// BenchmarkDelivery measures how long events take from their transaction to
// their first attempt, and how much memory that takes.
//
//	npm run bench:delivery
func BenchmarkDelivery(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			b.Run("usual", func(b *testing.B) { measureDeliveries(b, engine, usualEvents, manyHooks, raiseUsual) })
			b.Run("burst", func(b *testing.B) { measureDeliveries(b, engine, *endingKeys, 1, raiseBurst) })
			b.Run("flood", func(b *testing.B) { measureDeliveries(b, engine, *endingKeys, manyHooks, raiseBurst) })
		})
	}
}

// arrivals are when webhooks came first, by their ids.
type arrivals struct {
	mu    sync.Mutex
	first map[string]time.Time
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.first)
}

func (a *arrivals) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	now, id := time.Now(), r.Header.Get("Webhook-Id")
	_, _ = io.Copy(io.Discard, r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.first[id]; !known {
		a.first[id] = now
	}
}

// measureDeliveries lets n keys end and waits until each of so many subscriptions
// was told of each.
func measureDeliveries(b *testing.B, engine storetest.Engine, n, hooks int, raise func(*testing.B, *store.Store, *storetest.Fixture)) {
	for b.Loop() {
		b.StopTimer()
		f := storetest.New(b, engine)
		came := &arrivals{first: make(map[string]time.Time, n*hooks)}
		server := httptest.NewServer(came)
		s := storetest.OpenURL(b, f.URL, store.Options{Now: time.Now})
		for i := range hooks {
			wish := models.SubscriptionWish{Name: fmt.Sprint("hook ", i), WebhookURL: fmt.Sprint(server.URL, "/", i), Filter: models.EventFilter{EventGroups: []string{"ApiKeyExpiry"}}}
			if _, err := f.Store.CreateSubscription(f.As(f.Admin), wish); err != nil {
				b.Fatal(err)
			}
		}
		f.FillAllKeys(n)
		f.Exec("UPDATE api_keys SET revoked_at = NULL, expires_at = ?, notice_at = ? WHERE user_id > ?", time.Now().UTC().Truncate(time.Second), time.Now().UTC().Add(time.Hour).Truncate(time.Second), f.Robot.ID)
		stop := sending(s)
		peak := watchHeap()
		b.StartTimer()
		raise(b, s, f)
		for deadline := time.Now().Add(time.Hour); came.count() < n*hooks; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				b.Fatalf("%d of %d webhooks came", came.count(), n*hooks)
			}
		}
		b.StopTimer()
		b.ReportMetric(float64(peak())/(1<<20), "MiB-peak")
		stop()
		server.Close()
		report(b, f, came, hooks)
		b.StartTimer()
	}
}

// sending starts what brings events to their receivers.
func sending(s *store.Store) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r := delivery.NewRunner(delivery.RunnerOptions{Store: s, Log: slog.New(slog.DiscardHandler), Webhooks: delivery.NewWebhook(loopback(), time.Now, "https://keys.example.com", "")})
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	return func() { cancel(); <-ended }
}

// raiseUsual lets a few keys end in each second.
func raiseUsual(b *testing.B, s *store.Store, f *storetest.Fixture) {
	for range usualEvents {
		f.Exec("UPDATE api_keys SET notice_at = ? WHERE id = (SELECT min(id) FROM api_keys WHERE notice_at > ?)", time.Now().UTC().Add(-time.Second).Truncate(time.Second), time.Now().UTC().Truncate(time.Second))
		if _, err := s.RaiseExpiryEvents(b.Context()); err != nil {
			b.Fatal(err)
		}
		time.Sleep(time.Second / eventsPerTick)
	}
}

// raiseBurst lets all keys end at once.
func raiseBurst(b *testing.B, s *store.Store, f *storetest.Fixture) {
	f.Exec("UPDATE api_keys SET notice_at = ? WHERE notice_at IS NOT NULL", time.Now().UTC().Add(-time.Second).Truncate(time.Second))
	if _, err := s.RaiseExpiryEvents(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// watchHeap notes how much memory is in use at the most until it is asked.
func watchHeap() (peak func() uint64) {
	var most uint64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); <-ended; return most }
}

// report says how long first attempts took since their events were written: the
// longest of them, and of all but a twentieth.
func report(b *testing.B, f *storetest.Fixture, came *arrivals, hooks int) {
	b.Helper()
	var waited []time.Duration
	for _, e := range f.Events() {
		if e.Category != models.APIKeyExpired {
			continue
		}
		for i := range hooks {
			at, known := came.first[fmt.Sprintf("evt_%d_%d", e.ID, i+2)] // Keyport brings the first subscription along
			if !known {
				b.Fatalf("event %d did not come to subscription %d", e.ID, i+2)
			}
			waited = append(waited, at.Sub(e.OccurredAt))
		}
	}
	slices.Sort(waited)
	b.ReportMetric(waited[len(waited)*95/100].Seconds(), "p95-s")
	b.ReportMetric(waited[len(waited)-1].Seconds(), "max-s")
	b.ReportMetric(float64(len(waited))/b.Elapsed().Seconds(), "webhooks/s")
}
