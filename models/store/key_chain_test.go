package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

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
