package store

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// Options say where the data is and what the store works with.
type Options struct {
	URL     string          // "sqlite:path" or "postgres://…"
	Keyring *models.Keyring // digests and seals of keys
	Now     func() time.Time
	Log     *slog.Logger
}

// Store is the database with the operations of the portal. It is safe for use
// by many goroutines; several processes may share one PostgreSQL database.
type Store struct {
	keyring *models.Keyring
	clock   func() time.Time
	ownTime bool // the clock is the machine's
	log     *slog.Logger
	engine  string // "SQLite 3.54.1"

	// PostgreSQL has one pool, and read and write are the same. SQLite has one
	// connection that writes and several that only read.
	read, write *gorm.DB
	pool        *pgxpool.Pool // nil on SQLite
	lookups     *fileLookups  // nil on PostgreSQL
	closers     []func() error

	hashing                  *hasher
	seen                     *seenMarks
	verified                 *verifyCache
	known                    *knownKeys
	ended                    endedKeys
	services                 serviceCopy
	changes                  changeFeed
	member                   atomic.Pointer[membership] // nil for a command
	verifyCounts             verifyCounts
	activity                 activity
	bursts                   bursts
	signing                  signingKeys
	owners                   owners
	toAuthenticate, toVerify digestLookup
	toVerifyWithOwner        digestLookup
	toKnowOwner              digestLookup
	asks, asksWithOwner      keyAsks
	installation             atomic.Pointer[string] // InstallationID, once known
	happened                 chan struct{}
}

// Open connects to the database and checks that it can be used. It does not
// migrate. What fails is an *OpenError.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{keyring: o.Keyring, clock: o.Now, log: o.Log, hashing: newHasher(), seen: newSeenMarks(), happened: make(chan struct{}, 1), known: newKnownKeys()}
	s.verified = newVerifyCache(s.seen)
	s.seen.gather = s.verified.handOverAll
	if s.clock == nil {
		s.clock, s.ownTime = time.Now, true
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	switch scheme, rest, _ := strings.Cut(o.URL, ":"); scheme {
	case "sqlite":
		s.writeLookups(questionMark)
		err = s.openSQLite(ctx, strings.TrimPrefix(rest, "//"))
	case "postgres", "postgresql":
		s.writeLookups(dollar)
		err = s.openPostgres(ctx, o.URL)
	default:
		return nil, badURL(nil)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.noteKeyChanges()
	s.closers = append(s.closers, s.changes.stop)
	return s, nil
}

// Close gives up all connections. Marks of use that were not flushed are lost.
func (s *Store) Close() error {
	var first error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i](); err != nil && first == nil {
			first = err
		}
	}
	s.closers = nil
	return first
}

// Happened tells that something was committed here that may have to be sent out.
// Several things may be told of at once, and those of other replicas never are.
func (s *Store) Happened() <-chan struct{} { return s.happened }

func (s *Store) wake() {
	select {
	case s.happened <- struct{}{}:
	default:
	}
}

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	db, err := s.read.DB()
	if err == nil {
		err = db.PingContext(ctx)
	}
	return s.failure("ping", err)
}

// Engine returns the name and version of the database: "PostgreSQL 18.4".
func (s *Store) Engine() string { return s.engine }

// Now is the store's clock, as the store writes it down: UTC, microseconds.
func (s *Store) Now() time.Time { return utc(s.clock()) }

// utc is the form in which every time reaches the database. SQLite keeps a
// number of microseconds, which is PostgreSQL's precision too; a zone would be
// compared as text by one and not by the other.
func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// gormConfig is the same for both engines but for prepared statements: pgx
// prepares by itself, once for each connection.
func (s *Store) gormConfig(prepare bool) *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		PrepareStmt:            prepare,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		NowFunc:                s.Now,
		Logger:                 statementLog{s.log},
	}
}
