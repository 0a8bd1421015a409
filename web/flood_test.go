package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// flooded starts a portal that knows its keys, and whose only network presents
// too many wrong ones, at both doors.
func flooded(t *testing.T, f *storetest.Fixture) *webtest.Site {
	t.Helper()
	site := webtest.New(t, f.Store)
	for until := time.Now().Add(20 * time.Second); !f.Store.CertainlyUnknown(models.NewSecret().Reveal()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("no key is certainly unknown")
		}
	}
	for range 60 {
		wrong := site.WithKey(models.NewSecret().Reveal())
		wrong.Get("/verify").Want(http.StatusUnauthorized)
		wrong.Get("/api/users/me").Want(http.StatusUnauthorized)
	}
	return site
}

// Wrong keys beyond the limit ask the database nothing. Right ones of the same
// network pass in the middle of them, used or not, and wherever they were made.
func TestFloodOfWrongKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		var kept []models.Secret
		for range 20 {
			_, secret := f.Issue(f.Alice, models.NewKey{})
			kept = append(kept, secret)
		}
		site := flooded(t, f)
		before := f.Store.VerifyStats()
		flood := func() {
			for range 10 {
				wrong := site.WithKey(models.NewSecret().Reveal())
				a := wrong.Get("/verify").Want(http.StatusTooManyRequests)
				wantVerdict(t, a, http.StatusTooManyRequests)
				b := wrong.Get("/api/users/me").Want(http.StatusTooManyRequests)
				if a.Header.Get("Retry-After") != "1" || b.Header.Get("Retry-After") != "1" {
					t.Errorf("Retry-After = %q and %q, want a second", a.Header.Get("Retry-After"), b.Header.Get("Retry-After"))
				}
			}
		}
		for i, secret := range kept {
			flood()
			_, fresh := f.Issue(f.Bob, models.NewKey{})
			for _, s := range []models.Secret{secret, fresh} {
				site.WithKey(s.Reveal()).Get("/verify").Want(http.StatusOK)
				site.WithKey(s.Reveal()).Get("/api/users/me").Want(http.StatusOK)
			}
			if i%5 == 0 {
				site.WithKey(secret.Reveal()).Get("/verify").Want(http.StatusOK)
			}
		}
		if after := f.Store.VerifyStats(); after.Refused != before.Refused || after.Unknown != before.Unknown {
			t.Errorf("wrong keys were looked up %d times", after.Refused+after.Unknown-before.Refused-before.Unknown)
		}
		passesSoon(t, f, site)
	})
}

// passesSoon wants a key of another replica to pass as soon as it is heard of, and
// one that has ended to be refused like any wrong one.
func passesSoon(t *testing.T, f *storetest.Fixture, site *webtest.Site) {
	t.Helper()
	key, secret, err := f.Reopen(1).IssueAPIKey(storetest.Console(), f.Alice.ID, models.NewKey{Purpose: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		a := site.WithKey(secret.Reveal()).Get("/verify")
		if a.Status == http.StatusOK {
			break
		}
		if a.Status != http.StatusTooManyRequests || time.Now().After(until) {
			t.Fatalf("got status %d of a key of another replica, want 200, and until then 429", a.Status)
		}
	}
	if _, err := f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID); err != nil {
		t.Fatal(err)
	}
	site.WithKey(secret.Reveal()).Get("/verify").Want(http.StatusTooManyRequests)
}

// With a database that answers no look-up, wrong keys beyond the limit are still
// refused at once, and right ones are not refused for good.
func TestFloodWithoutLookups(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	_, right := f.Issue(f.Alice, models.NewKey{})
	site := flooded(t, f)
	other, err := storetest.SQL(t, f.URL).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	if _, err := other.Exec("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		site.WithKey(models.NewSecret().Reveal()).Get("/verify").Want(http.StatusTooManyRequests)
	}
	wantVerdict(t, site.WithKey(right.Reveal()).Get("/verify"), http.StatusServiceUnavailable)
}

// One key that has ended, sent over and over beyond the limit, is hardly ever
// looked up, and costs no key that works anything.
func TestFloodOfOneEndedKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, ended := f.Issue(f.Alice, models.NewKey{})
		_, kept := f.Issue(f.Alice, models.NewKey{})
		if _, err := f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID); err != nil {
			t.Fatal(err)
		}
		site := flooded(t, f)
		before := f.Store.VerifyStats()
		for range 100 {
			site.WithKey(ended.Reveal()).Get("/verify").Want(http.StatusTooManyRequests)
		}
		if looked := f.Store.VerifyStats().Refused - before.Refused; looked < 1 || looked > 50 { // once, unless the feed pauses on a busy machine
			t.Errorf("the ended key was looked up %d times in 100 calls", looked)
		}
		site.WithKey(kept.Reveal()).Get("/verify").Want(http.StatusOK)
	})
}
