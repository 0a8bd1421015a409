package store_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// A row that was changed in the database opens nothing, and the log says so.
func TestTampering(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		later := f.Store.Now().Add(1000 * day)
		tests := []struct {
			name   string
			tamper func(key models.APIKey)
		}{
			{"later end", func(k models.APIKey) { f.Exec("UPDATE api_keys SET expires_at = ? WHERE id = ?", later, k.ID) }},
			{"other owner", func(k models.APIKey) { f.Exec("UPDATE api_keys SET user_id = ? WHERE id = ?", f.Admin.ID, k.ID) }},
			{"other parent", func(k models.APIKey) { f.Exec("UPDATE api_keys SET parent_id = ? WHERE id = ?", "apikeys-x", k.ID) }},
			{"earlier birth", func(k models.APIKey) {
				f.Exec("UPDATE api_keys SET created_at = ? WHERE id = ?", k.CreatedAt.Add(-day), k.ID)
			}},
			{"other id", func(k models.APIKey) { f.Exec("UPDATE api_keys SET id = ? WHERE id = ?", "apikeys-y", k.ID) }},
			{"more access", func(k models.APIKey) { f.Exec("UPDATE api_keys SET services = 'billing' WHERE id = ?", k.ID) }},
			{"other seal", func(k models.APIKey) { f.Exec("UPDATE api_keys SET seal = digest WHERE id = ?", k.ID) }},
			{"revocation undone", func(k models.APIKey) {
				must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, k.ID))
				f.Exec("UPDATE api_keys SET revoked_at = NULL WHERE id = ?", k.ID)
			}},
			{"another key's digest", func(k models.APIKey) {
				other, _ := f.Issue(f.Admin, models.NewKey{})
				f.Exec("DELETE FROM api_keys WHERE id = ?", k.ID)
				f.Exec("UPDATE api_keys SET digest = ? WHERE id = ?", k.Digest, other.ID)
			}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				key, secret := f.Issue(f.Alice, models.NewKey{})
				if !opens(t, f, secret) {
					t.Fatal("the key does not open")
				}
				lines := len(f.Log.String())
				tt.tamper(key)
				if opens(t, f, secret) {
					t.Error("a tampered row opens")
				}
				if !strings.Contains(f.Log.String()[lines:], "changed outside of Keyport") {
					t.Error("the log does not tell of it")
				}
			})
		}
	})
}
