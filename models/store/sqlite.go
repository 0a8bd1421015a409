package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"gorm.io/gorm"
	"modernc.org/sqlite"
)

var (
	errIsFolder  = errors.New("is a folder")
	errNotFolder = errors.New("parent is not a folder")
)

// SQLite's primary result codes that mean something to us.
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// sqliteCode returns the extended result code inside err, 0 for none.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// openSQLite opens the file with one connection for writing and a few for
// reading: SQLite has one writer at a time, and a queue in front of it is
// fairer than its own busy waiting.
func (s *Store) openSQLite(ctx context.Context, path string) error {
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.ContainsRune(path, 0) {
		return badURL(nil)
	}
	if err := createFile(path); err != nil {
		return fileError(path, err)
	}
	write, err := s.openFile(ctx, path, 1, "immediate", "query_only(0)")
	if err != nil {
		return fileError(path, err)
	}
	read, err := s.openFile(ctx, path, max(4, runtime.GOMAXPROCS(0)), "deferred", "query_only(1)")
	if err != nil {
		return fileError(path, err)
	}
	var version string
	if err := read.WithContext(ctx).Raw("SELECT sqlite_version()").Scan(&version).Error; err != nil {
		return fileError(path, err)
	}
	s.read, s.write, s.engine = read, write, "SQLite "+version
	s.lookups = newFileLookups(sqliteDSN(path, "deferred", lookupSettings...))
	s.closers = append(s.closers, s.lookups.close)
	return nil
}

func (s *Store) openFile(ctx context.Context, path string, connections int, lock, mode string) (*gorm.DB, error) {
	db, err := sql.Open("sqlite", sqliteDSN(path, lock, mode))
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, db.Close)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	var tables int // the first read, so that a file of another kind is noticed
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return nil, err
	}
	opened, err := gorm.Open(sqliteDialect{conn: db}, s.gormConfig(true))
	if err == nil {
		err = tellEmptyRows(opened)
	}
	return opened, err
}

// sqliteDSN writes the driver's address of a file. Every setting is there for a
// reason: FULL keeps an acknowledged change through a power cut; immediate
// takes the write lock at once, where a later upgrade of a read lock would fail
// without waiting; times are numbers of microseconds, since the driver's own
// text form does not sort.
func sqliteDSN(path, lock string, more ...string) string {
	settings := url.Values{
		"_pragma":              append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}, more...),
		"_txlock":              {lock},
		"_time_integer_format": {"unix_micro"},
		"_inttotime":           {"1"},
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + settings.Encode()
}

// createFile makes the file readable by its owner alone before SQLite would
// make it readable by all; the journal files copy the mode. The folder is made
// if only it is missing: a longer missing path is more likely a typing error.
func createFile(path string) error {
	folder := filepath.Dir(path)
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return errNotFolder
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return errIsFolder
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
