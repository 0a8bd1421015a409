package store_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestIssueAPIKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret, err := f.Store.IssueAPIKey(f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "  Release pipeline ", FormID: "form"})
		wantKind(t, err, 0)
		stored := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, key.ID))
		for _, k := range []models.APIKey{key, stored} {
			if k.Purpose != "Release pipeline" || k.PurposeFold != "release pipeline" || k.UserID != f.Alice.ID || k.ParentID != "" {
				t.Errorf("key = %+v", k)
			}
			if got, want := k.CreatedAt, f.Store.Now(); !got.Equal(want) {
				t.Errorf("created = %v, want %v", got, want)
			}
			if got, want := k.ExpiresAt, f.Store.Now().Add(180*day); !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("expires = %v, want %v", got, want)
			}
			if k.Prefix != secret.Prefix() {
				t.Errorf("prefix = %q, want %q", k.Prefix, secret.Prefix())
			}
		}
		user, found, err := f.Store.Authenticate(nobody, secret.Reveal())
		wantKind(t, err, 0)
		if user.ID != f.Alice.ID || user.Username != "alice" || !user.IsActive || found.ID != key.ID {
			t.Errorf("Authenticate = %+v, %+v", user, found)
		}
	})
}

func TestIssueAPIKeyRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Charlie.ID)
		past := f.Clock.Now().Add(-time.Second)
		tests := []struct {
			name  string
			ctx   context.Context
			owner int64
			wish  models.NewKey
			want  models.Kind
		}{
			{"own key", f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "p"}, 0},
			{"nobody", nobody, f.Alice.ID, models.NewKey{Purpose: "p"}, models.Unauthenticated},
			{"another person's, by a stranger", f.As(f.Bob), f.Alice.ID, models.NewKey{Purpose: "p"}, models.NotFound},
			{"another person's, by an administrator", f.As(f.Admin), f.Alice.ID, models.NewKey{Purpose: "p"}, models.Forbidden},
			{"service account's, by a stranger", f.As(f.Bob), f.Robot.ID, models.NewKey{Purpose: "p"}, models.NotFound},
			{"service account's, by an administrator", f.As(f.Admin), f.Robot.ID, models.NewKey{Purpose: "p"}, 0},
			{"anybody's, by the console", storetest.Console(), f.Bob.ID, models.NewKey{Purpose: "p"}, 0},
			{"absent owner", f.As(f.Admin), 4711, models.NewKey{Purpose: "p"}, models.NotFound},
			{"inactive owner", storetest.Console(), f.Charlie.ID, models.NewKey{Purpose: "p"}, models.Forbidden},
			{"no purpose", f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "  "}, models.Invalid},
			{"past", f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "p", Expires: models.ExpiresAt(past)}, models.Invalid},
			{"beyond the maximum", f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "p", Expires: models.ExpiresAt(f.Clock.Now().Add(366*day + time.Second))}, models.Invalid},
			{"at the maximum", f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "p", Expires: models.ExpiresAt(f.Store.Now().Add(366 * day))}, 0},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				keys, events := f.Count("SELECT count(*) FROM api_keys"), len(f.Events())
				_, secret, err := f.Store.IssueAPIKey(tt.ctx, tt.owner, tt.wish)
				wantKind(t, err, tt.want)
				added := 0
				if tt.want == 0 {
					added = 1
				} else if secret.Reveal() != "" {
					t.Error("a refusal came with a secret")
				}
				if got := f.Count("SELECT count(*) FROM api_keys") - keys; got != added {
					t.Errorf("keys added = %d, want %d", got, added)
				}
				if got := len(f.Events()) - events; got != added {
					t.Errorf("events added = %d, want %d", got, added)
				}
			})
		}
	})
}

func TestUserKeysSwitchedOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, old := f.Issue(f.Alice, models.NewKey{})
		settings(t, f, 180, 366, false)
		for name, ctx := range map[string]context.Context{"session": f.As(f.Alice), "old key": f.AsKey(old), "console": storetest.Console()} {
			if _, _, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p"}); models.KindOf(err) != models.Forbidden {
				t.Errorf("by %s: error = %v, want a denial", name, err)
			}
		}
		f.Issue(f.Robot, models.NewKey{})
		if !opens(t, f, old) {
			t.Error("the old key does not open any more")
		}
	})
}

// A key never outlives the key that made it, however long the chain.
func TestParentIsTheCeiling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		end := f.Store.Now().Add(30 * day)
		parent, secret := f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(end)})
		for range 4 {
			ctx := f.AsKey(secret)
			_, _, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p", Expires: models.ExpiresAt(end.Add(time.Microsecond))})
			wantProblem(t, err, "Expires")
			var child models.APIKey
			child, secret, err = f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p", Expires: models.MaximumExpiry()})
			wantKind(t, err, 0)
			if !child.ExpiresAt.Equal(end) || child.ParentID != parent.ID {
				t.Fatalf("child = %+v, want the end %v and the parent %s", child, end, parent.ID)
			}
			parent = child
		}
	})
}

// The ceiling is the stored end, not what the actor in the context claims.
func TestParentIsReadAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(day))})
		ctx := f.AsKey(secret)
		models.ActorFrom(ctx).Key.Expires = f.Store.Now().Add(300 * day)
		child, _, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p"})
		wantKind(t, err, 0)
		if want := f.Store.Now().Add(day); !child.ExpiresAt.Equal(want) {
			t.Errorf("expires = %v, want %v", child.ExpiresAt, want)
		}
	})
}

// What was true when the call began may be over when the key is written.
func TestCredentialIsReadAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		byKey := func() context.Context {
			_, secret := f.Issue(f.Alice, models.NewKey{})
			return f.AsKey(secret)
		}
		bySession := func() context.Context { return f.As(f.Alice) }
		tests := []struct {
			name string
			ctx  func() context.Context
			end  func(a *models.Actor)
		}{
			{"revoked key", byKey, func(a *models.Actor) {
				must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, a.Key.ID))
			}},
			{"edited key", byKey, func(a *models.Actor) {
				f.Exec("UPDATE api_keys SET expires_at = ? WHERE id = ?", f.Clock.Now().Add(300*day), a.Key.ID)
			}},
			{"expired key", byKey, func(*models.Actor) { f.Clock.Advance(181 * day) }},
			{"ended session", bySession, func(a *models.Actor) { wantKind(t, f.Store.EndSession(nobody, a.SessionDigest), 0) }},
			{"idle session", bySession, func(*models.Actor) { f.Clock.Advance(models.SessionIdle) }},
			{"another's session", bySession, func(a *models.Actor) { a.SessionDigest = models.ActorFrom(f.As(f.Bob)).SessionDigest }},
			{"no session at all", bySession, func(a *models.Actor) { a.SessionDigest = nil }},
			{"no key at all", byKey, func(a *models.Actor) { a.Key = nil }},
			{"inactive user", bySession, func(*models.Actor) { f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Alice.ID) }},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				ctx := tt.ctx()
				tt.end(models.ActorFrom(ctx))
				_, _, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p"})
				wantKind(t, err, models.Unauthenticated)
			})
		}
	})
}

// An administrator who lost the rights meanwhile has none left to use.
func TestRightsAreReadAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Admin)
		f.Exec("DELETE FROM team_members WHERE user_id = ?", f.Admin.ID)
		_, _, err := f.Store.IssueAPIKey(ctx, f.Robot.ID, models.NewKey{Purpose: "p"})
		wantKind(t, err, models.NotFound)
	})
}

func TestFormIDMakesOneKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		var wg sync.WaitGroup
		var mu sync.Mutex
		kinds := map[models.Kind]int{}
		for range 16 {
			wg.Go(func() {
				_, secret, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "double click", FormID: "one form"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					kinds[-1]++
					return
				}
				kinds[models.KindOf(err)]++
				if secret.Reveal() != "" {
					t.Error("a refusal came with a secret")
				}
			})
		}
		wg.Wait()
		if kinds[-1] != 1 || kinds[models.Conflict] != 15 {
			t.Errorf("results by kind = %v, want one key and 15 conflicts", kinds)
		}
		if got := f.Count("SELECT count(*) FROM api_keys"); got != 1 {
			t.Errorf("keys = %d, want 1", got)
		}
		// The id belongs to one user: another's form may have the same.
		_, _, err := f.Store.IssueAPIKey(f.As(f.Bob), f.Bob.ID, models.NewKey{Purpose: "p", FormID: "one form"})
		wantKind(t, err, 0)
	})
}

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

// Nothing that is written anywhere holds a secret or a long part of one.
func TestSecretIsNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		var bodies []string
		for range 5 {
			key, secret, err := f.Store.IssueAPIKey(ctx, f.Alice.ID, models.NewKey{Purpose: "p"})
			wantKind(t, err, 0)
			opens(t, f, secret)
			must[models.APIKey](t)(f.Store.RevokeAPIKey(ctx, f.Alice.ID, key.ID))
			bodies = append(bodies, secret.Reveal()[len(models.SecretPrefix)+models.HintLength:])
		}
		written := f.Log.String() + dump(t, f)
		for _, body := range bodies {
			for i := 0; i+8 <= len(body); i++ {
				if strings.Contains(written, body[i:i+8]) {
					t.Fatalf("a part of a secret was written down")
				}
			}
		}
		if regexp.MustCompile(`API-[A-Z0-9]{8}`).MatchString(written) {
			t.Error("more than the hint of a key was written down")
		}
	})
}

// dump returns all that the database holds, as text.
func dump(t *testing.T, f *storetest.Fixture) string {
	t.Helper()
	var all strings.Builder
	if path, isFile := strings.CutPrefix(f.URL, "sqlite:"); isFile {
		for _, suffix := range []string{"", "-wal"} {
			content, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
		return all.String()
	}
	db := storetest.SQL(t, f.URL)
	for _, table := range []string{"users", "api_keys", "sessions", "events", "one_time_links", "auth_settings"} {
		rows, err := db.Query("SELECT t::text FROM " + table + " t")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all.WriteString(row + "\n")
		}
		rows.Close()
	}
	return all.String()
}
