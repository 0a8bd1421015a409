package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// comesIn reports whether a session still counts on a replica.
func comesIn(t *testing.T, s *store.Store, ctx context.Context) bool {
	t.Helper()
	_, _, err := s.Session(nobody, models.ActorFrom(ctx).SessionDigest)
	if err != nil {
		wantKind(t, err, models.Unauthenticated)
	}
	return err == nil
}

func opensOn(t *testing.T, s *store.Store, secret models.Secret) bool {
	t.Helper()
	_, _, err := s.Authenticate(nobody, secret.Reveal())
	if err != nil {
		wantKind(t, err, models.Unauthenticated)
	}
	return err == nil
}

// Deactivating is effective at once on every replica; reactivating brings back
// the keys, but for those that were revoked, and no session.
func TestDeactivateAndReactivate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other, admin := f.Reopen(1), f.As(f.Admin)
		key, secret := f.Issue(f.Alice, models.NewKey{})
		gone, revoked := f.Issue(f.Alice, models.NewKey{})
		browser := f.As(f.Alice)
		for i, s := range []*store.Store{f.Store, other} { // both know user, key and session by now
			if !opensOn(t, s, secret) || !opensOn(t, s, revoked) || !comesIn(t, s, browser) {
				t.Fatalf("replica %d: key or session do not work before", i)
			}
		}
		byKey := f.AsKey(secret)
		events := newEvents(t, f, func() {
			got := must[models.UserSummary](t)(f.Store.SetUserActive(admin, f.Alice.ID, false))
			if got.IsActive || got.LiveKeys != 2 || got.Username != "alice" {
				t.Errorf("deactivated = %+v, want two live keys", got)
			}
			must[models.UserSummary](t)(f.Store.SetUserActive(admin, f.Alice.ID, false)) // once more is no event
		})
		if len(events) != 1 || events[0].Message != "User alice was deactivated, with 2 live API keys" || events[0].Category != models.Modified ||
			events[0].Differences[0] != (models.Difference{Path: "IsActive", Before: true, After: false}) {
			t.Errorf("events = %+v", events)
		}
		for i, s := range []*store.Store{other, f.Store} {
			if opensOn(t, s, secret) || opensOn(t, s, revoked) || comesIn(t, s, browser) {
				t.Errorf("replica %d still lets in", i)
			}
			for name, ctx := range map[string]context.Context{"browser": browser, "key": byKey} {
				_, _, err := s.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p"})
				if models.KindOf(err) != models.Unauthenticated {
					t.Errorf("replica %d: the %s makes a key: %v", i, name, err)
				}
			}
			_, err := s.SignIn(nobody, "alice", storetest.Password)
			wantKind(t, err, models.Unauthenticated)
			wantKind(t, s.StartSession(nobody, models.Session{Digest: models.ActorFrom(browser).SessionDigest, UserID: f.Alice.ID}), models.Unauthenticated)
		}
		must[models.APIKey](t)(other.RevokeAPIKey(admin, f.Alice.ID, gone.ID))
		must[models.UserSummary](t)(other.SetUserActive(admin, f.Alice.ID, true))
		for i, s := range []*store.Store{f.Store, other} {
			if !opensOn(t, s, secret) || opensOn(t, s, revoked) {
				t.Errorf("replica %d: live key opens %t, revoked key opens %t", i, opensOn(t, s, secret), opensOn(t, s, revoked))
			}
			if comesIn(t, s, browser) {
				t.Errorf("replica %d: an old session came back", i)
			}
		}
		if got := must[models.APIKey](t)(f.Store.APIKey(admin, f.Alice.ID, key.ID)); !got.ExpiresAt.Equal(key.ExpiresAt) {
			t.Errorf("the key ends %v, want %v", got.ExpiresAt, key.ExpiresAt)
		}
		must[models.User](t)(f.Store.SignIn(nobody, "alice", storetest.Password))
	})
}

// Nothing of a deleted user works on any replica, and whoever takes the name
// inherits nothing.
func TestDeleteUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other, admin := f.Reopen(1), f.As(f.Admin)
		granted(t, f, f.Alice, models.EventView)
		key, secret := f.Issue(f.Alice, models.NewKey{Purpose: "Deploy"})
		gone, _ := f.Issue(f.Alice, models.NewKey{})
		must[models.APIKey](t)(f.Store.RevokeAPIKey(admin, f.Alice.ID, gone.ID))
		browser := f.As(f.Alice)
		if !opensOn(t, other, secret) || !comesIn(t, other, browser) {
			t.Fatal("key or session do not work before")
		}
		events := newEvents(t, f, func() {
			got := must[models.UserSummary](t)(f.Store.DeleteUser(admin, f.Alice.ID))
			if got.ID != f.Alice.ID || got.LiveKeys != 1 {
				t.Errorf("deleted = %+v, want one live key", got)
			}
		})
		if len(events) != 2 || events[0].DocumentID != key.ID || events[0].Category != models.Deleted || *events[0].RelatedUserID != f.Alice.ID ||
			events[0].Message != `User API key "Deploy" (`+key.Hint()+`) of alice ended, because its owner was deleted` {
			t.Errorf("events = %+v, want the key's first", events)
		}
		if last := events[len(events)-1]; last.Message != "User alice was deleted, with 1 live API key" || last.DocumentID != f.Alice.PublicID() || last.Username != "admin" {
			t.Errorf("last event = %+v", last)
		}
		for i, s := range []*store.Store{other, f.Store} {
			if opensOn(t, s, secret) || comesIn(t, s, browser) {
				t.Errorf("replica %d still lets in", i)
			}
		}
		for _, table := range []string{"api_keys", "sessions", "team_members"} {
			if n := f.Count(fmt.Sprintf("SELECT count(*) FROM %s WHERE user_id = %d", table, f.Alice.ID)); n != 0 {
				t.Errorf("%s holds %d rows of a deleted user", table, n)
			}
		}
		_, _, err := f.Store.IssueAPIKey(storetest.Console(), f.Alice.ID, models.NewKey{Purpose: "p"})
		wantKind(t, err, models.NotFound)
		_, err = f.Store.DeleteUser(admin, f.Alice.ID)
		wantKind(t, err, models.NotFound)

		again := must[models.User](t)(f.Store.CreateUser(admin, models.NewUser{Username: "ALICE"}, false))
		if again.ID <= f.Alice.ID || again.Permissions != 0 {
			t.Errorf("the next of the name = %+v", again)
		}
		list := must[models.KeyList](t)(f.Store.APIKeysOf(admin, again.ID, models.KeyFilter{}))
		if list.Counts[""] != 0 || opensOn(t, other, secret) || comesIn(t, other, browser) {
			t.Errorf("a used name brings back %v keys", list.Counts)
		}
	})
}

// The last active administrator stays, whoever asks.
func TestLastAdministratorIsNotStopped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		// A service account with all rights, and a person with all rights by a
		// team of their own, are not persons in the team of administrators.
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE built_in = 'administrators'", f.Robot.ID)
		_, secret := f.Issue(f.Robot, models.NewKey{})
		mighty := granted(t, f, f.Bob, models.AdministerSystem)
		for name, ctx := range map[string]context.Context{"console": storetest.Console(), "service account": f.AsKey(secret), "other team": mighty} {
			_, stop := f.Store.SetUserActive(ctx, f.Admin.ID, false)
			_, remove := f.Store.DeleteUser(ctx, f.Admin.ID)
			for what, err := range map[string]error{"deactivate": stop, "delete": remove} {
				if models.KindOf(err) != models.Forbidden {
					t.Errorf("%s, %s: error = %v, want forbidden", name, what, err)
				}
			}
		}
		if must[bool](t)(f.Store.NeedsSetup(nobody)) || f.Count("SELECT count(*) FROM sessions") == 0 {
			t.Error("a refused change left its traces")
		}
		second := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "second"}, true))
		must[models.UserSummary](t)(f.Store.SetUserActive(mighty, f.Admin.ID, false))
		_, err := f.Store.DeleteUser(mighty, second.ID)
		wantKind(t, err, models.Forbidden)
		must[models.UserSummary](t)(f.Store.DeleteUser(mighty, f.Admin.ID)) // an inactive one may go
	})
}

// Two administrators who stop each other at the same moment, fifty times: one of
// them is always left, also when they ask different replicas.
func TestAdministratorsAgainstEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		replicas := []*store.Store{f.Store, f.Reopen(1)}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Admin.ID) // the two are alone
		stops := []func(s *store.Store, ctx context.Context, id int64) error{
			func(s *store.Store, ctx context.Context, id int64) error {
				_, err := s.SetUserActive(ctx, id, false)
				return err
			},
			func(s *store.Store, ctx context.Context, id int64) error {
				_, err := s.DeleteUser(ctx, id)
				return err
			},
		}
		for round := range 50 {
			var pair [2]models.User
			var ctx [2]context.Context
			for i := range pair {
				wish := models.NewUser{Username: fmt.Sprintf("admin-%d-%d", round, i)}
				pair[i] = must[models.User](t)(f.Store.CreateUser(storetest.Console(), wish, true))
				ctx[i] = f.As(pair[i])
			}
			// Those of the round before leave, or the two were not alone.
			f.Exec("UPDATE users SET is_active = ? WHERE id < ? AND username LIKE 'admin-%'", false, pair[0].ID)
			var wg sync.WaitGroup
			var errs [2]error
			for i := range pair {
				stop := stops[(round+i*(round/2))%2] // the same against the same, and one against the other
				wg.Go(func() { errs[i] = stop(replicas[i], ctx[i], pair[1-i].ID) })
			}
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("round %d: errors = %v, want exactly one", round, errs)
			}
			for _, err := range errs {
				if kind := models.KindOf(err); err != nil && kind != models.Unauthenticated && kind != models.Forbidden && kind != models.NotFound {
					t.Errorf("round %d: error = %v", round, err)
				}
			}
			if must[bool](t)(f.Store.NeedsSetup(nobody)) {
				t.Fatalf("round %d: no administrator is left", round)
			}
		}
	})
}
