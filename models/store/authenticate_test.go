package store_test

import (
	"context"
	"log/slog"
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
