package store_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// A rotated key is the old one with another secret, and both open for as long
// as was asked for, but the old one never beyond its own end.
func TestRotate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		limits := models.AccessWish{Level: "ReadOnly", Services: []string{"billing"}, Allowed: []string{"10.0.0.0/8"}}
		for name, tt := range map[string]struct{ life, overlap, goesOn time.Duration }{
			"at once": {60 * day, 0, 0}, "a week": {60 * day, 7 * day, 7 * day}, "30 days": {60 * day, 30 * day, 30 * day}, "its own end": {3 * day, 7 * day, 3*day - time.Hour},
		} {
			old, oldSecret := f.Issue(f.Alice, models.NewKey{Purpose: name, Access: limits, Expires: models.ExpiresAt(f.Store.Now().Add(tt.life))})
			f.Clock.Advance(time.Hour)
			key, secret, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, old.ID, models.Rotation{Overlap: tt.overlap, Expires: models.ExpiresInDays(90, time.UTC)})
			wantKind(t, err, 0)
			if key.Purpose != name || key.UserID != f.Alice.ID || key.PredecessorID != old.ID || models.WishFor(key.Access).Level != "ReadOnly" || !key.Access.Within(old.Access) || !old.Access.Within(key.Access) {
				t.Errorf("%s: the new key is %+v, the old one %+v", name, key, old)
			}
			if !opens(t, f, secret) || opens(t, f, oldSecret) != (tt.goesOn > 0) {
				t.Errorf("%s: new opens %v, old %v", name, opens(t, f, secret), opens(t, f, oldSecret))
			}
			after := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, old.ID))
			if got := after.ExpiresAt.Sub(f.Store.Now()); got != tt.goesOn {
				t.Errorf("%s: the old key goes on for %s, want %s", name, got, tt.goesOn)
			}
			f.Clock.Advance(tt.goesOn)
			if opens(t, f, oldSecret) || !opens(t, f, secret) {
				t.Errorf("%s: after the overlap the old key opens, or the new one does not", name)
			}
		}
	})
}

// Until first use means: when the use is written down, the old key ends.
func TestRotateUntilFirstUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		old, oldSecret := f.Issue(f.Alice, models.NewKey{Purpose: "p"})
		f.Clock.Advance(time.Hour)
		key, secret, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, old.ID, models.Rotation{UntilUsed: true})
		wantKind(t, err, 0)
		f.Clock.Advance(40 * day)
		f.Store.Seen(old.ID, "192.0.2.1", "old client", f.Store.Now())
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		if !opens(t, f, oldSecret) {
			t.Fatal("the old key ended before the new one was used")
		}
		f.Store.Seen(key.ID, "192.0.2.1", "new client", f.Store.Now())
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		if opens(t, f, oldSecret) || !opens(t, f, secret) {
			t.Error("after the first use the old key opens, or the new one does not")
		}
		ended := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, old.ID))
		f.Clock.Advance(time.Hour)
		f.Store.Seen(key.ID, "192.0.2.1", "new client", f.Store.Now())
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		if again := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, old.ID)); !again.ExpiresAt.Equal(ended.ExpiresAt) {
			t.Errorf("a later use moved the end from %s to %s", ended.ExpiresAt, again.ExpiresAt)
		}
	})
}

// The trail names both keys in both events.
func TestRotateIsRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		old, _ := f.Issue(f.Alice, models.NewKey{Purpose: "p"})
		f.Clock.Advance(time.Hour)
		key, secret, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, old.ID, models.Rotation{Overlap: day})
		wantKind(t, err, 0)
		events := must[[]models.Event](t)(f.Store.Events(f.As(f.Admin), models.Page{Take: 2}))
		if events[0].Category != models.Modified || events[1].Category != models.Created || events[0].DocumentID != old.ID || events[1].DocumentID != key.ID {
			t.Fatalf("events = %+v", events)
		}
		for _, e := range events {
			if !strings.Contains(e.Message, old.Hint()) || !strings.Contains(e.Message, key.Hint()) || strings.Contains(e.Message, secret.Reveal()) {
				t.Errorf("%s", e.Message)
			}
		}
		before, after, err := f.Store.KeyRelatives(f.As(f.Alice), key)
		if err != nil || before == nil || before.ID != old.ID || after != nil {
			t.Errorf("relatives of the new key: %v, %v, %v", before, after, err)
		}
		if before, after, err = f.Store.KeyRelatives(f.As(f.Alice), old); err != nil || before != nil || after == nil || after.ID != key.ID {
			t.Errorf("relatives of the old key: %v, %v, %v", before, after, err)
		}
		_, _, err = f.Store.KeyRelatives(f.As(f.Charlie), old)
		wantKind(t, err, models.NotFound)
	})
}

func TestRotateRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		fresh := func() models.APIKey {
			key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "p", Expires: models.ExpiresAt(f.Store.Now().Add(50 * day))})
			f.Clock.Advance(time.Minute)
			return key
		}
		rotate := func(who models.User, key models.APIKey, wish models.Rotation) error {
			_, _, err := f.Store.RotateAPIKey(f.As(who), f.Alice.ID, key.ID, wish)
			return err
		}
		wantKind(t, rotate(f.Charlie, fresh(), models.Rotation{}), models.NotFound)
		wantKind(t, rotate(f.Admin, fresh(), models.Rotation{}), models.Forbidden)
		for _, overlap := range []time.Duration{-1, 30*day + 1} {
			wantProblem(t, rotate(f.Alice, fresh(), models.Rotation{Overlap: overlap}), "Overlap")
		}
		wantProblem(t, rotate(f.Alice, fresh(), models.Rotation{Expires: models.ExpiresAt(f.Store.Now().Add(900 * day))}), "Expires")

		revoked := fresh()
		must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, revoked.ID))
		wantProblem(t, rotate(f.Alice, revoked, models.Rotation{}), "Key")
		edited := fresh()
		f.Exec("UPDATE api_keys SET services = 'everything' WHERE id = ?", edited.ID)
		wantProblem(t, rotate(f.Alice, edited, models.Rotation{}), "Key")

		twice := fresh()
		next, _, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, twice.ID, models.Rotation{Overlap: day})
		wantKind(t, err, 0)
		wantProblem(t, rotate(f.Alice, twice, models.Rotation{Overlap: day}), "Key")
		must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, next.ID))
		wantKind(t, rotate(f.Alice, twice, models.Rotation{Overlap: day}), 0)
	})
}

// What existed before the maximum was lowered can be rotated and revoked; the
// new key keeps to today's maximum.
func TestRotateBeyondTheMaximum(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		old, _ := f.Issue(f.Alice, models.NewKey{Purpose: "p", Expires: models.MaximumExpiry()})
		f.Clock.Advance(time.Minute)
		settings(t, f, 7, 10, true)
		key, _, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, old.ID, models.Rotation{UntilUsed: true})
		wantKind(t, err, 0)
		if got := key.ExpiresAt.Sub(f.Store.Now()); got != 7*day {
			t.Errorf("the new key lives %s, want the default", got)
		}
		must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, old.ID))
	})
}

// By rotating itself a key gets another secret and never a later end, and a
// read-only key gets nothing.
func TestKeyRotatesItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{Purpose: "p", Access: models.AccessWish{Services: []string{"keyport"}}, Expires: models.ExpiresAt(f.Store.Now().Add(20 * day))})
		end, access := key.ExpiresAt, key.Access
		for range 3 {
			f.Clock.Advance(day)
			_, _, err := f.Store.RotateAPIKey(f.AsKey(secret), f.Alice.ID, key.ID, models.Rotation{Expires: models.ExpiresAt(end.Add(time.Second))})
			wantProblem(t, err, "Expires")
			key, secret, err = f.Store.RotateAPIKey(f.AsKey(secret), f.Alice.ID, key.ID, models.Rotation{Expires: models.MaximumExpiry()})
			wantKind(t, err, 0)
			if !key.ExpiresAt.Equal(end) || !key.Access.Within(access) {
				t.Fatalf("the new key ends %s, want %s; access %v", key.ExpiresAt, end, key.Access)
			}
		}
		reading, secret := f.Issue(f.Alice, models.NewKey{Purpose: "r", Access: models.AccessWish{Level: "ReadOnly"}})
		_, _, err := f.Store.RotateAPIKey(f.AsKey(secret), f.Alice.ID, reading.ID, models.Rotation{})
		wantKind(t, err, models.Forbidden)
		_, _, err = f.Store.IssueAPIKey(f.AsKey(secret), f.Alice.ID, models.NewKey{Purpose: "r"})
		wantKind(t, err, models.Forbidden)
	})
}

// Of rotations at once, and of one that is sent again, one makes a key.
func TestRotateOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for name, formID := range map[string]string{"same form": "one form", "no form": ""} {
			refused := models.Conflict
			if formID == "" {
				refused = models.Invalid
			}
			old, _ := f.Issue(f.Alice, models.NewKey{Purpose: name})
			f.Clock.Advance(time.Minute)
			var made atomic.Int32
			var wg sync.WaitGroup
			ctx := f.As(f.Alice)
			for range 8 {
				wg.Go(func() {
					_, _, err := f.Store.RotateAPIKey(ctx, f.Alice.ID, old.ID, models.Rotation{Overlap: day, FormID: formID})
					if err == nil {
						made.Add(1)
					} else {
						wantKind(t, err, refused)
					}
				})
			}
			if wg.Wait(); made.Load() != 1 {
				t.Errorf("%s: %d keys were made", name, made.Load())
			}
		}
	})
}

// A member of the team that owns an account rotates its keys; when he is no
// member any more, he does not.
func TestOwnerTeamRotates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Platform", 0, f.Alice)
		own(f, f.Robot, team)
		old, _ := f.Issue(f.Robot, models.NewKey{Purpose: "p"})
		f.Clock.Advance(time.Minute)
		key, _, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Robot.ID, old.ID, models.Rotation{})
		wantKind(t, err, 0)
		f.Clock.Advance(time.Minute)
		key, _, err = f.Store.RotateAPIKey(f.As(f.Admin), f.Robot.ID, key.ID, models.Rotation{})
		wantKind(t, err, 0)
		must[models.User](t)(f.Store.RemoveTeamMember(storetest.Console(), team.ID, f.Alice.ID))
		_, _, err = f.Store.RotateAPIKey(f.As(f.Alice), f.Robot.ID, key.ID, models.Rotation{})
		wantKind(t, err, models.NotFound)
	})
}
