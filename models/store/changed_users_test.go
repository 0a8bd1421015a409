package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// service makes a service account of that name.
func service(t *testing.T, f *storetest.Fixture, name string) models.User {
	t.Helper()
	return must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: name, IsService: true}, false))
}

// wantAnswered fails unless the cache answers for all keys, after a change and
// after the counters were looked at.
func wantAnswered(t *testing.T, s *store.Store, after string, secrets []models.Secret) {
	t.Helper()
	for _, wait := range []time.Duration{0, 3 * store.FeedBeat} {
		time.Sleep(wait)
		forgotten := 0
		for _, secret := range secrets {
			if !s.Remembers(secret) {
				forgotten++
			}
		}
		if forgotten > 0 {
			t.Fatalf("%v after %s, %d of %d keys were forgotten", wait, after, forgotten, len(secrets))
		}
	}
	// On a busy machine the feed may pause, and then each call asks the database.
	soon(t, "after "+after+", keys are looked up over and over", func() bool {
		looked := func() int64 { stats := s.VerifyStats(); return stats.Good - stats.Cached }
		before := looked()
		for _, secret := range secrets {
			must[models.Verified](t)(s.Verify(nobody, secret.Reveal()))
		}
		return looked() == before
	})
}

// What changes keys of one user leaves a thousand keys of others in memory, by
// whichever operation it is, and by whichever process.
func TestVerifyForgetsOneOfAThousand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		var kept []models.Secret
		for i := range 100 {
			owner := service(t, f, fmt.Sprint("farm", i))
			for range 10 {
				_, secret := f.Issue(owner, models.NewKey{Purpose: "kept"})
				kept = append(kept, secret)
			}
		}
		loner, other := service(t, f, "loner"), f.Reopen(1)
		for _, secret := range kept {
			warm(t, f.Store, secret)
		}
		f.Issue(loner, models.NewKey{Purpose: "first"})
		wantAnswered(t, f.Store, "a key was made", kept)
		for name, by := range map[string]*store.Store{"this process": f.Store, "another process": other} {
			key, secret := f.Issue(loner, models.NewKey{Purpose: "to go"})
			warm(t, f.Store, secret)
			must[models.APIKey](t)(by.RevokeAPIKey(storetest.Console(), loner.ID, key.ID))
			if since := time.Now(); by == f.Store && verifies(t, f.Store, secret) {
				t.Errorf("%s: still accepted where it was revoked", name)
			} else {
				diesWithin(t, f.Store, secret, since)
			}
			wantAnswered(t, f.Store, "a key was revoked by "+name, kept)
		}
		sel := models.KeySelection{At: f.Store.Now(), Status: models.KeyUsable, Purpose: "first"}
		must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), models.RevocationWish{Selection: sel, Reason: "r", Shown: 1}))
		wantKind(t, f.Store.WorkOffRevocations(nobody), 0)
		must[models.UserSummary](t)(f.Store.SetUserActive(storetest.Console(), loner.ID, false))
		wantAnswered(t, f.Store, "a revocation of many and a deactivation", kept)
		_, err := f.Store.StartRevocation(f.As(f.Admin), models.RevocationWish{Selection: sel, Reason: "r", Shown: 1})
		wantKind(t, err, models.Conflict)
		wantAnswered(t, f.Store, "a refusal", kept)
	})
}

// A transaction whose commit fails leaves its number to another one, which is
// heard of all the same.
func TestVerifyHearsANumberAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		hers, _ := f.Issue(f.Alice, models.NewKey{})
		his, secret := f.Issue(f.Bob, models.NewKey{})
		warm(t, f.Store, secret)
		f.Store.ChangeAndTakeBack(t.Context(), hers.ID)
		must[models.APIKey](t)(other.RevokeAPIKey(storetest.Console(), f.Bob.ID, his.ID))
		diesWithin(t, f.Store, secret, time.Now())
		if n := f.Count("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL"); n != 1 {
			t.Errorf("%d keys are revoked; the change was to be taken back", n)
		}
	})
}

// A key that is given to somebody else past the store is a change of both.
func TestVerifyForgetsBothOwners(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, moved := f.Issue(f.Alice, models.NewKey{})
		_, his := f.Issue(f.Bob, models.NewKey{})
		warm(t, f.Store, moved)
		warm(t, f.Store, his)
		f.Exec("UPDATE api_keys SET user_id = ? WHERE id = ?", f.Bob.ID, key.ID)
		diesWithin(t, f.Store, moved, time.Now())
		soon(t, "the new owner's keys are remembered as if nothing had happened", func() bool { return !f.Store.Remembers(his) })
	})
}
