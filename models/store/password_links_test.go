package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

const chosen = "seven quiet boats at noon"

// invited makes a person without a password, and returns the person with a link.
func invited(t *testing.T, f *storetest.Fixture) (models.User, models.PasswordLink) {
	t.Helper()
	user := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "vera", DisplayName: "Vera Lind", Email: "vera@example.com"}, false))
	return user, must[models.PasswordLink](t)(f.Store.NewPasswordLink(f.As(f.Admin), user.ID))
}

// linkWorks reports whether a link still leads to its page.
func linkWorks(t *testing.T, f *storetest.Fixture, link models.PasswordLink) bool {
	t.Helper()
	_, err := f.Store.PasswordLink(nobody, link.Kind, link.Token)
	if err != nil {
		wantKind(t, err, models.NotFound)
	}
	return err == nil
}

func choose(f *storetest.Fixture, link models.PasswordLink, password string) error {
	_, err := f.Store.ChoosePassword(nobody, link.Kind, link.Token, password)
	return err
}

func TestInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		vera, link := invited(t, f)
		if link.Kind != models.LinkInvitation || link.User.ID != vera.ID || !link.ExpiresAt.Equal(f.Store.Now().Add(72*time.Hour)) {
			t.Fatalf("link = %+v, want an invitation for 72 hours", link)
		}
		seen := must[models.PasswordLink](t)(f.Store.PasswordLink(nobody, link.Kind, link.Token))
		if seen.User.Name() != "Vera Lind" || seen.Token != "" {
			t.Errorf("the page would see %+v", seen)
		}
		for _, bad := range []string{"", "wrong", link.Token + "A", link.Token[1:], strings.ToLower(link.Token), "\x00", "\xff"} {
			wantKind(t, choose(f, models.PasswordLink{Kind: link.Kind, Token: bad}, chosen), models.NotFound)
		}
		wantKind(t, choose(f, models.PasswordLink{Kind: models.LinkPasswordReset, Token: link.Token}, chosen), models.NotFound)
		for _, bad := range []string{"", "too short", "sunshinesunshine", "Vera Lind vera!!", strings.Repeat("long ", 60)} {
			wantProblem(t, choose(f, link, bad), "Password")
		}
		events := newEvents(t, f, func() { wantKind(t, choose(f, link, chosen), 0) })
		if len(events) != 1 || events[0].Message != "The password of vera was changed" || events[0].IdentifiedBy != "One-time invitation link" || events[0].Username != "vera" {
			t.Errorf("events = %+v", events)
		}
		wantKind(t, choose(f, link, chosen+" again"), models.NotFound)
		must[models.User](t)(f.Store.SignIn(nobody, "vera", chosen))
		if strings.Contains(dump(t, f), link.Token) || strings.Contains(f.Log.String(), link.Token) {
			t.Error("the token was stored or logged")
		}
	})
}

func TestPasswordReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		session, other := f.As(f.Alice), f.As(f.Bob)
		key, secret := f.Issue(f.Alice, models.NewKey{})
		link := must[models.PasswordLink](t)(f.Store.NewPasswordLink(f.As(f.Admin), f.Alice.ID))
		if link.Kind != models.LinkPasswordReset || !link.ExpiresAt.Equal(f.Store.Now().Add(time.Hour)) {
			t.Fatalf("link = %+v, want a reset for an hour", link)
		}
		must[models.User](t)(f.Store.SignIn(nobody, "alice", storetest.Password)) // asking ends nothing
		wantKind(t, choose(f, link, chosen), 0)
		_, err := f.Store.SignIn(nobody, "alice", storetest.Password)
		wantKind(t, err, models.Unauthenticated)
		must[models.User](t)(f.Store.SignIn(nobody, "alice", chosen))
		if _, _, err := f.Store.Session(nobody, models.ActorFrom(session).SessionDigest); models.KindOf(err) != models.Unauthenticated {
			t.Errorf("a session from before goes on: %v", err)
		}
		if _, _, err := f.Store.Session(nobody, models.ActorFrom(other).SessionDigest); err != nil {
			t.Errorf("somebody else was signed out: %v", err)
		}
		if !opens(t, f, secret) {
			t.Errorf("the key %s was revoked", key.ID)
		}
	})
}

// What ends a link: time, a newer one, and every change of the account under it.
func TestPasswordLinkEnds(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, f *storetest.Fixture, link models.PasswordLink)
	}{
		{"time", func(_ *testing.T, f *storetest.Fixture, link models.PasswordLink) { f.Clock.Set(link.ExpiresAt) }},
		{"newer link", func(t *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			newer := must[models.PasswordLink](t)(f.Store.NewPasswordLink(f.As(f.Admin), link.User.ID))
			if !linkWorks(t, f, newer) {
				t.Error("the newer link does not work")
			}
		}},
		{"deactivated and reactivated", func(t *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			for _, active := range []bool{false, true} {
				must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), link.User.ID, active))
			}
		}},
		{"deactivated by another hand", func(_ *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, link.User.ID)
			f.Exec("UPDATE users SET is_active = ? WHERE id = ?", true, link.User.ID)
		}},
		{"deleted", func(t *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			must[models.UserSummary](t)(f.Store.DeleteUser(f.As(f.Admin), link.User.ID))
		}},
		{"password from elsewhere", func(_ *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			f.Exec("UPDATE users SET password_hash = ? WHERE id = ?", f.Store.DummyHash(), link.User.ID)
		}},
		{"another address", func(_ *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			f.Exec("UPDATE users SET email = ? WHERE id = ?", "new@example.com", link.User.ID)
		}},
		{"used", func(t *testing.T, f *storetest.Fixture, link models.PasswordLink) {
			wantKind(t, choose(f, link, chosen), 0)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
				_, invitation := invited(t, f)
				reset := must[models.PasswordLink](t)(f.Store.NewPasswordLink(f.As(f.Admin), f.Alice.ID))
				for _, link := range []models.PasswordLink{reset, invitation} {
					if !linkWorks(t, f, link) {
						t.Fatal("a new link does not work")
					}
					test.change(t, f, link)
					if linkWorks(t, f, link) {
						t.Errorf("the %s still works", link.Kind)
					}
					wantKind(t, choose(f, link, chosen+" 2"), models.NotFound)
				}
			})
		})
	}
}

// An own change of the password ends a reset that is on its way.
func TestOwnPasswordEndsReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		links := must[[]models.PasswordLink](t)(f.Store.MailPasswordReset(nobody, "alice"))
		wantKind(t, f.Store.ChangePassword(f.As(f.Alice), storetest.Password, chosen), 0)
		if len(links) != 1 || linkWorks(t, f, links[0]) {
			t.Errorf("links = %d; the reset survived the change", len(links))
		}
	})
}

// A link of somebody who was switched off neither works nor brings the person
// back.
func TestPasswordLinkNeverReactivates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		vera, link := invited(t, f)
		must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), vera.ID, false))
		wantKind(t, choose(f, link, chosen), models.NotFound)
		_, err := f.Store.NewPasswordLink(f.As(f.Admin), vera.ID)
		wantKind(t, err, models.Forbidden)
		if active := must[models.User](t)(f.Store.User(storetest.Console(), vera.ID)).IsActive; active {
			t.Error("the link reactivated its person")
		}
	})
}

// Twenty uses at once, with twenty passwords: one wins, and it is that one's
// password that opens the account.
func TestChoosePasswordRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, link := invited(t, f)
		var mu sync.Mutex
		var wg sync.WaitGroup
		var winners []string
		for i := range 20 {
			wg.Go(func() {
				password := chosen + " " + string(rune('a'+i))
				err := choose(f, link, password)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					winners = append(winners, password)
				} else if models.KindOf(err) != models.NotFound {
					t.Errorf("a loser was told: %v", err)
				}
			})
		}
		wg.Wait()
		if len(winners) != 1 {
			t.Fatalf("%d uses won, want one", len(winners))
		}
		must[models.User](t)(f.Store.SignIn(nobody, "vera", winners[0]))
	})
}

// Of links that are made at the same time, one works.
func TestNewPasswordLinkRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		var wg sync.WaitGroup
		links := make([]models.PasswordLink, 8)
		for i := range links {
			admin := f.As(f.Admin)
			wg.Go(func() {
				var err error
				if links[i], err = f.Store.NewPasswordLink(admin, f.Alice.ID); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		live := 0
		for _, link := range links {
			if linkWorks(t, f, link) {
				live++
			}
		}
		if live != 1 {
			t.Errorf("%d links work, want the newest only", live)
		}
	})
}

func TestWhoMayMakePasswordLinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		editor := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "editor"}, false))
		f.Exec("INSERT INTO teams (name, name_fold, permissions, built_in) VALUES ('Desk', 'desk', 3, '')")
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name_fold = 'desk'", editor.ID)
		editor = must[models.User](t)(f.Store.User(storetest.Console(), editor.ID))
		_, secret := f.Issue(f.Admin, models.NewKey{})
		tests := []struct {
			name string
			ctx  context.Context
			whom models.User
			want models.Kind
		}{
			{"nobody", nobody, f.Alice, models.Unauthenticated},
			{"a stranger", f.As(f.Charlie), f.Alice, models.NotFound},
			{"the person", f.As(f.Alice), f.Alice, models.NotFound},
			{"an editor", f.As(editor), f.Alice, 0},
			{"an editor for an administrator", f.As(editor), f.Admin, models.Forbidden},
			{"an editor for himself", f.As(editor), editor, models.Forbidden},
			{"an administrator for himself", f.As(f.Admin), f.Admin, models.Forbidden},
			{"for a service account", f.As(f.Admin), f.Robot, models.Forbidden},
			{"for nobody", f.As(f.Admin), models.User{ID: 99_999}, models.NotFound},
			{"an administrator's key", f.AsKey(secret), f.Alice, 0},
			{"the console", storetest.Console(), f.Admin, 0},
		}
		for _, test := range tests {
			before := f.Count("SELECT count(*) FROM one_time_links")
			_, err := f.Store.NewPasswordLink(test.ctx, test.whom.ID)
			if got := models.KindOf(err); err != nil && got != test.want || err == nil && test.want != 0 {
				t.Errorf("%s: got %v, want kind %d", test.name, err, test.want)
			}
			if test.want != 0 && f.Count("SELECT count(*) FROM one_time_links") != before {
				t.Errorf("%s was refused, yet a link was made", test.name)
			}
		}
	})
}

func TestPasswordLinkOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		kind, until, err := f.Store.PasswordLinkOf(f.As(f.Admin), f.Alice.ID)
		if kind != models.LinkPasswordReset || until != nil || err != nil {
			t.Errorf("got %q, %v, %v; want a reset and no link", kind, until, err)
		}
		vera, link := invited(t, f)
		kind, until, err = f.Store.PasswordLinkOf(f.As(f.Admin), vera.ID)
		if kind != models.LinkInvitation || until == nil || !until.Equal(link.ExpiresAt) || err != nil {
			t.Errorf("got %q, %v, %v; want the invitation", kind, until, err)
		}
		_, _, err = f.Store.PasswordLinkOf(f.As(f.Bob), f.Alice.ID)
		wantKind(t, err, models.NotFound)
	})
}

// A password typed with accents apart is the same as with accents on the letter.
func TestPasswordIsComposed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, link := invited(t, f)
		const typed = "un café très noir, déjà"
		wantKind(t, choose(f, link, norm.NFD.String(typed)), 0)
		must[models.User](t)(f.Store.SignIn(nobody, "vera", norm.NFC.String(typed)))
		must[models.User](t)(f.Store.SignIn(nobody, "vera", norm.NFD.String(typed)))

		longest := strings.Repeat("é", 128) + strings.Repeat("ü ö ä ", 21) + "à!"
		if n := len([]rune(longest)); n != models.MaxPassword {
			t.Fatalf("the longest password has %d characters", n)
		}
		again := must[models.PasswordLink](t)(f.Store.NewPasswordLink(f.As(f.Admin), link.User.ID))
		wantKind(t, choose(f, again, norm.NFD.String(longest)), 0)
		must[models.User](t)(f.Store.SignIn(nobody, "vera", norm.NFD.String(longest)))
	})
}
