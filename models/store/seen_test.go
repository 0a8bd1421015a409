package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		start := f.Store.Now()
		lastUse := func() string {
			got := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, key.ID))
			if got.LastUsedAt == nil {
				return "never"
			}
			return fmt.Sprint(got.LastUsedAt.Sub(start), " ", got.LastUsedIP)
		}
		steps := []struct {
			name    string
			at      time.Duration // of the use, 0 for none
			address string
			flush   time.Duration // when the marks are written, if it is their turn
			want    string
		}{
			{"first use", 10 * time.Second, "192.0.2.1", 10 * time.Second, "10s 192.0.2.1"},
			{"again within a minute", 40 * time.Second, "192.0.2.2", 69 * time.Second, "10s 192.0.2.1"},
			{"its turn", 0, "", 70 * time.Second, "40s 192.0.2.2"},
			{"within a minute of that", 100 * time.Second, "192.0.2.3", 129 * time.Second, "40s 192.0.2.2"},
			{"its turn again", 0, "", 130 * time.Second, "1m40s 192.0.2.3"},
			{"a late mark of another replica", 20 * time.Second, "192.0.2.4", 190 * time.Second, "1m40s 192.0.2.3"},
			{"bad address", time.Hour, "\x00\xff" + strings.Repeat("x", 600), time.Hour, "1h0m0s \uFFFD\uFFFD" + strings.Repeat("x", 510)},
		}
		if got := lastUse(); got != "never" {
			t.Errorf("before any use: %s", got)
		}
		for _, step := range steps {
			if step.at > 0 {
				f.Store.Seen(key.ID, "192.0.2.9", "curl/8.5", start.Add(step.at-time.Second)) // an earlier one of the same flush gives way
				f.Store.Seen(key.ID, step.address, "curl/8.5", start.Add(step.at).In(time.FixedZone("", 3600)))
				f.Store.Seen(key.ID, "192.0.2.9", "curl/8.5", start.Add(step.at-2*time.Second))
			}
			f.Clock.Advance(start.Add(step.flush).Sub(f.Clock.Now()))
			wantKind(t, f.Store.FlushSeen(nobody), 0)
			if got := lastUse(); got != step.want {
				t.Errorf("%s: %s, want %s", step.name, got, step.want)
			}
		}
		if !opens(t, f, secret) {
			t.Error("noting a use broke the seal")
		}
		f.Store.Seen("apikeys-gone", "", "curl/8.5", start)
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		wantKind(t, f.Store.FlushSeen(nobody), 0)
	})
}

// A client that is known costs nothing, and of several each keeps its own last
// use.
func TestSeenAgain(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	key, _ := f.Issue(f.Alice, models.NewKey{})
	clients, n := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, 0
	use := func() {
		f.Store.Seen(key.ID, clients[n%len(clients)], "curl/8.5", f.Clock.Now().Add(time.Duration(n)*time.Second))
		n++
	}
	for range clients {
		use()
	}
	if got := testing.AllocsPerRun(200, use); got != 0 {
		t.Errorf("%v allocations for a client that is known, want none", got)
	}
	last := f.Clock.Now().Add(time.Duration(n-1) * time.Second)
	f.Clock.Set(last)
	wantKind(t, f.Store.FlushSeen(nobody), 0)
	uses := must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Alice), f.Alice.ID, key.ID))
	for i, got := range uses {
		want := clients[(n-1-i)%len(clients)]
		if got.Address != want || !got.UsedAt.Equal(last.Add(time.Duration(-i)*time.Second)) {
			t.Errorf("use %d: %s at %v, want %s, %d seconds before %v", i, got.Address, got.UsedAt, want, i, last)
		}
	}
	if len(uses) != len(clients) {
		t.Errorf("%d clients, want %d", len(uses), len(clients))
	}
}

// Whoever names himself differently in each call has the newest names kept, and
// no more memory than that takes.
func TestSeenByEverNewClients(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	key, _ := f.Issue(f.Alice, models.NewKey{})
	other, _ := f.Issue(f.Alice, models.NewKey{})
	start := f.Clock.Now()
	f.Store.Seen(other.ID, "192.0.2.1", "curl/8.5", start)
	const calls = 20_000
	for i := range calls {
		f.Store.Seen(key.ID, "192.0.2.1", fmt.Sprint("\xff", i), start.Add(time.Duration(i)*time.Microsecond))
	}
	if got := f.Store.SeenClients(); got > 1000 {
		t.Errorf("%d clients are remembered, want those of two keys and a few hundred more at the most", got)
	}
	wantKind(t, f.Store.FlushSeen(nobody), 0)
	uses := must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Alice), f.Alice.ID, key.ID))
	for i, got := range uses {
		if want := fmt.Sprint("\uFFFD", calls-1-i); got.UserAgent != want {
			t.Errorf("use %d is by %q, want %q", i, got.UserAgent, want)
		}
	}
	if uses := must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Alice), f.Alice.ID, other.ID)); len(uses) != 1 || uses[0].UserAgent != "curl/8.5" {
		t.Errorf("the other key was used by %+v", uses)
	}
}

// Marks that could not be written are kept.
func TestSeenSurvivesAnOutage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		f.Store.Seen(key.ID, "192.0.2.1", "curl/8.5", f.Clock.Now())
		f.Exec("ALTER TABLE api_keys RENAME COLUMN last_used_ip TO elsewhere")
		if err := f.Store.FlushSeen(nobody); err == nil {
			t.Fatal("flushed into a column that is not there")
		}
		f.Exec("ALTER TABLE api_keys RENAME COLUMN elsewhere TO last_used_ip")
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		if got := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, key.ID)); got.LastUsedAt == nil {
			t.Error("the mark was lost")
		}
	})
}

// Two replicas that flush many keys at once don't stand in each other's way.
func TestSeenFromTwoReplicas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		fill(t, f, 500)
		other := f.Store
		if f.Engine == storetest.PostgreSQL {
			other = f.Reopen(1)
		}
		var wg sync.WaitGroup
		for i := range 500 {
			f.Store.Seen(fmt.Sprint("k", i+1), "a", "curl/8.5", f.Clock.Now())
			other.Seen(fmt.Sprint("k", i+1), "b", "curl/8.5", f.Clock.Now().Add(time.Hour))
		}
		wg.Go(func() { wantNoError(t, f.Store.FlushSeen(nobody)) })
		wg.Go(func() { wantNoError(t, other.FlushSeen(nobody)) })
		wg.Wait()
		f.Clock.Advance(time.Minute) // now it is the turn of what had to wait
		wantNoError(t, f.Store.FlushSeen(nobody))
		wantNoError(t, other.FlushSeen(nobody))
		if got := f.Count("SELECT count(*) FROM api_keys WHERE last_used_ip = 'b'"); got != 500 {
			t.Errorf("keys with the later use = %d, want 500", got)
		}
	})
}

// wantNoError is wantKind for other goroutines than the test's own.
func wantNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
