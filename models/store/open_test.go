package store_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

func wantOpenError(t *testing.T, err error, part string) {
	t.Helper()
	var refused *store.OpenError
	if !errors.As(err, &refused) || !strings.Contains(refused.Message, part) {
		t.Fatalf("error = %v, want an *OpenError that says %q", err, part)
	}
}

func open(t *testing.T, url string) error {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, Keyring: storetest.Keyring(t, 1)})
	if err == nil {
		s.Close()
	}
	return err
}

func TestOpenSQLiteRefusals(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear database, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, url, want string }{
		{"empty", "", "not understood"},
		{"no path", "sqlite:", "not understood"},
		{"memory", "sqlite::memory:", "not understood"},
		{"NUL", "sqlite:a\x00b", "not understood"},
		{"unknown kind", "mysql://root@localhost/keyport", "not understood"},
		{"missing folders", "sqlite:" + filepath.Join(folder, "a", "b", "keyport.db"), "does not exist"},
		{"folder", "sqlite:" + folder, "is a folder"},
		{"below a file", "sqlite:" + filepath.Join(text, "keyport.db"), "is not a folder"},
		{"not a database", "sqlite:" + text, "is not a SQLite database"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantOpenError(t, open(t, tt.url), tt.want) })
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("refusals left %v behind", left)
	}
}

func TestOpenSQLiteFiles(t *testing.T) {
	for name, prefix := range map[string]string{"plain": "sqlite:", "with slashes": "sqlite://"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new folder", "key port?#%41.db")
			s := storetest.OpenURL(t, prefix+path, store.Options{})
			if _, err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
				info, err := os.Stat(file)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != want {
					t.Errorf("mode of %s = %o, want %o", filepath.Base(file), got, want)
				}
			}
			if !regexp.MustCompile(`^SQLite 3\.\d+\.\d+$`).MatchString(s.Engine()) {
				t.Errorf("engine = %q", s.Engine())
			}
		})
	}
}

func TestOpenPostgresRefusals(t *testing.T) {
	good := storetest.PostgreSQL.Empty(t)
	change := func(edit func(u *url.URL, q url.Values)) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		edit(u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	tests := []struct{ name, url, want string }{
		{"bad port", "postgres://localhost:port/keyport", "not understood"},
		{"bad option", "postgres://localhost/keyport?sslmode=perhaps", "not understood"},
		{"nobody listens", "postgres://maya:secret-word@127.0.0.1:1/keyport", "can't be reached"},
		{"no socket", change(func(_ *url.URL, q url.Values) { q.Set("host", "/no/such/folder") }), "can't be reached"},
		{"no database", change(func(u *url.URL, _ url.Values) { u.Path = "/keyport_missing" }), "does not exist"},
		{"no user", change(func(u *url.URL, q url.Values) { u.User = nil; q.Set("user", "keyport_nobody") }), "refused the user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := open(t, tt.url)
			wantOpenError(t, err, tt.want)
			if strings.Contains(err.Error(), "secret-word") {
				t.Error("the error holds the password")
			}
		})
	}
}

func TestOpenPostgres(t *testing.T) {
	s := storetest.Open(t, storetest.PostgreSQL)
	if !regexp.MustCompile(`^PostgreSQL \d+\.\d+$`).MatchString(s.Engine()) {
		t.Errorf("engine = %q", s.Engine())
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}
