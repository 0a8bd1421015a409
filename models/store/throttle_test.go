package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// from is a call of a browser at an address, with the marks that it keeps.
func from(address, devices string) context.Context {
	return models.WithRequest(nobody, models.Request{ID: "r", Address: address, UserAgent: "browser", Devices: devices})
}

// guess tries a wrong password and reports whether it was looked at, and how
// long to wait if not.
func guess(t *testing.T, s *store.Store, ctx context.Context, name string) (judged bool, wait time.Duration) {
	t.Helper()
	_, err := s.SignIn(ctx, name, "not the password of anybody")
	switch refusal := models.Refusal(err); {
	case refusal != nil && refusal.Kind == models.Unauthenticated:
		return true, 0
	case refusal != nil && refusal.Kind == models.TooMany:
		return false, refusal.RetryAfter
	}
	t.Fatalf("guess: %v", err)
	return false, 0
}

func signsIn(t *testing.T, s *store.Store, ctx context.Context, name string) error {
	t.Helper()
	_, err := s.SignIn(ctx, name, storetest.Password)
	return err
}

// Five tries are free; then each costs twice the wait of the one before.
func TestSlowedSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := from("192.0.2.1", "")
		for range models.ThrottlePair.Free {
			if judged, _ := guess(t, f.Store, ctx, "alice"); !judged {
				t.Fatal("a free try was refused")
			}
		}
		for n, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
			hashes := f.Store.Hashes()
			judged, wait := guess(t, f.Store, ctx, "alice")
			if judged || wait != want*time.Second {
				t.Fatalf("try %d: judged %t, wait %v, want to wait %v", n, judged, wait, want*time.Second)
			}
			err := signsIn(t, f.Store, ctx, "alice")
			wantKind(t, err, models.TooMany) // the right password does not help either
			if f.Store.Hashes() != hashes {
				t.Error("a refused try was hashed")
			}
			f.Clock.Advance(want * time.Second)
			if judged, _ := guess(t, f.Store, ctx, "alice"); !judged {
				t.Fatalf("try %d: refused after the wait", n)
			}
		}
		f.Clock.Advance(models.ThrottlePair.Longest)
		wantKind(t, signsIn(t, f.Store, ctx, "alice"), 0)
		if judged, _ := guess(t, f.Store, ctx, "alice"); !judged {
			t.Error("the wait goes on after the right password")
		}
	})
}

// Spellings of a name share one counter, also by forged addresses of one
// network, and on every replica, and after a restart.
func TestOneCounterForOneName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		replica := f.Reopen(1)
		judged := 0
		for n := range 60 {
			name := []string{"alice", "Alice", " ALICE ", "alicE\t", "\u00a0aLiCe"}[n%5]
			s := []*store.Store{f.Store, replica}[n%2]
			if ok, _ := guess(t, s, from("192.0.2."+strconv.Itoa(n), ""), name); ok {
				judged++
			}
		}
		if judged != models.ThrottlePair.Free {
			t.Errorf("judged = %d tries, want %d", judged, models.ThrottlePair.Free)
		}
		restarted := f.Reopen(1)
		if ok, _ := guess(t, restarted, from("192.0.2.77", ""), "alice"); ok {
			t.Error("a restart forgot the counter")
		}
		if ok, _ := guess(t, f.Store, from("198.51.100.1", ""), "alice"); !ok {
			t.Error("another network waits too")
		}
	})
}

// However many guesses come at once, no more are looked at than are free.
func TestBurstOfGuesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		stores := []*store.Store{f.Store, f.Reopen(1)}
		before := stores[0].Hashes() + stores[1].Hashes()
		var wg sync.WaitGroup
		for n := range 200 {
			wg.Go(func() {
				_, err := stores[n%2].SignIn(from("192.0.2.1", ""), "alice", "not the password of anybody")
				if kind := models.KindOf(err); kind != models.Unauthenticated && kind != models.TooMany && kind != models.Unavailable {
					t.Errorf("guess: %v", err)
				}
			})
		}
		wg.Wait()
		if got := stores[0].Hashes() + stores[1].Hashes() - before; got > int64(models.ThrottlePair.Free) || got == 0 {
			t.Errorf("hashes = %d, want at most %d", got, models.ThrottlePair.Free)
		}
	})
}

// A network that tries many names waits a quarter of an hour; successes do not
// count, and do not wash away failures.
func TestNetworkCounter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := from("2001:db8:1:200::1", "")
		for range models.ThrottleAddress.Free + 1 {
			wantKind(t, signsIn(t, f.Store, ctx, "bob"), 0)
		}
		f.Store.CheapDummy()
		judged := 0
		for n := range 40 {
			if n%8 == 7 {
				wantKind(t, okOr(signsIn(t, f.Store, from("2001:db8:1:2ff::7", ""), "bob"), models.TooMany), 0)
			}
			if ok, wait := guess(t, f.Store, ctx, fmt.Sprintf("name %d", n)); ok {
				judged++
			} else if wait != models.ThrottleAddress.Longest {
				t.Fatalf("wait = %v, want %v", wait, models.ThrottleAddress.Longest)
			}
		}
		if judged != models.ThrottleAddress.Free {
			t.Errorf("judged = %d, want %d", judged, models.ThrottleAddress.Free)
		}
		wantKind(t, signsIn(t, f.Store, from("2001:db8:1:300::1", ""), "bob"), 0)
		f.Clock.Advance(models.ThrottleAddress.Longest)
		wantKind(t, signsIn(t, f.Store, ctx, "bob"), 0)
	})
}

// cheapHashes makes wrong passwords quick to refuse: what is tested is how
// many, and not how slowly.
func cheapHashes(f *storetest.Fixture) {
	f.Store.CheapDummy()
	f.Exec("UPDATE users SET password_hash = ? WHERE password_hash <> ''", f.Store.CheapHash(storetest.Password))
}

// okOr drops an error of one kind.
func okOr(err error, kind models.Kind) error {
	if err != nil && models.KindOf(err) == kind {
		return nil
	}
	return err
}

// A name that nobody has is slowed down as one that somebody has, in the same
// words.
func TestUnknownNamesAreSlowedAlike(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		cheapHashes(f)
		answers := map[string]string{}
		for _, name := range []string{"alice", "nobody of this name"} {
			f.Exec("DELETE FROM sign_in_counters")
			var b strings.Builder
			for n := range 130 {
				f.Clock.Set(storetest.Epoch.Add(time.Duration(n) * time.Second))
				hashes := f.Store.Hashes()
				_, err := f.Store.SignIn(from(fmt.Sprintf("10.0.%d.1", n%40), ""), name, "not the password of anybody")
				fmt.Fprintln(&b, err, f.Store.Hashes()-hashes)
			}
			answers[name] = b.String()
		}
		if answers["alice"] != answers["nobody of this name"] {
			t.Errorf("answers differ:\n%s\n%s", answers["alice"], answers["nobody of this name"])
		}
		if !strings.Contains(answers["alice"], "15 minutes") {
			t.Error("strangers were never slowed down")
		}
	})
}

// A hundred failures in a row slow strangers down, not a browser that its owner
// has signed in with; the audit trail says so once.
func TestStrangersAndKnownBrowsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		cheapHashes(f)
		device := must[string](t)(f.Store.RememberDevice(from("192.0.2.1", ""), f.Alice.ID))
		events := newEvents(t, f, func() {
			for n := range models.ThrottleStrangers.Free + 20 {
				judged, _ := guess(t, f.Store, from(fmt.Sprintf("10.1.%d.1", n), ""), "alice")
				if judged != (n < models.ThrottleStrangers.Free) {
					t.Fatalf("guess %d: judged = %t", n, judged)
				}
			}
		})
		slowed := 0
		for _, e := range events {
			if e.Category == models.LoginFailed && strings.Contains(e.Message, "is slowed down") {
				slowed++
			}
		}
		if slowed != 1 || len(events) != store.MostAlike+1 {
			t.Errorf("events = %d, of which %d say that strangers wait; want %d and 1", len(events), slowed, store.MostAlike+1)
		}
		wantKind(t, signsIn(t, f.Store, from("203.0.113.9", ""), "alice"), models.TooMany)
		wantKind(t, signsIn(t, f.Store, from("10.1.0.1", device), "alice"), 0)
		wantKind(t, signsIn(t, f.Store, from("203.0.113.9", ""), "alice"), models.TooMany)
		wantKind(t, signsIn(t, f.Store, from("203.0.113.9", ""), "bob"), 0)

		// One try each quarter of an hour is left to strangers.
		for range 3 {
			f.Clock.Advance(models.ThrottleStrangers.Longest)
			judged := 0
			for n := range 10 {
				if ok, _ := guess(t, f.Store, from(fmt.Sprintf("10.2.%d.1", n), ""), "alice"); ok {
					judged++
				}
			}
			if judged != 1 {
				t.Errorf("judged = %d in a quarter of an hour, want 1", judged)
			}
		}
	})
}

func TestKnownBrowser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		blank := from("192.0.2.1", "")
		device := must[string](t)(f.Store.RememberDevice(blank, f.Alice.ID))
		known := from("192.0.2.1", device)
		if again := must[string](t)(f.Store.RememberDevice(known, f.Alice.ID)); again != "" {
			t.Errorf("a known browser was made known again: %q", again)
		}
		// It has a counter of its own, which ends too.
		judged := 0
		for range 30 {
			if ok, _ := guess(t, f.Store, known, "alice"); ok {
				judged++
			}
		}
		if judged != models.ThrottleDevice.Free {
			t.Errorf("judged = %d tries of a known browser, want %d", judged, models.ThrottleDevice.Free)
		}
		wantKind(t, signsIn(t, f.Store, blank, "alice"), 0)

		// A mark is for one user, and can't be made up.
		for name, mark := range map[string]string{
			"bob's": must[string](t)(f.Store.RememberDevice(from("x", ""), f.Bob.ID)), "cut": device[:len(device)-1], "none": "",
			"changed":        strings.Replace(device, strconv.FormatInt(f.Alice.ID, 10)+"-", strconv.FormatInt(f.Bob.ID, 10)+"-", 1),
			"huge":           strings.Repeat(device+".", 100),
			"other ring":     must[string](t)(f.Reopen(2).RememberDevice(from("x", ""), f.Alice.ID)),
			"beyond the end": "x.x.x.x." + device,
		} {
			if got := must[string](t)(f.Store.RememberDevice(from("192.0.2.9", mark), f.Alice.ID)); got == "" {
				t.Errorf("%s: the mark counts as alice's", name)
			}
		}
		// A browser of two people stays known to both.
		both := must[string](t)(f.Store.RememberDevice(from("192.0.2.9", device), f.Bob.ID))
		for _, id := range []int64{f.Alice.ID, f.Bob.ID} {
			if got := must[string](t)(f.Store.RememberDevice(from("192.0.2.9", both), id)); got != "" {
				t.Errorf("the browser of two people is not known to %d", id)
			}
		}
		// A mark signs nobody in, ends after a year, and can be taken back.
		_, err := f.Store.SignIn(known, "alice", "")
		wantKind(t, okOr(err, models.TooMany), 0)
		f.Clock.Advance(models.DeviceLife)
		if got := must[string](t)(f.Store.RememberDevice(known, f.Alice.ID)); got == "" {
			t.Error("the browser is known after its end")
		}
		device = must[string](t)(f.Store.RememberDevice(blank, f.Alice.ID))
		events := newEvents(t, f, func() {
			if n := must[int](t)(f.Store.ForgetMyDevices(f.As(f.Alice))); n == 0 {
				t.Error("no browser was forgotten")
			}
		})
		if len(events) != 1 || events[0].Message != "The browsers known of alice were forgotten" {
			t.Errorf("events = %+v", events)
		}
		if got := must[string](t)(f.Store.RememberDevice(from("x", device), f.Alice.ID)); got == "" {
			t.Error("a forgotten browser is known")
		}
		for range 60 {
			must[string](t)(f.Store.RememberDevice(blank, f.Bob.ID))
		}
		if n := f.Count(fmt.Sprintf("SELECT count(*) FROM known_devices WHERE user_id = %d", f.Bob.ID)); n > 50 {
			t.Errorf("bob has %d known browsers, want at most 50", n)
		}
	})
}

// Names that nobody has leave few rows, and push out no counter that is at its
// limit; what is over is removed.
func TestCountersStayFew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		victim := from("192.0.2.1", "")
		for range 5 {
			guess(t, f.Store, victim, "alice")
		}
		f.Store.CheapDummy()
		for n := range 3000 {
			guess(t, f.Store, from(fmt.Sprintf("10.9.%d.%d", n%10, n%250), ""), fmt.Sprintf("name %d", n))
		}
		if n, most := f.Count("SELECT count(*) FROM sign_in_counters"), 10*(1+2*30)+3; n > most {
			t.Errorf("rows = %d after 3000 names from 10 networks, want at most %d", n, most)
		}
		wantKind(t, f.Store.ForgetSignIns(nobody), 0)
		if ok, _ := guess(t, f.Store, victim, "alice"); ok {
			t.Error("a counter at its limit was lost")
		}
		f.Clock.Advance(25 * time.Hour)
		wantKind(t, f.Store.ForgetSignIns(nobody), 0)
		if n := f.Count("SELECT count(*) FROM sign_in_counters"); n != 0 {
			t.Errorf("rows = %d after a day, want 0", n)
		}
		if d := dump(t, f); strings.Contains(d, "name 17") {
			t.Error("a name as typed was stored")
		}
	})
}

// Counters are raised before the hash and taken back when there was none.
func TestTriesThatWereNotJudged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, release := f.Store.HoldHashing()
		for range 20 {
			ctx, cancel := context.WithTimeout(from("192.0.2.1", ""), 50*time.Millisecond)
			_, err := f.Store.SignIn(ctx, "alice", storetest.Password)
			wantKind(t, err, models.Unavailable)
			cancel()
		}
		release()
		wantKind(t, signsIn(t, f.Store, from("192.0.2.1", ""), "alice"), 0)
	})
}

// An hour of fifty guesses a second at one name, from two hundred addresses:
// the owner gets in each minute, and at most a hundred guesses in a row are
// looked at without a pause. Of the guesses from a network that was told to
// wait, one in twenty is really made: it must be refused.
func TestAttackOfAnHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const minutes, perMinute = 60, 50 * 60
		cheapHashes(f)
		device := must[string](t)(f.Store.RememberDevice(from("192.0.2.1", ""), f.Alice.ID))
		random := rand.New(rand.NewPCG(7, 11))
		waits := map[int]time.Time{}
		judged, inARow, longest := 0, 0, 0
		var last time.Time
		for minute := range minutes {
			for n := range perMinute {
				now := storetest.Epoch.Add(time.Duration(minute)*time.Minute + time.Duration(n)*time.Minute/perMinute)
				network := random.IntN(200)
				if now.Before(waits[network]) && random.IntN(20) > 0 {
					continue
				}
				f.Clock.Set(now)
				ok, wait := guess(t, f.Store, from(fmt.Sprintf("10.%d.7.%d", network, random.IntN(250)), ""), "alice")
				if ok && now.Before(waits[network]) {
					t.Fatalf("a guess was looked at %v too early", waits[network].Sub(now))
				}
				waits[network] = now.Add(wait)
				if !ok {
					continue
				}
				if now.Sub(last) >= models.ThrottleStrangers.First {
					inARow = 0
				}
				last, judged, inARow = now, judged+1, inARow+1
				longest = max(longest, inARow)
			}
			if err := signsIn(t, f.Store, from("192.0.2.1", device), "alice"); err != nil {
				t.Fatalf("minute %d: the owner was kept out: %v", minute, err)
			}
		}
		if longest > models.ThrottleStrangers.Free {
			t.Errorf("%d guesses in a row were looked at, want at most %d", longest, models.ThrottleStrangers.Free)
		}
		if most := models.ThrottleStrangers.Free + minutes/15; judged > most || judged < models.ThrottleStrangers.Free {
			t.Errorf("%d guesses were looked at in an hour, want at most %d", judged, most)
		}
	})
}
