//go:build unix

// Package storetest gives tests a store on both databases, with people in it
// and a clock to move:
//
//	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) { … })
//
// PostgreSQL is the one that TEST_DATABASE_URL names, else a throw-away server
// that the test process starts itself. If there is none the test fails.
package storetest

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Engine is a database that the store runs on.
type Engine string

// The engines.
const (
	SQLite     Engine = "SQLite"
	PostgreSQL Engine = "PostgreSQL"
)

// Engines lists both.
var Engines = []Engine{SQLite, PostgreSQL}

// Epoch is when each test's clock starts: in the middle of a second, so that
// cut fractions show.
var Epoch = time.Date(2026, 11, 23, 10, 30, 0, 123456000, time.UTC)

// Password opens the account of each person of a fixture.
const Password = "correct horse battery staple"

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows t.
func NewClock(t time.Time) *Clock { return &Clock{now: t} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Set sets the clock.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Master returns the n-th master key for tests.
func Master(n byte) []byte {
	master := make([]byte, models.MasterKeySize)
	for i := range master {
		master[i] = n
	}
	return master
}

// Keyring returns a keyring of those master keys, newest first.
func Keyring(t testing.TB, masters ...byte) *models.Keyring {
	t.Helper()
	var keys [][]byte
	for _, n := range masters {
		keys = append(keys, Master(n))
	}
	ring, err := models.NewKeyring(keys...)
	if err != nil {
		t.Fatalf("NewKeyring: %v", err)
	}
	return ring
}

// Open returns a migrated store without users on a database of its own.
func Open(t testing.TB, e Engine) *store.Store {
	t.Helper()
	return OpenURL(t, e.URL(t), store.Options{})
}

// URL makes a migrated database without users for the test, and returns its
// address.
func (e Engine) URL(t testing.TB) string {
	t.Helper()
	if e == PostgreSQL {
		return Postgres(t)
	}
	return copySQLite(t, empty)
}

// Empty makes a database without any table, and returns its address.
func (e Engine) Empty(t testing.TB) string {
	t.Helper()
	if e == PostgreSQL {
		return newDatabase(t, "template0")
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "keyport.db")
}

// OpenURL opens a database with the keyring and clock of tests, unless o has
// others.
func OpenURL(t testing.TB, url string, o store.Options) *store.Store {
	t.Helper()
	o.URL = url
	if o.Keyring == nil {
		o.Keyring = Keyring(t, 1)
	}
	if o.Now == nil {
		o.Now = NewClock(Epoch).Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Each runs a test on both engines, beside other tests: each has a database of
// its own, and so must not lean on anything else that others may touch.
func Each(t *testing.T, run func(t *testing.T, f *Fixture)) {
	t.Helper()
	t.Parallel()
	for _, e := range Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			run(t, New(t, e))
		})
	}
}

// SQL returns a connection past the store, for looking at and tampering with
// what it stored.
func SQL(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := openSQL(url)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
