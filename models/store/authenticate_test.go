package store_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestAuthenticateUntilTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		f.Clock.Set(key.ExpiresAt.Add(-time.Microsecond))
		if !opens(t, f, secret) {
			t.Error("refused a microsecond before its end")
		}
		f.Clock.Set(key.ExpiresAt)
		if opens(t, f, secret) {
			t.Error("accepted at its end")
		}
	})
}

// The same end, given in three zones, is the same end: stored alike, compared
// alike, counted alike.
func TestThreeOffsets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		end := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
		var secrets []models.Secret
		for _, offset := range []int{0, -4 * 3600, 10 * 3600} {
			wish := models.ExpiresAt(end.In(time.FixedZone("", offset)))
			key, secret := f.Issue(f.Alice, models.NewKey{Expires: wish})
			if !key.ExpiresAt.Equal(end) || key.ExpiresAt.Location() != time.UTC {
				t.Errorf("offset %d: expires = %v, want %v", offset, key.ExpiresAt, end)
			}
			secrets = append(secrets, secret)
		}
		ctx := f.As(f.Alice)
		for _, tt := range []struct {
			now             time.Time
			usable, expired int
		}{{end.Add(-time.Second), 3, 0}, {end, 0, 3}, {end.Add(time.Second), 0, 3}} {
			f.Clock.Set(tt.now.In(time.FixedZone("", 7*3600)))
			opened := 0
			for _, secret := range secrets {
				if opens(t, f, secret) {
					opened++
				}
			}
			list := must[models.KeyList](t)(f.Store.APIKeysOf(ctx, f.Alice.ID, models.KeyFilter{Status: models.KeyExpired, Page: models.Page{Take: 9}}))
			counted := must[int](t)(f.Store.CountKeysEndingAfter(nobody, end.Add(-time.Minute).In(time.FixedZone("", -9*3600))))
			if opened != tt.usable || list.Total != tt.expired || list.Counts[models.KeyUsable] != tt.usable || counted != tt.usable {
				t.Errorf("at %v: opened %d, expired %d, usable %d, counted %d; want %d and %d", tt.now, opened, list.Total, list.Counts[models.KeyUsable], counted, tt.usable, tt.expired)
			}
		}
	})
}

func TestInactiveOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Robot, models.NewKey{})
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Robot.ID)
		if opens(t, f, secret) {
			t.Error("the key of an inactive user opens")
		}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", true, f.Robot.ID)
		if !opens(t, f, secret) {
			t.Error("the key does not open again after its owner is active again")
		}
		f.Exec("DELETE FROM users WHERE id = ?", f.Robot.ID)
		if opens(t, f, secret) {
			t.Error("the key of a deleted user opens")
		}
		if got := f.Count("SELECT count(*) FROM api_keys"); got != 0 {
			t.Errorf("keys of a deleted user = %d, want none", got)
		}
	})
}

func TestAuthenticatePermissions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Admin, models.NewKey{})
		user, _, err := f.Store.Authenticate(nobody, secret.Reveal())
		wantKind(t, err, 0)
		if got := user.Permissions; got != models.AllPermissions {
			t.Errorf("administrator's permissions = %b, want %b", got, models.AllPermissions)
		}
		f.Exec("UPDATE teams SET permissions = ? WHERE built_in = 'everyone'", int64(models.PermissionsOf(models.EventView)))
		_, secret = f.Issue(f.Alice, models.NewKey{})
		user, _, err = f.Store.Authenticate(nobody, secret.Reveal())
		wantKind(t, err, 0)
		if got, want := user.Permissions, models.PermissionsOf(models.EventView); got != want {
			t.Errorf("everyone's permissions = %b, want %b", got, want)
		}
	})
}

// What can't be a key never reaches the database, so it is refused even when
// there is none; what may be a key is then not refused, but told to come back.
func TestAuthenticateWithoutDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Alice, models.NewKey{})
		f.Store.Close()
		text := secret.Reveal()
		for _, nonsense := range []string{"", " ", "API-", "null", text[:29], text + "A", " " + text, text + "\n", "api" + text[3:], "API-\x00" + text[5:], "API-ÄÄÄÄÄÄÄÄÄÄÄÄÄ"} {
			_, _, err := f.Store.Authenticate(nobody, nonsense)
			wantKind(t, err, models.Unauthenticated)
		}
		_, _, err := f.Store.Authenticate(nobody, text)
		wantKind(t, err, models.Unavailable)
		if models.Refusal(err).RetryAfter == 0 || strings.Contains(err.Error(), text[8:]) {
			t.Errorf("refusal = %+v", models.Refusal(err))
		}
	})
}

// A database that has gone away is everybody's Unavailable, never an internal
// error.
func TestWithoutDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Admin)
		key, _ := f.Issue(f.Admin, models.NewKey{})
		f.Store.Close()
		_, list := f.Store.APIKeysOf(ctx, f.Admin.ID, models.KeyFilter{Page: models.Page{Take: 1}})
		_, _, issue := f.Store.IssueAPIKey(ctx, f.Admin.ID, models.NewKey{Purpose: "p"})
		_, revoke := f.Store.RevokeAPIKey(ctx, f.Admin.ID, key.ID)
		_, signIn := f.Store.SignIn(ctx, "alice", storetest.Password)
		_, _, session := f.Store.Session(ctx, models.ActorFrom(ctx).SessionDigest)
		_, settings := f.Store.AuthSettings(ctx)
		f.Store.Seen(key.ID, "", f.Clock.Now())
		for name, err := range map[string]error{
			"list": list, "issue": issue, "revoke": revoke, "sign in": signIn, "session": session,
			"settings": settings, "flush": f.Store.FlushSeen(ctx), "ping": f.Store.Ping(ctx),
		} {
			if got := models.KindOf(err); got != models.Unavailable {
				t.Errorf("%s: error = %v (kind %d), want unavailable", name, err, got)
			}
		}
	})
}

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

func TestKeyringRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, old := f.Issue(f.Alice, models.NewKey{}) // under master key 1
		rotated := f.Reopen(2, 1)
		wantKind(t, rotated.CheckKeyring(nobody), 0)
		if _, _, err := rotated.Authenticate(nobody, old.Reveal()); err != nil {
			t.Errorf("an old key under the rotated keyring: %v", err)
		}
		_, fresh, err := rotated.IssueAPIKey(storetest.Console(), f.Bob.ID, models.NewKey{Purpose: "new"})
		wantKind(t, err, 0)
		if _, _, err := rotated.Authenticate(nobody, fresh.Reveal()); err != nil {
			t.Errorf("a new key: %v", err)
		}
		if opens(t, f, fresh) {
			t.Error("a keyring without the new master key opened a new key")
		}
		// Revoking under the new keyring reseals with the old generation.
		must[models.APIKey](t)(rotated.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		if _, _, err := rotated.Authenticate(nobody, old.Reveal()); models.KindOf(err) != models.Unauthenticated {
			t.Errorf("the revoked key: error = %v", err)
		}
	})
}

func TestWrongMasterKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		wrong := f.Reopen(3)
		err := wrong.CheckKeyring(nobody)
		wantOpenError(t, err, "wrong master key")
		if got := f.Count("SELECT count(*) FROM key_generations"); got != 1 {
			t.Errorf("generations = %d, want 1: a refused one leaves no trace", got)
		}
		wantKind(t, f.Reopen(1).CheckKeyring(nobody), 0)
		wantKind(t, f.Reopen(3, 1).CheckKeyring(nobody), 0)
		// Once the last key has ended, its master key may retire.
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		wantKind(t, wrong.CheckKeyring(nobody), 0)
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	for _, e := range storetest.Engines {
		b.Run(string(e), func(b *testing.B) {
			f := storetest.New(b, e)
			s := storetest.OpenURL(b, f.URL, store.Options{Now: f.Clock.Now, Log: slog.New(slog.DiscardHandler)})
			_, secret := f.Issue(f.Alice, models.NewKey{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Authenticate(ctx, secret.Reveal()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A key whose master key has left the keyring can still be revoked, for good.
func TestRevokeWithoutTheMasterKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		must[models.APIKey](t)(f.Reopen(2).RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		if opens(t, f, secret) {
			t.Error("a revoked key opens")
		}
	})
}
