package store_test

import (
	"context"
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
