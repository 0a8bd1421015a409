//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// inUse fills a place with a robot and two keys, of which the first is revoked
// by revoke.
func inUse(t testing.TB, env environ) (first, second string, revoke func()) {
	t.Helper()
	keyport(t, env, "", "user", "create", "--username", "robot", "--service-account").want(t, exitOK, "")
	var keys []string
	for range 2 {
		made := keyport(t, env, "", "apikey", "create", "--user", "robot", "--purpose", "CI")
		made.want(t, exitOK, "")
		keys = append(keys, strings.TrimSpace(made.stdout))
	}
	return keys[0], keys[1], func() {
		config, err := readConfig(env.get)
		if err != nil {
			t.Fatal(err)
		}
		ring, err := models.NewKeyring(config.Masters...)
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(context.Background(), store.Options{URL: databaseOf(env), Keyring: ring})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		user, key, err := s.Authenticate(context.Background(), keys[0])
		if err == nil {
			_, err = s.RevokeAPIKey(storetest.Console(), user.ID, key.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// elsewhere is an empty place on the same engine, with the same master key.
func elsewhere(t testing.TB, env environ) environ {
	t.Helper()
	engine := storetest.SQLite
	if env["KEYPORT_DATABASE_URL"] != "" {
		engine = storetest.PostgreSQL
	}
	return place(t, engine).with("KEYPORT_MASTER_KEY_FILE", filepath.Join(env["KEYPORT_DATA_DIR"], "master.key"))
}

// wantKeys starts the portal and asks which of two keys work.
func wantKeys(t testing.TB, env environ, first, second int) func(keys ...string) {
	return func(keys ...string) {
		t.Helper()
		p := startPortal(t, env)
		defer p.stop(t)
		for i, want := range []int{first, second} {
			if got, _ := p.me(t, keys[i]); got != want {
				t.Errorf("key %d answers %d, want %d", i+1, got, want)
			}
		}
	}
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	const good, dead = http.StatusOK, http.StatusUnauthorized
	eachEngine(t, func(t *testing.T, env environ) {
		first, second, revoke := inUse(t, env)
		file, journal := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "journal")
		keyport(t, env, "", "backup", "--to", file).want(t, exitOK, "")
		keyport(t, env, "", "backup", "--to", file).want(t, exitFailure, "exists already")
		holdsNoSecret(t, env, file, first, second)
		revoke()
		for range 2 { // a journal takes the place of the one before
			keyport(t, env, "", "backup", "--journal", journal).want(t, exitOK, "")
		}

		keyport(t, env, "", "restore", "--from", file).want(t, exitFailure, "add --replace")
		wantKeys(t, env, dead, good)(first, second)
		done := keyport(t, env, "", "restore", "--from", file, "--replace")
		done.want(t, exitOK, "")
		if !strings.Contains(done.stdout, "2 API keys worked then. 1 of them came back revoked") || !strings.Contains(done.stdout, "The audit trail is whole") {
			t.Errorf("in its place: %s", done.stdout)
		}
		wantKeys(t, env, dead, good)(first, second)
		keyport(t, env, "", "audit", "verify").want(t, exitOK, "")

		for _, tt := range []struct {
			name          string
			options       []string
			first, second int
			told          string
		}{
			{"with a journal", []string{"--journal", journal}, dead, good, "The journal tells what had ended by"},
			{"knowing nothing", nil, dead, dead, "Nothing tells which keys were revoked from"},
			{"whatever may be", []string{"--accept-revived-keys"}, good, good, "KEYS MAY HAVE COME BACK TO LIFE"},
		} {
			there := elsewhere(t, env)
			done := keyport(t, there, "", append([]string{"restore", "--from", file}, tt.options...)...)
			done.want(t, exitOK, "")
			if !strings.Contains(done.stdout, tt.told) {
				t.Errorf("%s: %s", tt.name, done.stdout)
			}
			wantKeys(t, there, tt.first, tt.second)(first, second)
		}
	})
}

// holdsNoSecret looks into a backup for keys and the master key.
func holdsNoSecret(t testing.TB, env environ, file string, keys ...string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has the mode %v, want 0600; %v", info.Mode(), err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data[bytes.IndexByte(data, '\n')+1:]))
	if err != nil {
		t.Fatal(err)
	}
	zipped.Multistream(false)
	text, err := io.ReadAll(zipped)
	if err != nil || !bytes.Contains(text, []byte(`{"Table":"api_keys"`)) {
		t.Fatalf("the backup can't be read: %v", err)
	}
	master, err := os.ReadFile(filepath.Join(env["KEYPORT_DATA_DIR"], "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(master))
	for _, secret := range append(keys, lines[len(lines)-1]) {
		if bytes.Contains(text, []byte(secret[4:])) || bytes.Contains(data, []byte(secret[4:])) {
			t.Error("the backup holds a secret")
		}
	}
}

// damaged writes a changed copy of a file.
func damaged(t testing.TB, file string, change func([]byte) []byte) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What can't be restored is refused before anything is made or changed.
func TestRestoreRefused(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		first, second, _ := inUse(t, env)
		file := filepath.Join(t.TempDir(), "backup")
		keyport(t, env, "", "backup", "--to", file).want(t, exitOK, "")
		journal := filepath.Join(t.TempDir(), "journal")
		keyport(t, env, "", "backup", "--journal", journal).want(t, exitOK, "")
		cut := damaged(t, file, func(data []byte) []byte { return data[:len(data)/2] })
		keyport(t, env, "", "restore").want(t, exitUsage, "needs --from FILE")
		keyport(t, env, "", "backup").want(t, exitUsage, "needs --to FILE")
		keyport(t, env, "", "backup", "--to", filepath.Join(t.TempDir(), "no", "folder")).want(t, exitFailure, "can't be written")
		flipped := damaged(t, file, func(data []byte) []byte { data[len(data)/2] ^= 1; return data })
		for _, bad := range []string{cut, flipped} {
			keyport(t, env, "", "restore", "--replace", "--from", bad).want(t, exitFailure, "cut off or changed")
		}
		for _, change := range []func([]byte) []byte{
			func(data []byte) []byte { return data[:len(data)-100] }, func(data []byte) []byte { data[len(data)-100] ^= 1; return data },
		} {
			keyport(t, env, "", "restore", "--replace", "--from", file, "--journal", damaged(t, journal, change)).want(t, exitFailure, "not a whole journal")
		}
		keyport(t, env, "", "restore", "--replace", "--from", cut+"x").want(t, exitFailure, "can't be read")
		keyport(t, env, "", "restore", "--replace", "--from", file, "--journal", file).want(t, exitFailure, "is a backup and not a journal")
		keyport(t, env.with("KEYPORT_MASTER_KEY", anotherKey), "", "restore", "--replace", "--from", file).want(t, exitFailure, "another master key")
		after := filepath.Join(t.TempDir(), "after")
		keyport(t, env, "", "backup", "--to", after).want(t, exitOK, "")
		if was, is := tables(t, file), tables(t, after); !reflect.DeepEqual(was, is) {
			t.Errorf("the database holds %v, and held %v", is, was)
		}
		wantKeys(t, env, http.StatusOK, http.StatusOK)(first, second)

		nowhere := place(t, storetest.SQLite)
		keyport(t, nowhere, "", "restore", "--from", file).want(t, exitFailure, "Without the master key")
		keyport(t, nowhere.with("KEYPORT_MASTER_KEY", oneKey), "", "backup", "--to", file+"x").want(t, exitFailure, "There is no database")
		if _, err := os.Stat(nowhere["KEYPORT_DATA_DIR"]); err == nil {
			t.Error("something was made")
		}
	})
}

// Moving from SQLite to PostgreSQL is a backup and a restore.
func TestMoveToPostgreSQL(t *testing.T) {
	t.Parallel()
	env := place(t, storetest.SQLite)
	first, second, revoke := inUse(t, env)
	revoke()
	file, journal := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "journal")
	keyport(t, env, "", "backup", "--to", file, "--journal", journal).want(t, exitOK, "")
	there := env.with("KEYPORT_DATABASE_URL", storetest.PostgreSQL.Empty(t))
	keyport(t, there, "", "restore", "--from", file, "--journal", journal).want(t, exitOK, "")
	wantKeys(t, there, http.StatusUnauthorized, http.StatusOK)(first, second)
}
