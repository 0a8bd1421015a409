package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestRevokeAPIKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		_, err := f.Store.RevokeAPIKey(f.As(f.Bob), f.Alice.ID, key.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.RevokeAPIKey(f.As(f.Bob), f.Bob.ID, key.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.RevokeAPIKey(nobody, f.Alice.ID, key.ID)
		wantKind(t, err, models.Unauthenticated)
		if !opens(t, f, secret) {
			t.Fatal("a refused revocation ended the key")
		}
		f.Clock.Advance(time.Minute)
		revoked, err := f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, strings.ToUpper(key.ID))
		wantKind(t, err, 0)
		if revoked.RevokedAt == nil || !revoked.RevokedAt.Equal(f.Store.Now()) || revoked.RevokedBy == nil || *revoked.RevokedBy != f.Alice.ID {
			t.Errorf("revoked = %+v", revoked)
		}
		if opens(t, f, secret) {
			t.Error("a revoked key opens")
		}
		f.Clock.Advance(time.Minute)
		events := newEvents(t, f, func() {
			again, err := f.Store.RevokeAPIKey(f.As(f.Admin), f.Alice.ID, key.ID)
			wantKind(t, err, 0)
			if !again.RevokedAt.Equal(*revoked.RevokedAt) || *again.RevokedBy != f.Alice.ID {
				t.Errorf("revoked again = %+v, want it unchanged", again)
			}
		})
		if len(events) != 0 {
			t.Errorf("events of a second revocation = %v, want none", events)
		}
	})
}

func TestRevokeExpiredKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(f.Clock.Now().Add(time.Hour))})
		f.Clock.Advance(2 * time.Hour)
		events := newEvents(t, f, func() {
			got := must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, key.ID))
			if got.RevokedAt != nil {
				t.Error("an expired key became a revoked one")
			}
		})
		if len(events) != 0 {
			t.Errorf("events = %v, want none", events)
		}
	})
}

// The database refuses a key for an owner who is absent or inactive even if
// the program would not.
func TestSecondWall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		db := storetest.SQL(t, f.URL)
		key, _ := f.Issue(f.Alice, models.NewKey{})
		for name, owner := range map[string]int64{"inactive": f.Charlie.ID, "absent": 4711} {
			copy := strings.NewReplacer("OWNER", models.UserID(owner)[len("Users-"):], "ID", key.ID).Replace(
				`INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at)
				SELECT 'x', OWNER, purpose, purpose_fold, prefix, 0, digest, seal, created_at, expires_at FROM api_keys WHERE id = 'ID'`)
			_, err := db.Exec(copy)
			if err == nil || !strings.Contains(err.Error(), "owner") {
				t.Errorf("insert for %s owner: error = %v, want the trigger's", name, err)
			}
		}
	})
}
