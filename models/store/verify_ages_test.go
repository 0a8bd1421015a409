package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// A look-up that was under way when its key was revoked brings the key back on no
// replica, whether it ends before or after the change is heard of there.
func TestVerifyLookUpUnderWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		for name, change := range map[string]func(models.APIKey){
			"the key": func(k models.APIKey) {
				must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), k.UserID, k.ID))
			},
			"its owner": func(k models.APIKey) {
				must[models.UserSummary](t)(f.Store.SetUserActive(storetest.Console(), k.UserID, false))
			},
		} {
			key, secret := f.Issue(map[string]models.User{"the key": f.Alice, "its owner": f.Bob}[name], models.NewKey{})
			warm(t, other, secret)
			here := must[func()](t)(f.Store.LookUp(nobody, secret))
			there := must[func()](t)(other.LookUp(nobody, secret))
			change(key)
			since := time.Now()
			here()
			if f.Store.Remembers(secret) {
				t.Errorf("%s: remembered where it was changed", name)
			}
			diesWithin(t, other, secret, since)
			there()
			if other.Remembers(secret) {
				t.Errorf("%s: remembered on another replica", name)
			}
		}
	})
}

// A change of one user's keys leaves those of others in memory, on the replica
// that made it and on the others.
func TestVerifyForgetsNoOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		_, kept := f.Issue(f.Alice, models.NewKey{})
		warm(t, f.Store, kept)
		warm(t, other, kept)
		for range 3 {
			key, secret := f.Issue(f.Bob, models.NewKey{})
			warm(t, other, secret)
			must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Bob), f.Bob.ID, key.ID))
			diesWithin(t, other, secret, time.Now())
		}
		must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), f.Charlie.ID, false))
		if !f.Store.Remembers(kept) || !other.Remembers(kept) {
			t.Errorf("a key of somebody else was forgotten: here %t, there %t", !f.Store.Remembers(kept), !other.Remembers(kept))
		}
	})
}

// One statement that changes very many users is told of in few words, and nobody
// is overlooked.
func TestVerifyForgetsCrowds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		numbers := map[storetest.Engine]string{storetest.PostgreSQL: "SELECT generate_series(1, 6000)", storetest.SQLite: "SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 6000"}[f.Engine]
		f.Exec(`WITH RECURSIVE numbers(n) AS (` + numbers + `) INSERT INTO users (username, username_fold, display_name, email, is_service, is_active, created_at)
			SELECT 'crowd' || n, 'crowd' || n, '', '', TRUE, TRUE, ` + map[storetest.Engine]string{storetest.PostgreSQL: "now()", storetest.SQLite: "0"}[f.Engine] + ` FROM numbers`)
		last := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "last", IsService: true}, false))
		_, secret := f.Issue(last, models.NewKey{})
		_, first := f.Issue(f.Alice, models.NewKey{})
		warm(t, f.Store, secret)
		warm(t, f.Store, first)
		f.Exec("UPDATE users SET is_active = FALSE")
		since := time.Now()
		diesWithin(t, f.Store, secret, since)
		diesWithin(t, f.Store, first, since)
	})
}
