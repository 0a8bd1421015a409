package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// Of a key that is in the cache each client keeps its own last use, as of any
// other.
func TestSeenVerified(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		warm(t, f.Store, secret)
		start := f.Clock.Now()
		uses := []struct {
			client string
			after  time.Duration
		}{{"one", 1}, {"one", 3}, {"two", 4}, {"one", 2}, {"three\xff", 5}, {"three\xff", 6}, {"two", 7}}
		for _, use := range uses {
			v := warm(t, f.Store, secret)
			v.Found = start.Add(use.after * time.Second)
			f.Store.SeenVerified(&v, "192.0.2.1", use.client)
		}
		f.Clock.Advance(time.Minute)
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		got := ""
		for _, use := range must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Alice), f.Alice.ID, key.ID)) {
			got += fmt.Sprint(use.UserAgent, " ", use.UsedAt.Sub(start), ", ")
		}
		if want := "two 7s, three\uFFFD 6s, one 3s, "; got != want {
			t.Errorf("uses: %s, want %s", got, want)
		}
		if left := f.Store.TakeSeen(); len(left) != 0 {
			t.Errorf("once written, there are still %v", left)
		}
	})
}

// A client that is known costs nothing.
func TestSeenVerifiedAllocations(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	v := warm(t, f.Store, secret)
	if got := testing.AllocsPerRun(200, func() { f.Store.SeenVerified(&v, "192.0.2.1", "curl/8.5") }); got != 0 {
		t.Errorf("%v allocations for a client that is known, want none", got)
	}
}

// Keys that lose their place in the cache lose no use.
func TestSeenVerifiedOfManyKeys(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	keys := make([]models.Verified, 300)
	for i := range keys {
		keys[i] = models.Verified{KeyID: fmt.Sprint("apikeys-", i), UserID: int64(i + 1), Username: "robot", Access: models.WholeAccess(),
			Expires: f.Clock.Now().AddDate(0, 1, 0), Found: f.Clock.Now().Add(time.Duration(i) * time.Second)}
	}
	places := f.Store.CrowdCache(keys, "192.0.2.1")
	if got := f.Store.CachedKeys(); got != places {
		t.Fatalf("%d keys are in the cache, want the %d that two sets have places for", got, places)
	}
	seen := f.Store.TakeSeen()
	for _, key := range keys {
		if uses := seen[key.KeyID]; len(uses) != 1 || !uses[0].UsedAt.Equal(key.Found) || uses[0].Address != "192.0.2.1" {
			t.Errorf("%s: got %+v, want one use, at %v", key.KeyID, uses, key.Found)
		}
	}
}

// More clients than have numbers are noted as well.
func TestSeenVerifiedByManyClients(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	v := warm(t, f.Store, secret)
	start := f.Clock.Now()
	const clients = 6000
	for i := range clients {
		v.Found = start.Add(time.Duration(i) * time.Millisecond)
		f.Store.SeenVerified(&v, "192.0.2.1", fmt.Sprint("curl/", i))
	}
	uses := f.Store.TakeSeen()[v.KeyID]
	if len(uses) != models.MaxKeyUses || uses[0].UserAgent != fmt.Sprint("curl/", clients-1) {
		t.Errorf("got %+v, want the newest %d of %d clients", uses, models.MaxKeyUses, clients)
	}
}

// No use is lost while uses are taken to be written.
func TestSeenVerifiedWhileTaken(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	const keys, calls = 8, 3000
	var last [keys]time.Time
	var ids [keys]string
	newest := map[string]time.Time{}
	take := func() {
		for id, uses := range f.Store.TakeSeen() {
			if uses[0].UsedAt.After(newest[id]) {
				newest[id] = uses[0].UsedAt
			}
		}
	}
	var load sync.WaitGroup
	for n := range keys {
		_, secret := f.Issue(f.Alice, models.NewKey{})
		v := warm(t, f.Store, secret)
		ids[n] = v.KeyID
		load.Go(func() {
			for i := range calls {
				v.Found = v.Found.Add(time.Millisecond)
				f.Store.SeenVerified(&v, "192.0.2.1", fmt.Sprint("curl/", i/50%3))
			}
			last[n] = v.Found
		})
	}
	done := make(chan struct{})
	go func() { load.Wait(); close(done) }()
	for running := true; running; take() {
		select {
		case <-done:
			running = false
		default:
		}
	}
	for n, id := range ids {
		if !newest[id].Equal(last[n]) {
			t.Errorf("key %d: the last use is at %v, want %v", n, newest[id], last[n])
		}
	}
}
