package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

const issuer = "https://login.example.com"

var (
	linkOnly = models.SignOnPolicy{}
	creating = models.SignOnPolicy{Create: true}
)

// saying is what the provider says of a person whose address it has verified.
func saying(subject, email string) models.Assertion {
	return models.Assertion{Issuer: issuer, Subject: subject, Email: email, EmailVerified: true, Username: subject, DisplayName: "Name of " + subject}
}

func TestSignOnLinksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		events := newEvents(t, f, func() {
			user := must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "ALICE@example.com"), linkOnly))
			if user.ID != f.Alice.ID {
				t.Errorf("signed on as %s, want alice", user.Username)
			}
		})
		wantCategories(t, events, models.Modified, models.LoginSucceeded)
		if e := events[0]; e.Username != "alice" || e.IdentifiedBy != "Single sign-on" || e.Message != "alice was linked to single sign-on as ALICE@example.com" || len(e.Differences) != 1 {
			t.Errorf("event = %+v", e)
		}
		f.Clock.Advance(time.Hour)
		events = newEvents(t, f, func() { must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), linkOnly)) })
		wantCategories(t, events, models.LoginSucceeded)
		if n := f.Count("SELECT count(*) FROM identities"); n != 1 {
			t.Errorf("%d identities, want 1", n)
		}
		if n := f.Count("SELECT count(*) FROM identities WHERE last_used_at > created_at"); n != 1 {
			t.Error("the identity does not say when it was last used")
		}
	})
}

// After linking, the subject decides: whatever happens to addresses, here or
// there, it stays this user's and becomes nobody else's.
func TestIdentityOutweighsEmail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), linkOnly))
		for name, email := range map[string]string{"another user's address": "bob@example.com", "an unknown address": "new@example.com", "no address": ""} {
			said := saying("a1", email)
			said.EmailVerified = email != ""
			if user := must[models.User](t)(f.Store.SignOn(nobody, said, creating)); user.ID != f.Alice.ID {
				t.Errorf("%s: signed on as %s, want alice", name, user.Username)
			}
		}
		f.Exec("UPDATE users SET email = 'elsewhere@example.com' WHERE id = ?", f.Alice.ID)
		if user := must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), linkOnly)); user.ID != f.Alice.ID {
			t.Errorf("signed on as %s, want alice", user.Username)
		}
		other := saying("a1", "charlie@example.com")
		other.Issuer = "https://other.example.com"
		if user := must[models.User](t)(f.Store.SignOn(nobody, other, linkOnly)); user.ID != f.Charlie.ID {
			t.Errorf("the same subject at another issuer signed on as %s, want charlie", user.Username)
		}
	})
}

func TestSignOnRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), linkOnly))
		f.Exec("UPDATE users SET email = 'shared@example.com' WHERE id IN (?, ?)", f.Bob.ID, f.Admin.ID)
		setActive(f, f.Charlie, false)
		f.Exec("UPDATE users SET email = 'kate@example.com' WHERE id = ?", f.Alice.ID)
		unverified := saying("x", "kate@example.com")
		unverified.EmailVerified = false
		tests := []struct {
			name  string
			said  models.Assertion
			words string
		}{
			{"not verified", unverified, "has not verified your e-mail address"},
			{"no address", saying("x", ""), "sent no e-mail address"},
			{"an address twice, once an administrator's", saying("x", "shared@example.com"), "Several accounts have the e-mail address"},
			{"inactive", saying("x", "charlie@example.com"), "can't sign in"},
			{"service account", saying("x", "robot@example.com"), "can't sign in"},
			{"address of somebody with another subject", saying("x", "kate@example.com"), "belongs to another person"},
			{"a letter that folds to another", saying("x", "\u212aate@example.com"), "No account has the e-mail address"},
			{"unknown", saying("x", "stranger@example.com"), "No account has the e-mail address stranger@example.com"},
			{"no subject", saying("", "kate@example.com"), "can't keep"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				before := f.Count("SELECT (SELECT count(*) FROM users) * 1000 + (SELECT count(*) FROM identities)")
				events := newEvents(t, f, func() {
					_, err := f.Store.SignOn(nobody, tt.said, linkOnly)
					wantKind(t, err, models.Forbidden)
					if !strings.Contains(models.Refusal(err).Message, tt.words) {
						t.Errorf("refusal = %q, want %q", models.Refusal(err).Message, tt.words)
					}
				})
				wantCategories(t, events, models.LoginFailed)
				if f.Count("SELECT (SELECT count(*) FROM users) * 1000 + (SELECT count(*) FROM identities)") != before {
					t.Error("something was written")
				}
			})
		}
		// Those refusals hold also where accounts may be made.
		for _, tt := range tests[:6] {
			_, err := f.Store.SignOn(nobody, tt.said, creating)
			wantKind(t, err, models.Forbidden)
		}
	})
}

// Whoever was linked and then switched off stays out and stays switched off.
func TestSignOnDoesNotReactivate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), creating))
		setActive(f, f.Alice, false)
		events := newEvents(t, f, func() {
			_, err := f.Store.SignOn(nobody, saying("a1", "alice@example.com"), creating)
			wantKind(t, err, models.Forbidden)
		})
		wantCategories(t, events, models.LoginFailed)
		if e := events[0]; e.UserID == nil || *e.UserID != f.Alice.ID || !strings.HasPrefix(e.Message, "Single sign-on as alice failed. ") {
			t.Errorf("event = %+v", e)
		}
		if f.Count("SELECT count(*) FROM users WHERE username = 'alice' AND NOT is_active") != 1 || f.Count("SELECT count(*) FROM users WHERE email = 'alice@example.com'") != 1 {
			t.Error("alice was made active, or made again")
		}
		setActive(f, f.Alice, true)
		must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), linkOnly))
	})
}

func TestSignOnCreates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		tests := []struct {
			name, username, email string
			want                  string // "" when it is refused
		}{
			{"free name", "vera", "vera@example.com", "vera"},
			{"name taken: the first part of the address", "ALICE", "wanda@example.com", "wanda"},
			{"both taken: the address", "alice", "bob@other.example", "bob@other.example"},
			{"reserved name", "system", "xenia@example.com", "xenia"},
			{"name of another script", "жан", "zhan@example.com", "zhan"},
			{"no name fits", "", "é@example.com", ""},
		}
		for _, tt := range tests {
			said := saying(tt.name[:4], tt.email)
			said.Subject = strings.ReplaceAll(tt.name, " ", "-")
			said.Username = tt.username
			user, err := f.Store.SignOn(nobody, said, creating)
			if user.Username != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%s: got %q, %v; want %q", tt.name, user.Username, err, tt.want)
			}
			if err == nil && (user.Email != tt.email || user.IsService || !user.IsActive || user.Permissions != 0) {
				t.Errorf("%s: got %+v", tt.name, user)
			}
		}
		_, err := f.Store.SignIn(nobody, "vera", "")
		wantKind(t, err, models.Unauthenticated)
		if n := f.Count("SELECT count(*) FROM users WHERE username = 'vera' AND password_hash = ''"); n != 1 {
			t.Error("vera has a password")
		}
		taken := saying("t", "wanda@example.org") // vera, wanda: all her names are somebody's
		taken.Username = "vera"
		f.Exec("UPDATE users SET username = 'wanda@example.org', username_fold = 'wanda@example.org' WHERE username = 'zhan'")
		_, err = f.Store.SignOn(nobody, taken, creating)
		wantKind(t, err, models.Forbidden)
	})
}

// Of the same new person on two replicas, and of two new people with the same
// address, one account comes.
func TestSignOnRaces(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		stores := []*store.Store{f.Store, f.Reopen(1)}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				user, err := stores[i%2].SignOn(context.Background(), saying("same", "same@example.com"), creating)
				if err != nil || user.Username != "same" {
					t.Errorf("got %q, %v", user.Username, err)
				}
			})
			wg.Go(func() {
				stores[i%2].SignOn(context.Background(), saying("n"+string(rune('0'+i)), "twins@example.com"), creating)
			})
		}
		wg.Wait()
		for email, want := range map[string]int{"same@example.com": 1, "twins@example.com": 1} {
			if n := f.Count("SELECT count(*) FROM users WHERE email = '" + email + "'"); n != want {
				t.Errorf("%d accounts with %s, want %d", n, email, want)
			}
		}
	})
}

func TestDeletedUserLeavesNoIdentity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		must[models.User](t)(f.Store.SignOn(nobody, saying("b1", "bob@example.com"), linkOnly))
		f.Exec("DELETE FROM users WHERE id = ?", f.Bob.ID)
		_, err := f.Store.SignOn(nobody, saying("b1", "bob@example.com"), linkOnly)
		wantKind(t, err, models.Forbidden)
		user := must[models.User](t)(f.Store.SignOn(nobody, saying("b1", "bob@example.com"), creating))
		if user.ID == f.Bob.ID {
			t.Error("the new bob has the old one's id")
		}
	})
}

func TestForgetIdentities(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		must[models.User](t)(f.Store.SignOn(nobody, saying("a1", "alice@example.com"), linkOnly))
		_, err := f.Store.ForgetIdentities(nobody, f.Alice.ID)
		wantKind(t, err, models.Unauthenticated)
		_, err = f.Store.ForgetIdentities(f.As(f.Bob), f.Alice.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.ForgetIdentities(storetest.Console(), 9999)
		wantKind(t, err, models.NotFound)
		events := newEvents(t, f, func() {
			for _, want := range []int{1, 0} {
				if n := must[int](t)(f.Store.ForgetIdentities(storetest.Console(), f.Alice.ID)); n != want {
					t.Errorf("forgot %d identities, want %d", n, want)
				}
			}
		})
		wantCategories(t, events, models.Modified)
		if user := must[models.User](t)(f.Store.SignOn(nobody, saying("a2", "alice@example.com"), linkOnly)); user.ID != f.Alice.ID {
			t.Errorf("signed on as %s, want alice", user.Username)
		}
	})
}

func TestPendingSignOnIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		digest := models.NewSignOnSecret().Digest()
		if err := f.Store.BeginSignOn(nobody, digest, "/account/profile"); err != nil {
			t.Fatal(err)
		}
		replicas := []*store.Store{f.Store, f.Reopen(1)}
		var wg sync.WaitGroup
		var mu sync.Mutex
		taken := 0
		for i := range 8 {
			wg.Go(func() {
				path, err := replicas[i%2].TakeSignOn(context.Background(), digest)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && path == "/account/profile" {
					taken++
				} else if models.KindOf(err) != models.NotFound {
					t.Errorf("got %q, %v", path, err)
				}
			})
		}
		wg.Wait()
		if taken != 1 {
			t.Errorf("taken %d times, want 1", taken)
		}

		late := models.NewSignOnSecret().Digest()
		if err := f.Store.BeginSignOn(nobody, late, "/"); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(store.SignOnLife)
		_, err := f.Store.TakeSignOn(nobody, late)
		wantKind(t, err, models.NotFound)
		for range 3 {
			if err := f.Store.BeginSignOn(nobody, models.NewSignOnSecret().Digest(), "/"); err != nil {
				t.Fatal(err)
			}
			f.Clock.Advance(store.SignOnLife)
		}
		if n := f.Count("SELECT count(*) FROM pending_sign_ons"); n != 1 {
			t.Errorf("%d sign-ons are kept, want only the last", n)
		}
	})
}

// setActive switches a user on or off past the store.
func setActive(f *storetest.Fixture, u models.User, active bool) {
	value := map[storetest.Engine]map[bool]string{storetest.SQLite: {true: "1", false: "0"}, storetest.PostgreSQL: {true: "TRUE", false: "FALSE"}}
	f.Exec("UPDATE users SET is_active = "+value[f.Engine][active]+" WHERE id = ?", u.ID)
}

// wantCategories fails the test unless the events are of those categories.
func wantCategories(t *testing.T, events []models.Event, want ...models.Category) {
	t.Helper()
	ok := len(events) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = events[i].Category == want[i]
	}
	if !ok {
		t.Fatalf("events = %+v, want the categories %v", events, want)
	}
}
