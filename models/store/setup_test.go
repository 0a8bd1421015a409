package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// eachNew runs a test on a new installation, on both engines.
func eachNew(t *testing.T, run func(t *testing.T, s *store.Store, clock *storetest.Clock)) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock(storetest.Epoch)
			run(t, storetest.OpenURL(t, e.URL(t), store.Options{Now: clock.Now}), clock)
		})
	}
}

var first = models.NewUser{Username: "maya", DisplayName: "Maya", Email: "maya@example.com", Password: storetest.Password}

func TestClaimSetup(t *testing.T) {
	eachNew(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		if !must[bool](t)(s.NeedsSetup(nobody)) {
			t.Fatal("a new installation needs no set-up")
		}
		token, other := must[string](t)(s.NewSetupLink(nobody)), must[string](t)(s.NewSetupLink(nobody))
		for _, bad := range []string{"", "wrong", token + "A", token[1:], "\x00", "\xff"} {
			if must[bool](t)(s.SetupLinkValid(nobody, bad)) {
				t.Errorf("the link %q is valid", bad)
			}
			_, err := s.ClaimSetup(nobody, bad, first)
			wantKind(t, err, models.Forbidden)
		}
		wish := first
		wish.Password = ""
		_, err := s.ClaimSetup(nobody, token, wish)
		wantProblem(t, err, "Password")
		if !must[bool](t)(s.SetupLinkValid(nobody, token)) {
			t.Fatal("a refused claim used the link up")
		}
		user := must[models.User](t)(s.ClaimSetup(nobody, token, first))
		if user.Username != "maya" || user.Permissions != models.AllPermissions {
			t.Errorf("user = %+v", user)
		}
		if must[bool](t)(s.NeedsSetup(nobody)) || must[bool](t)(s.SetupLinkValid(nobody, other)) {
			t.Error("the installation can be claimed again")
		}
		for _, used := range []string{token, other} {
			_, err := s.ClaimSetup(nobody, used, models.NewUser{Username: "zoe", Password: storetest.Password})
			wantKind(t, err, models.Forbidden)
		}
		must[models.User](t)(s.SignIn(nobody, "maya", storetest.Password))
	})
}

// Twenty claims at once, with one link and with several: one wins.
func TestClaimSetupRace(t *testing.T) {
	for name, links := range map[string]int{"one link": 1, "several links": 4} {
		t.Run(name, func(t *testing.T) {
			eachNew(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
				var tokens []string
				for range links {
					tokens = append(tokens, must[string](t)(s.NewSetupLink(nobody)))
				}
				var mu sync.Mutex
				var wg sync.WaitGroup
				winners := 0
				for i := range 20 {
					wg.Go(func() {
						wish := first
						wish.Username = fmt.Sprintf("admin%d", i)
						_, err := s.ClaimSetup(nobody, tokens[i%links], wish)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							winners++
						} else if kind := models.KindOf(err); kind != models.Conflict && kind != models.Forbidden {
							t.Errorf("a loser was told: %v", err)
						}
					})
				}
				wg.Wait()
				users, err := s.Events(storetest.Console(), models.Page{Take: models.MaxTake})
				if winners != 1 || err != nil || len(users) != 1 {
					t.Errorf("winners = %d, users made = %d (%v); want one", winners, len(users), err)
				}
			})
		})
	}
}

func TestSetupLinkExpires(t *testing.T) {
	eachNew(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		token := must[string](t)(s.NewSetupLink(nobody))
		clock.Advance(24*time.Hour - time.Second)
		if !must[bool](t)(s.SetupLinkValid(nobody, token)) {
			t.Error("not valid within a day")
		}
		clock.Advance(time.Second)
		if must[bool](t)(s.SetupLinkValid(nobody, token)) {
			t.Error("valid after a day")
		}
		_, err := s.ClaimSetup(nobody, token, first)
		wantKind(t, err, models.Forbidden)
	})
}

func TestEnsureAdministrator(t *testing.T) {
	eachNew(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		token := must[string](t)(s.NewSetupLink(nobody))
		_, err := s.EnsureAdministrator(nobody, models.NewUser{Username: "maya", Password: "short"})
		wantProblem(t, err, "Password")
		var mu sync.Mutex
		var wg sync.WaitGroup
		made := 0
		for range 4 {
			wg.Go(func() {
				created, err := s.EnsureAdministrator(nobody, first)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if created {
					made++
				}
			})
		}
		wg.Wait()
		if made != 1 || must[bool](t)(s.NeedsSetup(nobody)) || must[bool](t)(s.SetupLinkValid(nobody, token)) {
			t.Errorf("made = %d, want one, and no set-up after it", made)
		}
		got := must[models.User](t)(s.UserByName(storetest.Console(), "maya"))
		if got.Permissions != models.AllPermissions {
			t.Errorf("user = %+v", got)
		}
	})
}

// An inactive administrator or a service account can't run the portal.
func TestNeedsSetup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		if must[bool](t)(f.Store.NeedsSetup(nobody)) {
			t.Error("needs set-up although there is an administrator")
		}
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE built_in = 'administrators'", f.Robot.ID)
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Admin.ID)
		if !must[bool](t)(f.Store.NeedsSetup(nobody)) {
			t.Error("needs no set-up although no person can administer")
		}
		token := must[string](t)(f.Store.NewSetupLink(nobody))
		_, err := f.Store.ClaimSetup(nobody, token, models.NewUser{Username: "ALICE", Password: storetest.Password})
		wantKind(t, err, models.Conflict)
		wantProblem(t, err, "Username")
		must[models.User](t)(f.Store.ClaimSetup(nobody, token, first))
		if strings.Contains(dump(t, f), token) {
			t.Error("the token was stored")
		}
	})
}
