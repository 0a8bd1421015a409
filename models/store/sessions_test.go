package store_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		digest := models.ActorFrom(f.As(f.Alice)).SessionDigest
		now := f.Store.Now()
		session, user, err := f.Store.Session(nobody, digest)
		wantKind(t, err, 0)
		if user != f.Alice || !bytes.Equal(session.Digest, digest) || session.UserID != f.Alice.ID || session.Address != "192.0.2.7" || session.UserAgent != "storetest" {
			t.Errorf("session = %+v of %+v", session, user)
		}
		for name, got := range map[string]time.Time{"created": session.CreatedAt, "seen": session.SeenAt, "signed in": session.SignedInAt, "ends": session.EndsAt.Add(-models.SessionAbsolute)} {
			if !got.Equal(now) || got.Location() != time.UTC {
				t.Errorf("%s = %v, want %v", name, got, now)
			}
		}
		for _, bad := range [][]byte{nil, {}, []byte("x"), digest[:31]} {
			_, _, err := f.Store.Session(nobody, bad)
			wantKind(t, err, models.Unauthenticated)
			if err := f.Store.StartSession(nobody, models.Session{Digest: bad, UserID: f.Alice.ID}); err == nil {
				t.Errorf("a session with a digest of %d bytes was started", len(bad))
			}
		}
	})
}

func TestSessionEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		digest := models.ActorFrom(f.As(f.Alice)).SessionDigest
		live := func() bool {
			_, _, err := f.Store.Session(nobody, digest)
			if err != nil {
				wantKind(t, err, models.Unauthenticated)
			}
			return err == nil
		}
		start := f.Clock.Now()
		for f.Clock.Now().Before(start.Add(models.SessionAbsolute - models.SessionIdle + time.Minute)) {
			f.Clock.Advance(models.SessionIdle - time.Second)
			if !live() {
				t.Fatalf("not live %v after it was last seen", models.SessionIdle-time.Second)
			}
			wantKind(t, f.Store.TouchSession(nobody, digest), 0)
		}
		f.Clock.Set(start.Add(models.SessionAbsolute - time.Second))
		wantKind(t, f.Store.TouchSession(nobody, digest), 0)
		if !live() {
			t.Error("not live before its absolute end")
		}
		f.Clock.Advance(time.Second)
		if live() {
			t.Error("live at its absolute end")
		}
		digest = models.ActorFrom(f.As(f.Alice)).SessionDigest
		f.Clock.Advance(models.SessionIdle)
		wantKind(t, f.Store.TouchSession(nobody, digest), 0)
		if live() {
			t.Error("an idle session came back to life")
		}
		digest = models.ActorFrom(f.As(f.Alice)).SessionDigest
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Alice.ID)
		if live() {
			t.Error("the session of an inactive user is live")
		}
		wantKind(t, f.Store.StartSession(nobody, models.Session{Digest: bytes.Repeat([]byte{1}, 32), UserID: f.Alice.ID}), models.Unauthenticated)
		wantKind(t, f.Store.StartSession(nobody, models.Session{Digest: bytes.Repeat([]byte{1}, 32), UserID: 4711}), models.Unauthenticated)
	})
}

func TestTouchSessionWritesOnceAMinute(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		digest := models.ActorFrom(f.As(f.Alice)).SessionDigest
		start := f.Store.Now()
		for _, tt := range []struct{ after, want time.Duration }{{30 * time.Second, 0}, {59 * time.Second, 0}, {60 * time.Second, 60 * time.Second}, {90 * time.Second, 60 * time.Second}, {10 * time.Second, 60 * time.Second}} {
			f.Clock.Set(start.Add(tt.after))
			wantKind(t, f.Store.TouchSession(nobody, digest), 0)
			session, _, err := f.Store.Session(nobody, digest)
			wantKind(t, err, 0)
			if got := session.SeenAt.Sub(start); got != tt.want {
				t.Errorf("after %v: seen at %v, want %v", tt.after, got, tt.want)
			}
		}
	})
}

func TestMySessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		first := f.As(f.Alice)
		f.Clock.Advance(time.Minute)
		second, bob := f.As(f.Alice), f.As(f.Bob)
		f.Clock.Advance(time.Minute)
		third := f.As(f.Alice)
		wantKind(t, f.Store.TouchSession(nobody, models.ActorFrom(first).SessionDigest), 0)
		order := must[[]models.Session](t)(f.Store.SessionsOf(second))
		if len(order) != 3 || !bytes.Equal(order[2].Digest, models.ActorFrom(second).SessionDigest) {
			t.Errorf("sessions = %d, want 3 with the one seen longest ago last", len(order))
		}
		wantKind(t, f.Store.EndMySession(second, models.ActorFrom(bob).SessionDigest), models.NotFound)
		events := newEvents(t, f, func() { wantKind(t, f.Store.EndMySession(second, models.ActorFrom(third).SessionDigest), 0) })
		if len(events) != 1 || events[0].Category != models.Modified {
			t.Errorf("events = %+v", events)
		}
		wantKind(t, f.Store.EndMySession(second, models.ActorFrom(third).SessionDigest), models.NotFound)
		if got := must[int](t)(f.Store.EndMyOtherSessions(second)); got != 1 {
			t.Errorf("ended = %d, want 1", got)
		}
		if got := must[[]models.Session](t)(f.Store.SessionsOf(second)); len(got) != 1 {
			t.Errorf("sessions left = %d, want 1", len(got))
		}
		if got := must[[]models.Session](t)(f.Store.SessionsOf(bob)); len(got) != 1 {
			t.Errorf("bob's sessions = %d, want 1", len(got))
		}
		if events := newEvents(t, f, func() { must[int](t)(f.Store.EndMyOtherSessions(second)) }); len(events) != 0 {
			t.Errorf("events when there was nothing to end = %v", events)
		}
		_, err := f.Store.SessionsOf(nobody)
		wantKind(t, err, models.Unauthenticated)
		wantKind(t, f.Store.EndSession(nobody, models.ActorFrom(second).SessionDigest), 0)
		_, err = f.Store.EndMyOtherSessions(second)
		wantKind(t, err, models.Unauthenticated)
	})
}

// Sessions that are over are cleared away when their user signs in again.
func TestOldSessionsAreRemoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.As(f.Alice)
		f.As(f.Bob)
		f.Clock.Advance(models.SessionIdle)
		f.As(f.Alice)
		if got := f.Count("SELECT count(*) FROM sessions"); got != 2 {
			t.Errorf("sessions = %d, want Alice's new one and Bob's", got)
		}
	})
}

func TestFlash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		digest := models.ActorFrom(f.As(f.Alice)).SessionDigest
		if got := must[string](t)(f.Store.TakeFlash(nobody, digest)); got != "" {
			t.Errorf("flash = %q, want none", got)
		}
		wantKind(t, f.Store.SetFlash(nobody, digest, "Saved."), 0)
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := []string{}
		for range 8 {
			wg.Go(func() {
				flash, err := f.Store.TakeFlash(nobody, digest)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if flash != "" {
					got = append(got, flash)
				}
			})
		}
		wg.Wait()
		if strings.Join(got, "|") != "Saved." {
			t.Errorf("takers got %q, want the notice once", got)
		}
	})
}
