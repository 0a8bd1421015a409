package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// warm verifies a key until the answer comes out of the cache.
func warm(t *testing.T, s *store.Store, secret models.Secret) models.Verified {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		before := s.VerifyStats().Cached
		v, err := s.Verify(nobody, secret.Reveal())
		if err != nil {
			t.Fatalf("Verify: %v", err)
		}
		if s.VerifyStats().Cached > before {
			return v
		}
	}
	t.Fatalf("the cache never answered: %+v", s.VerifyStats())
	return models.Verified{}
}

// verifies reports whether a secret opens anything, by way of the cache.
func verifies(t *testing.T, s *store.Store, secret models.Secret) bool {
	t.Helper()
	_, err := s.Verify(nobody, secret.Reveal())
	if err != nil {
		wantKind(t, err, models.Unauthenticated)
	}
	return err == nil
}

// diesWithin fails unless a key is refused within a second, and from then on.
func diesWithin(t *testing.T, s *store.Store, secret models.Secret, since time.Time) {
	t.Helper()
	for verifies(t, s, secret) {
		if time.Since(since) > time.Second {
			t.Fatal("accepted a second after it was refused on another replica")
		}
	}
}

// What the cache answers is what the database would.
func TestVerifyRemembersAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Robot, models.NewKey{Access: models.AccessWish{Level: "ReadOnly", Services: []string{"billing"}, Allowed: []string{"192.0.2.0/24"}}})
		got := warm(t, f.Store, secret)
		if got.KeyID != key.ID || got.UserID != f.Robot.ID || got.Username != f.Robot.Username || !got.IsService || !got.Expires.Equal(key.ExpiresAt) {
			t.Errorf("got %+v of key %+v", got, key)
		}
		if !got.Access.Within(key.Access) || !key.Access.Within(got.Access) {
			t.Errorf("access %+v, want %+v", got.Access, key.Access)
		}
	})
}

// A change holds at once where it was made, and within a second elsewhere,
// however warm the key was.
func TestVerifyForgets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		set := map[storetest.Engine]string{storetest.SQLite: "0", storetest.PostgreSQL: "FALSE"}[f.Engine]
		for name, change := range map[string]func(models.APIKey){
			"revoke": func(k models.APIKey) {
				must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), k.UserID, k.ID))
			},
			"past the store":         func(k models.APIKey) { f.Exec("UPDATE users SET is_active = "+set+" WHERE id = ?", k.UserID) },
			"a row that was changed": func(k models.APIKey) { f.Exec("UPDATE api_keys SET seal = digest WHERE id = ?", k.ID) },
			"a row that is gone":     func(k models.APIKey) { f.Exec("DELETE FROM api_keys WHERE id = ?", k.ID) },
			"expiry":                 func(models.APIKey) { f.Clock.Advance(2 * time.Hour) },
		} {
			owner := f.Alice
			if name == "past the store" {
				owner = f.Bob
			}
			key, secret := f.Issue(owner, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(time.Hour))})
			warm(t, f.Store, secret)
			warm(t, other, secret)
			change(key)
			since := time.Now()
			if here := name == "revoke" || name == "expiry"; here && verifies(t, f.Store, secret) {
				t.Errorf("%s: still accepted where it was done", name)
			}
			diesWithin(t, other, secret, since)
			diesWithin(t, f.Store, secret, since)
		}
	})
}

// Keys are revoked under load, on one replica of three: afterwards no call that
// begins is let in there, and a second later none anywhere.
func TestVerifyWhileRevoking(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		replicas := []*store.Store{f.Store, f.Reopen(1), f.Reopen(1)}
		const keys = 60
		var secrets [keys]models.Secret
		var ids [keys]string
		var revoked [keys]atomic.Int64 // when the answer came, in nanoseconds
		start := time.Now()
		for i := range keys {
			key, secret := f.Issue(f.Alice, models.NewKey{})
			secrets[i], ids[i] = secret, key.ID
			for _, s := range replicas {
				warm(t, s, secret)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		var load sync.WaitGroup
		var accepted, refused atomic.Int64
		for n, s := range replicas {
			grace := int64(time.Second)
			if n == 0 {
				grace = 0
			}
			load.Go(func() {
				for i := 0; ctx.Err() == nil; i = (i + 1) % keys {
					ended, began := revoked[i].Load(), int64(time.Since(start))
					_, err := s.Verify(nobody, secrets[i].Reveal())
					switch {
					case err != nil:
						refused.Add(1)
					case ended != 0 && began > ended+grace:
						t.Errorf("replica %d let key %d in, %v after it was revoked", n, i, time.Duration(began-ended))
						return
					default:
						accepted.Add(1)
					}
				}
			})
		}
		for i := range keys {
			if _, err := f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, ids[i]); err != nil {
				t.Error(err)
			}
			revoked[i].Store(int64(time.Since(start)))
		}
		time.Sleep(1200 * time.Millisecond)
		stop()
		load.Wait()
		if accepted.Load() == 0 || refused.Load() == 0 {
			t.Errorf("%d accepted, %d refused: want some of both, or nothing was tested", accepted.Load(), refused.Load())
		}
	})
}

// A flood of wrong keys pushes no good one out of the cache.
func TestVerifyFlood(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	warm(t, f.Store, secret)
	for range 2000 {
		if verifies(t, f.Store, models.NewSecret()) {
			t.Fatal("a key that nobody made is accepted")
		}
	}
	before := f.Store.VerifyStats().Cached
	if !verifies(t, f.Store, secret) || f.Store.VerifyStats().Cached != before+1 {
		t.Errorf("the good key was looked up again: %+v", f.Store.VerifyStats())
	}
}

// The way of a warm key makes one text and nothing else.
func TestVerifyAllocations(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	warm(t, f.Store, secret)
	text := secret.Reveal()
	if got := testing.AllocsPerRun(200, func() { _, _ = f.Store.Verify(nobody, text) }); got > 1 {
		t.Errorf("%v allocations for a warm key, want at most 1", got)
	}
	if got := testing.AllocsPerRun(200, func() { _, _ = f.Store.Verify(nobody, text[1:]) }); got > 0 {
		t.Errorf("%v allocations for what can't be a key, want none", got)
	}
}

// As many keys as are to be in use at a time have room, although they fall where
// chance has it.
func TestVerifyRemembersMany(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	const keys = 100_000
	f.Store.FillCache(keys, models.Verified{KeyID: "apikeys-1", UserID: 1, Username: "robot", Access: models.WholeAccess(), Expires: f.Clock.Now().AddDate(0, 1, 0)})
	if got := f.Store.CachedKeys(); got < keys*999/1000 {
		t.Errorf("%d of %d keys are remembered", got, keys)
	}
}
