//go:build unix

package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest/pgserver"
)

// templates are databases that those of tests are copied from, since copying
// is faster than migrating, and hashing passwords is slow on purpose.
type templates struct {
	url             string  // of the server
	admin           *sql.DB // its own database, open until the process ends
	strategy        string  // the cheapest way to copy a database
	empty, peopled  string  // database names
	emptyFile, file []byte  // the same for SQLite
}

// Postgres makes a migrated database without users for the test, and returns
// its address. It is removed at the end of the test.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, server(t).empty)
}

func server(t testing.TB) templates {
	t.Helper()
	made, err := postgresTemplates()
	if err != nil {
		t.Fatalf("This test needs PostgreSQL. Run npm ci in the repository's root, which brings one: %v", err)
	}
	return made
}

// postgresTemplates finds or starts the server and makes the templates, once in
// the process. The started server ends with the process.
var postgresTemplates = sync.OnceValues(func() (templates, error) {
	made := templates{url: os.Getenv("TEST_DATABASE_URL")}
	if made.url == "" {
		s, err := pgserver.Start()
		if err != nil {
			return made, err
		}
		made.url = s.URL
	}
	var err error
	if made.admin, err = openSQL(made.url); err != nil {
		return made, err
	}
	if err := dropLeftovers(made.admin); err != nil {
		return made, err
	}
	if made.strategy, err = copyStrategy(made.admin); err != nil {
		return made, err
	}
	for name, fill := range map[*string]func(*store.Store) error{&made.empty: nil, &made.peopled: addPeople} {
		*name = databaseName()
		if _, err := made.admin.Exec("CREATE DATABASE " + *name + " TEMPLATE template0"); err != nil {
			return made, err
		}
		if err := prepare(withDatabase(made.url, *name), fill); err != nil {
			return made, err
		}
	}
	return made, nil
})

// copyStrategy copies the files of a database. What is newer and the default
// since PostgreSQL 15 writes each page to the log instead, which is better for
// big servers and takes six times as long here.
func copyStrategy(db *sql.DB) (string, error) {
	var version int
	err := db.QueryRow("SELECT current_setting('server_version_num')::integer").Scan(&version)
	if err != nil || version < 150000 {
		return "", err
	}
	return " STRATEGY file_copy", nil
}

// sqliteTemplates makes the same as files.
var sqliteTemplates = sync.OnceValues(func() (made templates, err error) {
	folder, err := os.MkdirTemp("", "keyport-test-")
	if err != nil {
		return made, err
	}
	defer os.RemoveAll(folder)
	for file, fill := range map[*[]byte]func(*store.Store) error{&made.emptyFile: nil, &made.file: addPeople} {
		path := filepath.Join(folder, rand.Text())
		if err := prepare("sqlite:"+path, fill); err != nil {
			return made, err
		}
		if *file, err = os.ReadFile(path); err != nil {
			return made, err
		}
	}
	return made, nil
})

// prepare migrates a database and fills it. Closing the store moves all of
// SQLite's journal into the file.
func prepare(url string, fill func(*store.Store) error) error {
	ctx := context.Background()
	ring, err := models.NewKeyring(Master(1))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: url, Keyring: ring, Now: NewClock(Epoch).Now})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	if err := s.CheckKeyring(ctx); err != nil || fill == nil {
		return err
	}
	return fill(s)
}

func addPeople(s *store.Store) error {
	for _, name := range []string{"Alice", "Bob", "Charlie", "Admin", "Robot"} {
		wish := models.NewUser{Username: strings.ToLower(name), DisplayName: name, Email: strings.ToLower(name) + "@example.com", Password: Password}
		if name == "Robot" {
			wish.Password, wish.IsService = "", true
		}
		if _, err := s.CreateUser(Console(), wish, name == "Admin"); err != nil {
			return err
		}
	}
	return nil
}

// The two files to copy.
func empty(made templates) []byte   { return made.emptyFile }
func peopled(made templates) []byte { return made.file }

func copySQLite(t testing.TB, which func(templates) []byte) string {
	t.Helper()
	made, err := sqliteTemplates()
	if err != nil {
		t.Fatalf("make the SQLite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "keyport.db")
	if err := os.WriteFile(path, which(made), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

const namePrefix = "keyport_test_"

// databaseName tells when it was made, so that a later run can remove what a
// killed one left behind.
func databaseName() string {
	return fmt.Sprintf("%s%d_%s", namePrefix, time.Now().Unix(), strings.ToLower(rand.Text()[:10]))
}

// newDatabase copies a template for the test.
func newDatabase(t testing.TB, template string) string {
	t.Helper()
	made := server(t)
	name := databaseName()
	if _, err := made.admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + template + made.strategy); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if _, err := made.admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return withDatabase(made.url, name)
}

// dropLeftovers removes databases of runs that began more than an hour ago.
func dropLeftovers(db *sql.DB) error {
	rows, err := db.Query("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", namePrefix)
	if err != nil {
		return err
	}
	defer rows.Close()
	var old []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		at, _, _ := strings.Cut(strings.TrimPrefix(name, namePrefix), "_")
		if seconds, err := strconv.ParseInt(at, 10, 64); err == nil && time.Since(time.Unix(seconds, 0)) > time.Hour {
			old = append(old, name)
		}
	}
	for _, name := range old {
		db.Exec("DROP DATABASE IF EXISTS " + name) // another run may be doing the same
	}
	return rows.Err()
}

func openSQL(address string) (*sql.DB, error) {
	path, isFile := strings.CutPrefix(address, "sqlite:")
	if !isFile {
		return sql.Open("pgx", address)
	}
	return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_time_integer_format=unix_micro&_inttotime=1")
}

// withDatabase returns the address of another database of the same server.
func withDatabase(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Path = "/" + name
	return u.String()
}
