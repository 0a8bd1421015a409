package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
)

// way is one on which events go out, to a real receiver.
type way struct {
	name      string
	atOnce    int             // so many are under way at once to a receiver
	unnoted   int             // and so many in all, until they are noted
	address   string          // of the receiver
	came      func() []string // what came, by the numbers of the events
	subscribe func(t *testing.T, f *storetest.Fixture)
}

// eachWay runs a test for webhooks and mail, on both databases. The receiver calls
// taken when it has the n-th message and before it answers.
func eachWay(t *testing.T, run func(t *testing.T, f *storetest.Fixture, open func(taken func(n int)) way)) {
	for name, open := range map[string]func(t *testing.T, taken func(n int)) way{"webhook": openHook, "mail": openMailbox} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
				f.Clock.Set(time.Now())
				run(t, f, func(taken func(n int)) way { return open(t, taken) })
			})
		})
	}
}

func openHook(t *testing.T, taken func(n int)) way {
	hook := startReceiver(t, func(_ http.ResponseWriter, call int) { taken(call) })
	return way{name: "webhook", atOnce: 4, unnoted: 16, address: hook.URL,
		came: func() (events []string) {
			for _, call := range hook.got() {
				events = append(events, eventOf(t, call.header.Get("Webhook-Id")))
			}
			return events
		},
		subscribe: func(t *testing.T, f *storetest.Fixture) { subscribe(t, f, "Hook", hook.URL) }}
}

func openMailbox(t *testing.T, taken func(n int)) way {
	server := startMailServer(t, how{taken: taken})
	return way{name: "mail", atOnce: 1, unnoted: 1, address: server.address,
		came: func() (events []string) {
			for _, letter := range server.got() {
				header, _, _ := parts(t, letter.data)
				events = append(events, eventOf(t, header.Get("Message-Id")))
			}
			return events
		},
		subscribe: func(t *testing.T, f *storetest.Fixture) {
			addresses(f)
			admins := int64(f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
			wish := models.SubscriptionWish{Name: "At once", EmailTeamIDs: []int64{admins}, Filter: models.EventFilter{DocumentTypes: []string{models.DocumentAPIKeys}}}
			if _, err := f.Store.CreateSubscription(f.As(f.Admin), wish); err != nil {
				t.Fatal(err)
			}
		}}
}

var messageID = regexp.MustCompile(`^<?evt_(\d+)_\d+`)

// eventOf reads the number of the event in the id of a message.
func eventOf(t *testing.T, id string) string {
	t.Helper()
	found := messageID.FindStringSubmatch(id)
	if found == nil {
		t.Fatalf("the message's id is %q", id)
	}
	return found[1]
}

// happen makes so many deliveries come due.
func (w way) happen(t *testing.T, f *storetest.Fixture, n int) {
	t.Helper()
	w.subscribe(t, f)
	for range n {
		f.Issue(f.Robot, models.NewKey{})
	}
	if err := f.Store.FanOut(context.Background()); err != nil {
		t.Fatal(err)
	}
	if made := f.Count("SELECT COUNT(*) FROM deliveries"); made != n {
		t.Fatalf("%d deliveries were made, want %d", made, n)
	}
}

// send starts what sends on this way, as one more replica on the database has it.
func (w way) send(t *testing.T, url string, lease time.Duration) (stop func()) {
	t.Helper()
	return w.sendBy(t, url, lease, time.Now)
}

// sendBy is send by another clock.
func (w way) sendBy(t *testing.T, url string, lease time.Duration, now func() time.Time) (stop func()) {
	t.Helper()
	s := storetest.OpenURL(t, url, store.Options{Now: now})
	log := slog.New(slog.DiscardHandler)
	run := delivery.NewRunner(delivery.RunnerOptions{Store: s, Log: log, Lease: lease, Webhooks: delivery.NewWebhook(loopback(), s.Now, "https://keys.example.com", "")}).Run
	if w.name == "mail" {
		mailer := newMailer(t, delivery.MailerOptions{Server: (&mailServer{address: w.address}).url("smtp", "", "?tls=off")})
		run = (&delivery.Notices{Store: s, PublicURL: public, Log: log, Lease: lease, Mailer: func(context.Context) (*delivery.Mailer, error) { return mailer, nil }}).Run
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { run(ctx); close(ended) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return stop
}

// in counts deliveries.
func in(f *storetest.Fixture, state models.DeliveryState, attempts int) int {
	return f.Count(fmt.Sprintf("SELECT COUNT(*) FROM deliveries WHERE state = '%s' AND attempts = %d", state, attempts))
}
