package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// An owner who is remembered is one only as long as nothing is changed: at once
// where it is, and within a second elsewhere. Each key is presented for the first
// time after the change, so that no key is remembered, but its owner is.
func TestVerifyRemembersOwners(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		var secrets []models.Secret
		for range 60 {
			_, secret := f.Issue(f.Alice, models.NewKey{})
			secrets = append(secrets, secret)
		}
		next := func() models.Secret {
			secret := secrets[0]
			secrets = secrets[1:]
			return secret
		}
		warm(t, f.Store, next())
		warm(t, other, next())
		f.Exec("UPDATE users SET username = 'alice2' WHERE id = ?", f.Alice.ID)
		for until := time.Now().Add(time.Second); ; time.Sleep(40 * time.Millisecond) {
			if v := must[models.Verified](t)(other.Verify(nobody, next().Reveal())); v.Username == "alice2" {
				break
			} else if time.Now().After(until) {
				t.Fatalf("a second later the name is still %q", v.Username)
			}
		}
		must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), f.Alice.ID, false))
		since := time.Now()
		if verifies(t, f.Store, next()) {
			t.Error("a key of a deactivated user opens something where that was done")
		}
		for verifies(t, other, next()) {
			if time.Since(since) > time.Second {
				t.Fatal("a key of a deactivated user opens something a second later")
			}
			time.Sleep(40 * time.Millisecond)
		}
		must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), f.Alice.ID, true))
		if !verifies(t, f.Store, next()) {
			t.Error("a key of an active user opens nothing")
		}
	})
}

// Nobody is remembered while changes are not heard of.
func TestVerifyDeafKnowsNoOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, first := f.Issue(f.Alice, models.NewKey{})
		_, second := f.Issue(f.Alice, models.NewKey{})
		warm(t, f.Store, first)
		f.Store.StopHearing()
		set := map[storetest.Engine]string{storetest.SQLite: "0", storetest.PostgreSQL: "FALSE"}[f.Engine]
		f.Exec("UPDATE users SET is_active = "+set+" WHERE id = ?", f.Alice.ID)
		if verifies(t, f.Store, second) || verifies(t, f.Store, first) {
			t.Error("a key of a deactivated user opens something")
		}
	})
}
