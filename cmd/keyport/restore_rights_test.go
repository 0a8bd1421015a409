//go:build unix

package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// What was taken away since the backup is told, and how to get in again when
// nobody can.
func TestRestoreTellsOfRights(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		for _, name := range []string{"maya", "zoe"} {
			keyport(t, env, password, "user", "create", "--username", name, "--email", name+"@example.com", "--admin").want(t, exitOK, "")
		}
		file, journal := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "journal")
		keyport(t, env, "", "backup", "--to", file).want(t, exitOK, "")
		takeAway(t, env)
		keyport(t, env, "", "backup", "--journal", journal).want(t, exitOK, "")

		there := elsewhere(t, env)
		for how, done := range map[string]outcome{
			"journal": keyport(t, there, "", "restore", "--from", file, "--journal", journal), "database": keyport(t, env, "", "restore", "--from", file, "--replace"),
		} {
			done.want(t, exitOK, "")
			for _, line := range []string{
				"Memberships of teams that ended since, and did not come back: 1.", "Without an e-mail address, because theirs has changed since: zoe.", "and are switched off: Owners of API keys that end.",
				"Without a way to sign in, because theirs has changed since: maya.", "NOBODY WHO MAY ADMINISTER KEYPORT CAN SIGN IN",
			} {
				if !strings.Contains(done.stdout, line) {
					t.Errorf("%s: got %q, want %q in it", how, done.stdout, line)
				}
			}
		}
		for _, place := range []environ{env, there} {
			getsIn(t, place)
		}
	})
}

// takeAway takes administration from zoe, a password from maya and a subscription
// from everybody.
func takeAway(t testing.TB, env environ) {
	t.Helper()
	s := openAt(t, env)
	ctx := byConsole(context.Background())
	zoe, err := s.UserByName(ctx, "zoe")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoveTeamMember(ctx, 2, zoe.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateUser(ctx, zoe.ID, models.UserChange{Username: "zoe", Email: "zoe@example.org", Version: zoe.Version}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeSubscription(ctx, 1, models.SubscriptionWish{Name: "Owners of API keys that end", Filter: models.EventFilter{EventGroups: []string{"ApiKeyExpiry"}}, IsDisabled: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := storetest.SQL(t, databaseOf(env)).Exec("UPDATE users SET password_hash = '$argon2id$another' WHERE username = 'maya'"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func openAt(t testing.TB, env environ) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: databaseOf(env), Keyring: keyringOf(t, env), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// getsIn does what the restore advises.
func getsIn(t testing.TB, env environ) {
	t.Helper()
	s := openAt(t, env)
	for _, name := range []string{"maya", "zoe"} {
		if u, err := s.SignIn(context.Background(), name, password); err == nil && u.Permissions != 0 {
			t.Errorf("%s signs in and may do %v", name, u.Permissions.Names())
		}
	}
	keyport(t, env, password, "user", "create", "--username", "rescue", "--admin").want(t, exitOK, "")
	if u, err := s.SignIn(context.Background(), "rescue", password); err != nil || u.Permissions != models.AllPermissions {
		t.Errorf("rescue: %+v, %v", u, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
