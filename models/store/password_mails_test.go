package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// withAddresses gives the persons of a fixture e-mail addresses.
func withAddresses(f *storetest.Fixture) {
	for _, u := range []models.User{f.Alice, f.Bob, f.Charlie, f.Robot} {
		f.Exec("UPDATE users SET email = ?, email_fold = ? WHERE id = ?", strings.ToUpper(u.Username[:1])+u.Username[1:]+"@Example.com", u.Username+"@example.com", u.ID)
	}
}

func TestMailPasswordReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		withAddresses(f)
		vera := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "vera", Email: "vera@example.com"}, false))
		bare := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "bare", Password: storetest.Password}, false))
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		tests := []struct {
			name, login string
			want        int
		}{
			{"user name", "alice", 1},
			{"user name in other letters", " ALICE ", 1},
			{"address", "alice@example.com", 1},
			{"unknown", "nobody", 0},
			{"unknown address", "nobody@example.com", 0},
			{"deactivated", "charlie", 0},
			{"deactivated, by address", "charlie@example.com", 0},
			{"service account", f.Robot.Username, 0},
			{"service account, by address", "robot@example.com", 0},
			{"no password yet", vera.Username, 0},
			{"no address", bare.Username, 0},
			{"empty", "", 0},
			{"blanks", "   ", 0},
			{"NUL", "alice\x00", 0},
			{"bytes", "alice\xff", 0},
			{"two addresses", "alice@example.com,bob@example.com", 0},
			{"address and another header", "alice@example.com\r\nBcc: bob@example.com", 0},
			{"pattern", "%", 0},
			{"long", strings.Repeat("a", 100_000), 0},
		}
		for _, test := range tests {
			f.Clock.Advance(2 * time.Hour)
			var links []models.PasswordLink
			events := newEvents(t, f, func() { links = must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, test.login)) })
			if len(links) != test.want || len(events) != test.want {
				t.Errorf("%s: got %d links and %d events, want %d", test.name, len(links), len(events), test.want)
				continue
			}
			if test.want == 1 {
				if links[0].User.ID != f.Alice.ID || links[0].Kind != models.LinkPasswordReset || !linkWorks(t, f, links[0]) {
					t.Errorf("%s: link = %+v", test.name, links[0])
				}
				if events[0].Message != "A password reset link was mailed to alice" || events[0].Username != "system" {
					t.Errorf("%s: event = %+v", test.name, events[0])
				}
			}
		}
	})
}

// People who share an address get a link each, with their own name in it.
func TestMailPasswordResetSharedAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		withAddresses(f)
		f.Exec("UPDATE users SET email = ?, email_fold = ? WHERE id = ?", "alice@example.com", "alice@example.com", f.Bob.ID)
		links := must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "alice@example.com"))
		if len(links) != 2 || links[0].User.ID == links[1].User.ID {
			t.Fatalf("links = %+v, want one for each", links)
		}
		wantKind(t, choose(f, links[0], chosen), 0)
		if !linkWorks(t, f, links[1]) {
			t.Error("the other person's link ended")
		}
	})
}

// Three mails an hour, counted in the database: whoever asks, from wherever, and
// however many at once.
func TestMailPasswordResetThrottle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		withAddresses(f)
		replica := f.Reopen(1)
		var mu sync.Mutex
		var wg sync.WaitGroup
		made := 0
		for i := range 12 {
			s, login := f.Store, "alice"
			if i%2 == 0 {
				s, login = replica, "Alice@Example.com"
			}
			wg.Go(func() {
				links, err := s.MailPasswordReset(nobody, login)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				made += len(links)
			})
		}
		wg.Wait()
		if made != models.MaxResetMails {
			t.Fatalf("%d mails, want %d", made, models.MaxResetMails)
		}
		f.Clock.Advance(time.Hour - time.Second)
		if n := len(must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "alice"))); n != 0 {
			t.Errorf("%d mails within the hour, want none", n)
		}
		if n := len(must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "bob"))); n != 1 {
			t.Errorf("somebody else got %d mails, want one", n)
		}
		f.Clock.Advance(time.Second)
		links := must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "alice"))
		if len(links) != 1 {
			t.Fatalf("%d mails after an hour, want one", len(links))
		}
		wantKind(t, choose(f, links[0], chosen), 0)
	})
}

// The links of an administrator don't count as mails, and end those on the way.
func TestMadeLinksAreNotMails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		withAddresses(f)
		mailed := must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "alice"))
		for range 5 {
			must[models.PasswordLink](t)(f.Store.NewPasswordLink(f.As(f.Admin), f.Alice.ID))
		}
		if linkWorks(t, f, mailed[0]) {
			t.Error("a mailed link survived a newer one")
		}
		for i := range models.MaxResetMails - 1 {
			if n := len(must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "alice"))); n != 1 {
				t.Errorf("mail %d was not made", i+2)
			}
		}
	})
}
