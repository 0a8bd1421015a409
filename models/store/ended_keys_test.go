package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// inFlood verifies a key as one of a flood, or not, and reports whether it opened
// something, and whether it was refused without a look-up.
func inFlood(t *testing.T, s *store.Store, secret models.Secret, flooded bool) (opens, unasked bool) {
	t.Helper()
	before := s.EndedRefused()
	v, err := s.VerifyAt(nobody, secret.Reveal(), time.Now(), func() bool { return flooded })
	if err != nil {
		wantKind(t, err, models.Unauthenticated)
		if v.UserID != 0 || !v.Expires.IsZero() {
			t.Errorf("a refusal tells of %+v", v)
		}
	}
	return err == nil, s.EndedRefused() > before
}

// remembered sends an ended key until it is refused without a look-up.
func remembered(t *testing.T, s *store.Store, secret models.Secret) {
	t.Helper()
	soon(t, "an ended key is looked up over and over", func() bool {
		opens, unasked := inFlood(t, s, secret, true)
		if opens {
			t.Fatal("an ended key opens something")
		}
		return unasked
	})
}

// A revoked or expired key that a flood repeats is looked up once in a while, and
// only in a flood.
func TestEndedKeysOfAFlood(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		revoked, one := f.Issue(f.Alice, models.NewKey{})
		_, two := f.Issue(f.Bob, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(time.Hour))})
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, revoked.ID))
		f.Clock.Advance(2 * time.Hour)
		for name, secret := range map[string]models.Secret{"revoked": one, "expired": two} {
			for range 5 {
				if _, unasked := inFlood(t, f.Store, secret, false); unasked {
					t.Errorf("%s: not looked up, and there is no flood", name)
				}
			}
			if _, unasked := inFlood(t, f.Store, secret, true); unasked {
				t.Errorf("%s: not looked up, and nobody had", name)
			}
			remembered(t, f.Store, secret)
			if _, unasked := inFlood(t, f.Store, secret, false); unasked {
				t.Errorf("%s: not looked up when the flood was over", name)
			}
			f.Clock.Advance(10 * time.Second)
			if _, unasked := inFlood(t, f.Store, secret, true); unasked {
				t.Errorf("%s: not looked up for ten seconds", name)
			}
			remembered(t, f.Store, secret)
		}
		// A clock that went ahead, and was set right.
		f.Clock.Advance(-2 * time.Hour)
		if opens, _ := inFlood(t, f.Store, two, true); !opens {
			t.Error("a key that has not ended by this clock is refused")
		}
	})
}

// Whatever may open something again is looked up, and opens at once.
func TestEndedKeysOfAFloodThatOpenAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		key, secret := f.Issue(f.Alice, models.NewKey{})
		warm(t, f.Store, secret) // the feed is up
		warm(t, other, secret)
		must[models.UserSummary](t)(f.Store.SetUserActive(storetest.Console(), f.Alice.ID, false))
		for range 20 {
			if opens, unasked := inFlood(t, f.Store, secret, true); opens || unasked {
				t.Fatalf("a key of a user who is switched off: opens %t, refused without a look-up %t", opens, unasked)
			}
		}
		must[models.UserSummary](t)(f.Store.SetUserActive(storetest.Console(), f.Alice.ID, true))
		if opens, _ := inFlood(t, f.Store, secret, true); !opens {
			t.Error("a key of a user who was switched on again is refused")
		}
		// No operation takes back a revocation. Whoever did so past the store is heard.
		before := key.Seal
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		remembered(t, f.Store, secret)
		soon(t, "another replica never hears of the revocation", func() bool { opens, _ := inFlood(t, other, secret, true); return !opens })
		remembered(t, other, secret)
		f.Exec("UPDATE api_keys SET revoked_at = NULL, revoked_by = NULL, seal = ? WHERE id = ?", before, key.ID)
		since := time.Now()
		for _, s := range []*store.Store{f.Store, other} {
			soon(t, "a key that opens again is refused", func() bool { opens, _ := inFlood(t, s, secret, true); return opens })
			if took := time.Since(since); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		}
	})
}

// While nothing is heard, each key of a flood is looked up.
func TestEndedKeysWithoutTheFeed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		remembered(t, f.Store, secret)
		f.Store.StopHearing()
		if _, unasked := inFlood(t, f.Store, secret, true); unasked {
			t.Error("not looked up, though nothing is heard")
		}
	})
}
