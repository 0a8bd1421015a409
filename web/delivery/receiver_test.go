package delivery_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
	"github.com/keyport/keyport/web/egress"
)

// receiver is a real receiver of webhooks on the loopback interface.
type receiver struct {
	URL string

	mu     sync.Mutex
	calls  []hookCall
	answer func(w http.ResponseWriter, call int)
}

// hookCall is a webhook as it came in.
type hookCall struct {
	header http.Header
	body   string
}

func startReceiver(t *testing.T, answer func(w http.ResponseWriter, call int)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		r.calls = append(r.calls, hookCall{request.Header.Clone(), string(body)})
		n := len(r.calls)
		r.mu.Unlock()
		if r.answer != nil {
			r.answer(w, n)
		}
	}))
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	r.URL = server.URL + "/hook"
	return r
}

func (r *receiver) got() []hookCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]hookCall(nil), r.calls...)
}

// eventually waits for something that happens in the background.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// loopback is a guard whose operator allows this machine.
func loopback() *egress.Guard {
	return &egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
}

// run starts a runner on a fixture, as each replica has one. stop ends it and
// waits for it.
func run(t *testing.T, f *storetest.Fixture) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := delivery.NewRunner(delivery.RunnerOptions{Store: f.Store, Log: slog.New(slog.NewJSONHandler(f.Log, nil)),
		Webhooks: delivery.NewWebhook(loopback(), f.Store.Now, "https://keys.example.com", "")})
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return stop
}

// subscribe makes a subscription to keys that are made, with a webhook.
func subscribe(t *testing.T, f *storetest.Fixture, name, url string) models.Subscription {
	t.Helper()
	value := "receiver secret"
	s, err := f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{Name: name, WebhookURL: url, WebhookHeader: "X-Receiver", WebhookHeaderValue: &value,
		Filter: models.EventFilter{DocumentTypes: []string{models.DocumentAPIKeys}, EventCategories: []string{"Created"}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func deliveries(t *testing.T, f *storetest.Fixture, s models.Subscription) []models.ShownDelivery {
	t.Helper()
	list, _, err := f.Store.Deliveries(f.As(f.Admin), s.ID, models.DeliveryFilter{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWebhook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		hook := startReceiver(t, nil)
		s := subscribe(t, f, "Hook", hook.URL)
		secret, err := f.Store.NewWebhookSecret(f.As(f.Admin), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		run(t, f)
		key, _ := f.Issue(f.Robot, models.NewKey{Purpose: "Nightly"})
		eventually(t, "the webhook", func() bool { return len(hook.got()) == 1 })
		call := hook.got()[0]
		checkSignature(t, secret, call)
		if call.header.Get("X-Receiver") != "receiver secret" || !strings.HasPrefix(call.header.Get("Content-Type"), "application/json") {
			t.Errorf("headers = %v", call.header)
		}
		var payload struct {
			EventType string
			Payload   struct {
				ServerUri    string
				Event        struct{ Id, Category, Message string }
				Subscription struct {
					Id                            string
					EventNotificationSubscription struct{ WebhookHeaderValue *string }
				}
				TotalEventsInBatch int
			}
		}
		if err := json.Unmarshal([]byte(call.body), &payload); err != nil {
			t.Fatal(err)
		}
		p := payload.Payload
		if payload.EventType != "SubscriptionPayload" || p.Event.Category != "Created" || !strings.Contains(p.Event.Message, "Nightly") || p.Subscription.Id != s.PublicID() ||
			p.Subscription.EventNotificationSubscription.WebhookHeaderValue != nil || p.TotalEventsInBatch != 1 || p.ServerUri != "https://keys.example.com" {
			t.Errorf("payload = %s", call.body)
		}
		if strings.Contains(call.body, "receiver secret") || !strings.Contains(call.body, key.ID) {
			t.Errorf("the body is %s", call.body)
		}
		eventually(t, "the note of it", func() bool { return deliveries(t, f, s)[0].State == models.DeliveryDelivered })
		if d := deliveries(t, f, s)[0]; d.Code != 200 || d.Attempts != 1 || d.AttemptedAt == nil {
			t.Errorf("delivery = %+v", d)
		}
	})
}

// checkSignature works the signature out as a receiver does: with either secret
// during the exchange, and with no other.
func checkSignature(t *testing.T, secret models.WebhookSecret, call hookCall) {
	t.Helper()
	id, stamp, signed := call.header.Get("Webhook-Id"), call.header.Get("Webhook-Timestamp"), call.header.Get("Webhook-Signature")
	var seconds int64
	fmt.Sscan(stamp, &seconds)
	if want := secret.Sign(id, time.Unix(seconds, 0), []byte(call.body)); !strings.Contains(" "+signed+" ", " "+want+" ") || id == "" {
		t.Errorf("the signature %s of %s is not %s", signed, id, want)
	}
	if n := len(strings.Fields(signed)); n != 2 {
		t.Errorf("%d secrets sign during the exchange, want 2", n)
	}
	if strings.Contains(signed, models.NewWebhookSecret().Sign(id, time.Unix(seconds, 0), []byte(call.body))) {
		t.Error("any secret signs")
	}
}

// A receiver that is down for a while gets everything later, with the same id;
// the others notice nothing.
func TestWebhookRetries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		bad := startReceiver(t, func(w http.ResponseWriter, call int) {
			switch call {
			case 1:
				w.WriteHeader(500)
			case 2:
				w.Header().Set("Retry-After", "1800")
				w.WriteHeader(429)
			}
		})
		good := startReceiver(t, nil)
		s := subscribe(t, f, "Bad", bad.URL)
		subscribe(t, f, "Good", good.URL)
		run(t, f)
		f.Issue(f.Robot, models.NewKey{})
		eventually(t, "both", func() bool { return len(bad.got()) == 1 && len(good.got()) == 1 })
		eventually(t, "the plan", func() bool { return deliveries(t, f, s)[0].Problem == "The receiver answered 500." })
		f.Clock.Advance(6 * time.Second)
		eventually(t, "the second attempt", func() bool { return len(bad.got()) == 2 })
		eventually(t, "the receiver's wish", func() bool { return deliveries(t, f, s)[0].Code == 429 })
		if d := deliveries(t, f, s)[0]; d.NextAttemptAt.Sub(f.Store.Now()) != 30*time.Minute {
			t.Errorf("the next attempt comes after %s, want the 30 minutes that the receiver asked for", d.NextAttemptAt.Sub(f.Store.Now()))
		}
		f.Clock.Advance(30 * time.Minute)
		eventually(t, "the third attempt", func() bool { return deliveries(t, f, s)[0].State == models.DeliveryDelivered })
		calls := bad.got()
		for _, c := range calls {
			if c.header.Get("Webhook-Id") != calls[0].header.Get("Webhook-Id") {
				t.Error("the id is not the same for all attempts")
			}
		}
	})
}

func TestWebhookGivesUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		hook := startReceiver(t, func(w http.ResponseWriter, _ int) {
			w.Header().Set("Location", "http://169.254.169.254/")
			w.WriteHeader(302)
		})
		s := subscribe(t, f, "Redirects", hook.URL)
		run(t, f)
		f.Issue(f.Robot, models.NewKey{})
		for n := 1; n <= models.MaxAttempts; n++ {
			eventually(t, "an attempt", func() bool {
				d := deliveries(t, f, s)
				return len(d) == 1 && d[0].Attempts == n && d[0].Code == 302 && d[0].ClaimedUntil == nil
			})
			f.Clock.Advance(27 * time.Hour)
		}
		if d := deliveries(t, f, s)[0]; d.State != models.DeliveryFailed || len(hook.got()) != models.MaxAttempts {
			t.Errorf("after %d calls the delivery is %s", len(hook.got()), d.State)
		}
		events := f.Events()
		if e := events[len(events)-1]; e.Category != models.DeliveryFailedEvent || e.DocumentID != s.PublicID() {
			t.Errorf("the newest event is %+v, want that the delivery failed", e)
		}
		// Once more, by hand.
		if n, err := f.Store.Replay(f.As(f.Admin), s.ID, 0); n != 1 || err != nil {
			t.Errorf("replay = %d, %v", n, err)
		}
		eventually(t, "the replay", func() bool { return len(hook.got()) == models.MaxAttempts+1 })
	})
}

// A receiver that wants nothing any more is left alone, and it is said so.
func TestWebhookGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		hook := startReceiver(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(410) })
		s := subscribe(t, f, "Gone", hook.URL)
		run(t, f)
		f.Issue(f.Robot, models.NewKey{})
		eventually(t, "the switch", func() bool {
			now, err := f.Store.Subscription(f.As(f.Admin), s.ID)
			return err == nil && now.IsDisabled
		})
		f.Issue(f.Robot, models.NewKey{})
		time.Sleep(50 * time.Millisecond)
		if n := len(hook.got()); n != 1 {
			t.Errorf("it was called %d times", n)
		}
	})
}

// Receivers from hell take their own places, not those of others.
func TestWebhookReceiversFromHell(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		release := make(chan struct{})
		hang := startReceiver(t, func(http.ResponseWriter, int) { <-release })
		endless := startReceiver(t, func(w http.ResponseWriter, _ int) {
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		})
		reset := startReceiver(t, func(w http.ResponseWriter, _ int) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				c.Close()
			}
		})
		good := startReceiver(t, nil)
		t.Cleanup(func() { close(release) }) // before the servers are closed, which waits for their calls
		for name, r := range map[string]*receiver{"Hang": hang, "Endless": endless, "Reset": reset, "Good": good} {
			subscribe(t, f, name, r.URL)
		}
		run(t, f)
		begun := time.Now()
		for range 8 {
			f.Issue(f.Robot, models.NewKey{})
		}
		eventually(t, "the good receiver", func() bool { return len(good.got()) == 8 })
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("the good receiver waited for %s", took)
		}
		if n := len(hang.got()); n > 4 {
			t.Errorf("a receiver that hangs has %d calls at once", n)
		}
	})
}

// Whoever may no longer see events, or has disabled a subscription, is sent
// nothing more, also not what is on its way.
func TestDeliveriesOfStrangersStop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		hook := startReceiver(t, nil)
		s := subscribe(t, f, "Admin's", hook.URL)
		f.Issue(f.Robot, models.NewKey{})
		if err := f.Store.FanOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Admin.ID)
		run(t, f)
		eventually(t, "the end of it", func() bool { return f.Count("SELECT COUNT(*) FROM deliveries WHERE state = 'dropped'") == 1 })
		f.Issue(f.Robot, models.NewKey{})
		time.Sleep(50 * time.Millisecond)
		if n := len(hook.got()); n != 0 || f.Count("SELECT COUNT(*) FROM deliveries") != 1 {
			t.Errorf("a deactivated administrator's subscription %s sent %d events", s.Name, n)
		}
	})
}

// The program ends between sending and noting it: the event is sent again, under
// the same id. It ends before sending: the event is sent later.
func TestDeliveriesSurviveAnEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		hook := startReceiver(t, nil)
		subscribe(t, f, "Hook", hook.URL)
		f.Issue(f.Robot, models.NewKey{})
		if err := f.Store.FanOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		// A replica claims it, sends it, and dies before it notes anything.
		claimed, err := f.Store.ClaimDeliveries(context.Background(), models.ChannelWebhook, 10, time.Minute)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		dead := delivery.NewWebhook(loopback(), f.Store.Now, "", "")
		if r := dead.Send(context.Background(), claimed[0]); !r.Delivered {
			t.Fatalf("receipt = %+v", r)
		}
		run(t, f)
		time.Sleep(50 * time.Millisecond)
		if n := len(hook.got()); n != 1 {
			t.Errorf("somebody else's delivery was sent within the lease: %d calls", n)
		}
		f.Clock.Advance(time.Minute)
		eventually(t, "the second call", func() bool { return len(hook.got()) == 2 })
		if calls := hook.got(); calls[0].header.Get("Webhook-Id") != calls[1].header.Get("Webhook-Id") {
			t.Error("the id has changed")
		}
		// The dead one comes back and says how it went: that counts no more.
		eventually(t, "the note of it", func() bool {
			return f.Count("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered' AND attempts = 2") == 1
		})
		if err := f.Store.FinishDelivery(context.Background(), claimed[0], models.Receipt{Problem: "late"}); err != nil {
			t.Fatal(err)
		}
		if f.Count("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'") != 1 {
			t.Error("a late answer changed the delivery")
		}
	})
}
