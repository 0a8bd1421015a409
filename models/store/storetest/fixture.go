//go:build unix

package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Fixture is a store with people in it.
type Fixture struct {
	Store  *store.Store
	Engine Engine
	URL    string
	Clock  *Clock
	Log    *Log

	Alice, Bob, Charlie models.User // persons
	Admin               models.User // person, administrator
	Robot               models.User // service account

	t testing.TB

	pool     *sql.DB // past the store
	openPool sync.Once
}

// New returns a fixture on a database of its own.
func New(t testing.TB, e Engine) *Fixture {
	t.Helper()
	f := &Fixture{Engine: e, Clock: NewClock(Epoch), Log: &Log{}, t: t}
	if e == PostgreSQL {
		f.URL = newDatabase(t, server(t).peopled)
	} else {
		f.URL = copySQLite(t, peopled)
	}
	f.Store = f.Reopen(1)
	for name, user := range map[string]*models.User{"alice": &f.Alice, "bob": &f.Bob, "charlie": &f.Charlie, "admin": &f.Admin, "robot": &f.Robot} {
		var err error
		if *user, err = f.Store.UserByName(Console(), name); err != nil {
			t.Fatalf("UserByName(%q): %v", name, err)
		}
	}
	return f
}

// Reopen opens the fixture's database once more, as another replica would, with
// a keyring of those master keys, newest first.
func (f *Fixture) Reopen(masters ...byte) *store.Store {
	f.t.Helper()
	return OpenURL(f.t, f.URL, store.Options{Keyring: Keyring(f.t, masters...), Now: f.Clock.Now, Log: slog.New(slog.NewJSONHandler(f.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
}

// Console is a context in which the keyport command acts.
func Console() context.Context {
	return models.WithActor(context.Background(), &models.Actor{Via: models.ViaConsole})
}

// As signs a user in and returns a context in which they act by that session.
func (f *Fixture) As(u models.User) context.Context {
	f.t.Helper()
	digest := sha256.Sum256([]byte(rand.Text()))
	session := models.Session{Digest: digest[:], UserID: u.ID, Address: "192.0.2.7", UserAgent: "storetest"}
	if err := f.Store.StartSession(context.Background(), session); err != nil {
		f.t.Fatalf("StartSession(%s): %v", u.Username, err)
	}
	return models.WithActor(context.Background(), &models.Actor{
		User: u, Via: models.ViaSession, SessionDigest: digest[:], SignedInAt: f.Store.Now(), Address: "192.0.2.7", UserAgent: "storetest",
	})
}

// Issue makes a key for a user and returns it with its secret.
func (f *Fixture) Issue(u models.User, wish models.NewKey) (models.APIKey, models.Secret) {
	f.t.Helper()
	if wish.Purpose == "" {
		wish.Purpose = "Key of " + u.Username
	}
	key, secret, err := f.Store.IssueAPIKey(Console(), u.ID, wish)
	if err != nil {
		f.t.Fatalf("IssueAPIKey(%s): %v", u.Username, err)
	}
	return key, secret
}

// AsKey returns a context in which the owner of a secret acts by that key.
func (f *Fixture) AsKey(secret models.Secret) context.Context {
	f.t.Helper()
	user, key, err := f.Store.Authenticate(context.Background(), secret.Reveal())
	if err != nil {
		f.t.Fatalf("Authenticate: %v", err)
	}
	return models.WithActor(context.Background(), &models.Actor{User: user, Via: models.ViaKey, Address: "192.0.2.8", Key: key.Acting()})
}

// Exec runs a statement past the store. Placeholders are question marks.
func (f *Fixture) Exec(statement string, args ...any) {
	f.t.Helper()
	if f.Engine == PostgreSQL {
		for n := 1; strings.Contains(statement, "?"); n++ {
			statement = strings.Replace(statement, "?", "$"+strconv.Itoa(n), 1)
		}
	}
	if _, err := f.past().Exec(statement, args...); err != nil {
		f.t.Fatalf("%s: %v", statement, err)
	}
}

// Count returns the number that a query answers, past the store.
func (f *Fixture) Count(query string) int {
	f.t.Helper()
	var n int
	if err := f.past().QueryRow(query).Scan(&n); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// past returns a connection past the store. It stays open, since tests look
// often and opening takes longer than looking.
func (f *Fixture) past() *sql.DB {
	f.t.Helper()
	f.openPool.Do(func() {
		f.pool = SQL(f.t, f.URL)
		f.pool.SetMaxIdleConns(1)
	})
	return f.pool
}

// Events returns the whole audit trail, oldest first.
func (f *Fixture) Events() []models.Event {
	f.t.Helper()
	var all []models.Event
	for {
		page, err := f.Store.Events(Console(), models.Page{Skip: len(all), Take: models.MaxTake})
		if err != nil {
			f.t.Fatalf("Events: %v", err)
		}
		if all = append(all, page...); len(page) < models.MaxTake {
			break
		}
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// Log keeps what the store logs.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds a line.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns all lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
