package delivery_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
)

// mailing starts what mails events, as each replica has it.
func mailing(t *testing.T, f *storetest.Fixture, server *mailServer) {
	t.Helper()
	mailer := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off"), Time: 2 * time.Second})
	n := &delivery.Notices{Store: f.Store, PublicURL: public, Log: slog.New(slog.NewJSONHandler(f.Log, nil)),
		Mailer: func(context.Context) (*delivery.Mailer, error) { return mailer, nil }}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { n.Run(ctx); close(ended) }()
	t.Cleanup(sync.OnceFunc(func() { cancel(); <-ended }))
	run(t, f)
}

func addresses(f *storetest.Fixture) {
	for user, address := range map[int64]string{f.Alice.ID: "alice@example.com", f.Admin.ID: "admin@example.com", f.Bob.ID: "bob@example.com"} {
		f.Exec("UPDATE users SET email = ?, email_fold = ?, time_zone = ? WHERE id = ?", address, address, "Asia/Tokyo", user)
	}
}

// Nobody has configured anything, and the owner learns that a key of hers ends;
// that a service account's ends, the administrators do.
func TestOwnersLearnThatKeysEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		addresses(f)
		f.Issue(f.Bob, models.NewKey{Purpose: strings.Repeat("鍵", models.MaxPurpose), Expires: models.ExpiresAt(f.Store.Now().Add(15 * 24 * time.Hour))}) // as long as a purpose can be
		own, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Laptop <b>", Expires: models.ExpiresAt(f.Store.Now().Add(15 * 24 * time.Hour))})
		robots, _ := f.Issue(f.Robot, models.NewKey{Purpose: "Pipeline", Expires: models.ExpiresAt(f.Store.Now().Add(15 * 24 * time.Hour))})
		f.Store.Seen(own.ID, "192.0.2.44", "curl/8", f.Store.Now())
		if err := f.Store.FlushSeen(context.Background()); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(5 * 24 * time.Hour)
		if _, err := f.Store.RaiseExpiryEvents(context.Background()); err != nil {
			t.Fatal(err)
		}
		server := startMailServer(t, how{})
		mailing(t, f, server)
		got := map[string]string{}
		for _, letter := range server.want(t, 3) {
			got[letter.to[0]] = letter.data
		}
		header, plain, page := parts(t, got["alice@example.com"])
		for _, want := range []string{"Laptop <b>", own.Hint(), "Tue 8 Dec 2026, 19:30 Asia/Tokyo", "from 192.0.2.44", "https://keys.example.com/portal/account/apikeys/" + own.ID + "/rotation"} {
			if !strings.Contains(plain, want) {
				t.Errorf("the letter lacks %q:\n%s", want, plain)
			}
		}
		if strings.Contains(page, "<b>") && strings.Contains(page, "Laptop <b>") {
			t.Error("the purpose is markup")
		}
		if !strings.Contains(header.Get("List-Unsubscribe"), "https://keys.example.com/portal/unsubscribe?token=") || header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" ||
			header.Get("List-Id") == "" || header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("headers = %v", header)
		}
		if _, plain, _ := parts(t, got["bob@example.com"]); !strings.Contains(plain, strings.Repeat("鍵", models.MaxPurpose)) {
			t.Errorf("the letter about a long purpose is %s", plain)
		}
		if _, plain, _ := parts(t, got["admin@example.com"]); !strings.Contains(plain, "Pipeline") || !strings.Contains(plain, "/configuration/users/"+f.Robot.PublicID()+"/apikeys/"+robots.ID+"/rotation") {
			t.Errorf("the administrator's letter is %s", plain)
		}
	})
}

// Who is told of a person's key because of a subscription is led to the key, and
// not to a form that is for its owner alone.
func TestOthersAreLedToTheKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		addresses(f)
		admins := int64(f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
		_, err := f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{Name: "Ending keys", EmailTeamIDs: []int64{admins}, EmailTimeZone: "UTC", EmailPriority: models.PriorityNormal,
			Filter: models.EventFilter{EventCategories: []string{string(models.APIKeyExpired)}}})
		if err != nil {
			t.Fatal(err)
		}
		key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Laptop", Expires: models.ExpiresAt(f.Store.Now().Add(24 * time.Hour))})
		f.Clock.Advance(25 * time.Hour)
		if _, err := f.Store.RaiseExpiryEvents(context.Background()); err != nil {
			t.Fatal(err)
		}
		server := startMailServer(t, how{})
		mailing(t, f, server)
		for _, letter := range server.want(t, 2) {
			_, plain, _ := parts(t, letter.data)
			want := "https://keys.example.com/portal/account/apikeys/" + key.ID + "/rotation"
			if letter.to[0] == "admin@example.com" {
				want = "https://keys.example.com/portal/configuration/users/" + f.Alice.PublicID() + "/apikeys/" + key.ID
			}
			if !strings.Contains(plain, want) || letter.to[0] == "admin@example.com" && strings.Contains(plain, "/rotation") {
				t.Errorf("the letter to %s lacks %s:\n%s", letter.to[0], want, plain)
			}
		}
	})
}

// By the link in the mail, and by the mail program itself, it ends.
func TestUnsubscribing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		addresses(f)
		id := int64(f.Count("SELECT id FROM subscriptions WHERE built_in = 'own-keys'"))
		token := f.Store.UnsubscribeToken(f.Alice.ID, id)
		for _, wrong := range []string{"", token[:len(token)-1], token + "A", strings.Repeat("A", len(token))} {
			if _, err := f.Store.Unsubscribe(context.Background(), wrong); models.KindOf(err) != models.NotFound {
				t.Errorf("the token %q: %v", wrong, err)
			}
		}
		for range 2 {
			if _, err := f.Store.Unsubscribe(context.Background(), token); err != nil {
				t.Fatal(err)
			}
		}
		f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(24 * time.Hour))})
		f.Clock.Advance(24 * time.Hour)
		if _, err := f.Store.RaiseExpiryEvents(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := f.Store.FanOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := f.Count("SELECT COUNT(*) FROM deliveries"); n != 0 {
			t.Errorf("%d letters go out", n)
		}
	})
}

// What happens within an hour comes in one letter at its end, only to those who
// may see events, and as one letter again when the server refuses it for now. It
// tells of a hundred events and counts the rest, however many were claimed at once.
func TestDigest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const happened = 430
		addresses(f)
		everyone := int64(f.Count("SELECT id FROM teams WHERE built_in = 'everyone'"))
		s, err := f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{Name: "Hourly", EmailTeamIDs: []int64{everyone}, EmailEvery: time.Hour, EmailTimeZone: "Europe/Stockholm", EmailPriority: models.PriorityHigh,
			Filter: models.EventFilter{DocumentTypes: []string{models.DocumentAPIKeys}}})
		if err != nil {
			t.Fatal(err)
		}
		server := startMailServer(t, how{})
		server.refuse = []error{&smtp.SMTPError{Code: 451, Message: "later"}}
		mailing(t, f, server)
		for range happened {
			f.Issue(f.Robot, models.NewKey{Purpose: "Pipeline"})
		}
		in := func(condition string) int { return f.Count("SELECT COUNT(*) FROM deliveries WHERE " + condition) }
		eventually(t, "the deliveries", func() bool { return in("state = 'pending'") == happened })
		if server.got(); in("attempts > 0") != 0 {
			t.Error("mail was tried before the hour was over")
		}
		f.Clock.Advance(time.Hour)
		eventually(t, "the refusal", func() bool { return in("code = 451 AND attempts = 1 AND claimed_until IS NULL") == happened })
		f.Clock.Advance(6 * time.Second)
		letters := server.want(t, 1)
		first, plain, _ := parts(t, letters[0].data)
		if letters[0].to[0] != "admin@example.com" || strings.Count(plain, "was created for robot") != models.MaxDigest || !strings.Contains(plain, "Europe/Stockholm") || first.Get("Importance") != "high" {
			t.Errorf("the letter goes to %v and holds %d events", letters[0].to, strings.Count(plain, "was created for robot"))
		}
		for _, want := range []string{"430 events", "There are 330 more", "https://keys.example.com/portal/configuration/audit?on-from=2026-11-23&on-to=2026-11-23&type=ApiKeys"} {
			if !strings.Contains(plain, want) {
				t.Errorf("the letter lacks %q:\n%s", want, plain)
			}
		}
		eventually(t, "the notes", func() bool { return in("state = 'delivered' AND attempts = 2") == happened })
		if len(server.got()) != 1 || len(deliveries(t, f, s)) == 0 {
			t.Errorf("%d letters came", len(server.got()))
		}
	})
}

// A server that refuses for now is asked again, one that refuses for good is not.
func TestNoticesRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		addresses(f)
		admins := int64(f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
		s, err := f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{Name: "At once", EmailTeamIDs: []int64{admins}, Filter: models.EventFilter{DocumentTypes: []string{models.DocumentAPIKeys}}})
		if err != nil {
			t.Fatal(err)
		}
		server := startMailServer(t, how{})
		server.refuse = []error{&smtp.SMTPError{Code: 451, Message: "later"}, &smtp.SMTPError{Code: 550, Message: "no such person, secret@inside"}}
		mailing(t, f, server)
		f.Issue(f.Robot, models.NewKey{})
		eventually(t, "the first answer", func() bool { d := deliveries(t, f, s); return len(d) == 1 && d[0].Code == 451 })
		f.Clock.Advance(6 * time.Second)
		eventually(t, "the second answer", func() bool { return deliveries(t, f, s)[0].State == models.DeliveryFailed })
		if d := deliveries(t, f, s)[0]; d.Code != 550 || strings.Contains(d.Problem, "secret") {
			t.Errorf("delivery = %+v", d)
		}
	})
}
