package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// A user is seen when signing in, when a session is in use, and when a key is
// used: at most once a minute, and never backwards.
func TestUserSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		key, _ := f.Issue(f.Alice, models.NewKey{})
		second, _ := f.Issue(f.Alice, models.NewKey{})
		wantSeen := func(what string, want time.Time) {
			t.Helper()
			got := must[models.UserSummary](t)(f.Store.UserSummary(storetest.Console(), f.Alice.ID)).SeenAt
			if want.IsZero() != (got == nil) || got != nil && !got.Equal(want) {
				t.Errorf("%s: seen at %v, want %v", what, got, want)
			}
		}
		flush := func(what string, keyID string, at time.Time) {
			t.Helper()
			other.Seen(keyID, "192.0.2.1", "curl/8.5", at)
			wantKind(t, other.FlushSeen(t.Context()), 0)
		}
		wantSeen("before", time.Time{})
		start := f.Store.Now()
		digest := models.ActorFrom(f.As(f.Alice)).SessionDigest
		wantSeen("signed in", start)

		f.Clock.Advance(59 * time.Second)
		wantKind(t, f.Store.TouchSession(t.Context(), digest), 0)
		f.As(f.Alice)
		flush("", key.ID, f.Store.Now())
		wantSeen("within the minute", start)

		f.Clock.Advance(time.Second)
		wantKind(t, f.Store.TouchSession(t.Context(), digest), 0)
		wantSeen("a minute later", start.Add(time.Minute))

		f.Clock.Advance(10 * time.Minute)
		other.Seen(second.ID, "192.0.2.1", "curl/8.5", f.Store.Now().Add(-time.Minute))
		flush("", key.ID, f.Store.Now())
		wantSeen("two keys used", start.Add(11*time.Minute))
		flush("", second.ID, start.Add(5*time.Minute))
		wantSeen("a late mark", start.Add(11*time.Minute))

		f.Clock.Advance(10 * time.Minute)
		wantKind(t, f.Store.TouchSession(t.Context(), []byte("nobody's")), 0)
		flush("", "apikeys-nobodys", f.Store.Now())
		wantSeen("nobody's session and key", start.Add(11*time.Minute))
	})
}

// Noting that somebody was there waits for nobody who changes the user.
func TestUserSeenWaitsForNobody(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	key, _ := f.Issue(f.Alice, models.NewKey{})
	db := storetest.SQL(t, f.URL)
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Rollback()
	if _, err := held.Exec("UPDATE users SET display_name = 'held' WHERE id = $1", f.Alice.ID); err != nil {
		t.Fatal(err)
	}
	f.Store.Seen(key.ID, "192.0.2.1", "curl/8.5", f.Store.Now())
	done := make(chan error, 1)
	go func() { done <- f.Store.FlushSeen(t.Context()) }()
	select {
	case err := <-done:
		wantKind(t, err, 0)
	case <-time.After(5 * time.Second):
		t.Fatal("FlushSeen waits for whoever changes a user")
	}
	if got := must[models.APIKey](t)(f.Store.APIKey(storetest.Console(), f.Alice.ID, key.ID)); got.LastUsedAt == nil {
		t.Error("the use of the key was not written")
	}
}
