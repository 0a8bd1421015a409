package store_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// knows waits until a store can tell keys that nobody made.
func knows(t *testing.T, s *store.Store) {
	t.Helper()
	soon(t, "no key is certainly unknown", func() bool { return s.CertainlyUnknown(models.NewSecret().Reveal()) })
}

// soon fails unless something comes true.
func soon(t *testing.T, otherwise string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(otherwise)
		}
	}
}

// Keys of every generation are known, whatever their state, and what nobody made
// is not.
func TestCertainlyUnknown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, old := f.Issue(f.Alice, models.NewKey{})
		newer := f.Reopen(2, 1)
		must[models.APIKey](t)(newer.RevokeAPIKey(storetest.Console(), f.Alice.ID, must[models.APIKey](t)(issue(f, newer, nil)).ID))
		var secret models.Secret
		must[models.APIKey](t)(issue(f, newer, &secret))
		knows(t, newer)
		for name, s := range map[string]models.Secret{"old generation": old, "new generation": secret} {
			if newer.CertainlyUnknown(s.Reveal()) {
				t.Errorf("%s: the key is called unknown", name)
			}
		}
		if newer.CertainlyUnknown("nonsense") {
			t.Error("what can't be a key is no business of the filter")
		}
		if stats := newer.KnownKeysStats(); stats.Known != 3 || stats.Bytes == 0 || stats.Refused == 0 {
			t.Errorf("stats = %+v, want 3 keys known and some refused", stats)
		}
	})
}

func issue(f *storetest.Fixture, s *store.Store, secret *models.Secret) (models.APIKey, error) {
	key, made, err := s.IssueAPIKey(f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "test"})
	if secret != nil {
		*secret = made
	}
	return key, err
}

// A key is known when it is given to somebody, at once where it was made and soon
// elsewhere.
func TestNewKeysAreKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		knows(t, f.Store)
		knows(t, other)
		for range 30 {
			_, secret := f.Issue(f.Alice, models.NewKey{})
			if f.Store.CertainlyUnknown(secret.Reveal()) {
				t.Fatal("a new key is unknown where it was made")
			}
			since := time.Now()
			soon(t, "a new key stays unknown to another replica", func() bool { return !other.CertainlyUnknown(secret.Reveal()) })
			if took := time.Since(since); took > 5*time.Second {
				t.Errorf("another replica knew a new key after %v", took)
			}
		}
		knows(t, other) // still
		if before := other.VerifyStats(); before.Good+before.Refused+before.Unknown != 0 {
			t.Errorf("keys were looked up: %+v", before)
		}
	})
}

// Keys that come in numbers, past the program, are soon known, and the filter
// grows with them.
func TestManyNewKeysAreKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		knows(t, f.Store)
		small := f.Store.KnownKeysStats()
		const more = 20_000 // beyond the least room, and than SQLite tells of
		f.FillAllKeys(more)
		f.Exec("UPDATE api_keys SET pepper_id = ?", key.PepperID) // which nobody tells of
		f.Store.ReadKnownKeysAgain()
		soon(t, "many new keys stay unknown", func() bool { return f.Store.KnownKeysStats().Known > more*99/100 })
		if grown := f.Store.KnownKeysStats(); grown.Bytes <= small.Bytes {
			t.Errorf("%d bytes for %d keys, as before", grown.Bytes, grown.Known)
		}
		if f.Store.CertainlyUnknown(secret.Reveal()) {
			t.Error("a key is unknown after growth")
		}
	})
}

// While keys are made, read and asked for at the same time, none that somebody
// was given is ever unknown where it was made.
func TestKnownKeysUnderLoad(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		defer f.Store.ReadKnownKeysAllTheTime()()
		knows(t, f.Store)
		var work sync.WaitGroup
		var unknown, certain atomic.Int64
		for range 4 {
			work.Go(func() {
				for range 25 {
					var secret models.Secret
					if _, err := issue(f, f.Store, &secret); err != nil {
						t.Error(err)
						return
					}
					for range 50 {
						if f.Store.CertainlyUnknown(secret.Reveal()) {
							unknown.Add(1)
						}
						if f.Store.CertainlyUnknown(models.NewSecret().Reveal()) {
							certain.Add(1)
						}
					}
				}
			})
		}
		work.Wait()
		if unknown.Load() > 0 {
			t.Errorf("new keys were called unknown %d times", unknown.Load())
		}
		if certain.Load() == 0 {
			t.Error("no key was certainly unknown, or nothing was tested")
		}
	})
}

// A replica that hears nothing any more calls no key unknown, and when it hears
// again it knows what was made meanwhile.
func TestKnownKeysWithTheFeedCut(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	replica, cut, heal := silenced(t, f)
	knows(t, replica)
	cut()
	_, secret := f.Issue(f.Alice, models.NewKey{})
	soon(t, "keys are called unknown although nothing is heard", func() bool { return !replica.CertainlyUnknown(models.NewSecret().Reveal()) })
	for since := time.Now(); time.Since(since) < time.Second; time.Sleep(time.Millisecond) {
		if replica.CertainlyUnknown(secret.Reveal()) {
			t.Fatal("a key is called unknown while nothing is heard")
		}
	}
	heal()
	soon(t, "the replica never knew keys again", func() bool {
		if replica.CertainlyUnknown(secret.Reveal()) {
			t.Fatal("a key that was made while nothing was heard is unknown")
		}
		return replica.CertainlyUnknown(models.NewSecret().Reveal())
	})
}

// Where the database does not tell of new keys, none is called unknown.
func TestKnownKeysUntold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec(map[storetest.Engine]string{storetest.SQLite: "DROP TRIGGER api_keys_made", storetest.PostgreSQL: "ALTER TABLE api_keys DISABLE TRIGGER api_keys_made"}[f.Engine])
		for since := time.Now(); time.Since(since) < 700*time.Millisecond; time.Sleep(time.Millisecond) {
			if f.Store.CertainlyUnknown(models.NewSecret().Reveal()) {
				t.Fatal("a key is called unknown")
			}
		}
		if stats := f.Store.KnownKeysStats(); stats.Known != 0 {
			t.Errorf("stats = %+v, want nothing known", stats)
		}
	})
}

// All keys are read without reading a single row: the index of digests is enough.
func TestReadingKnownKeysIsCheap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.FillAllKeys(20_000)
		var plan string
		err := f.Store.Snapshot(t.Context(), func(db *gorm.DB) error {
			plan = planOf(t, f, db, store.KeyPageQuery, []any{1, make([]byte, 32), 100})
			return nil
		})
		want := map[storetest.Engine]string{storetest.SQLite: "COVERING INDEX api_keys_digest", storetest.PostgreSQL: "Index Only Scan using api_keys_digest"}[f.Engine]
		if err != nil || !strings.Contains(plan, want) {
			t.Errorf("the plan is %s, want %s; %v", plan, want, err)
		}
	})
}
