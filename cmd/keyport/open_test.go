//go:build unix

package main

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
)

func TestBusyPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	folder := t.TempDir()
	env := environ{"KEYPORT_LISTEN": l.Addr().String(), "KEYPORT_DATA_DIR": filepath.Join(folder, "data")}
	got := keyport(t, env, "")
	got.want(t, exitFailure, "Another program uses the address "+l.Addr().String()+". Stop it, or choose another address with KEYPORT_LISTEN")
	if !isEmpty(t, folder) {
		t.Error("something was created")
	}
}

func TestForeignAddress(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	env := environ{"KEYPORT_LISTEN": "192.0.2.1:8080", "KEYPORT_DATA_DIR": filepath.Join(folder, "data")}
	keyport(t, env, "").want(t, exitFailure, "Keyport can't listen on 192.0.2.1:8080. Choose an address of this machine")
	if !isEmpty(t, folder) {
		t.Error("something was created")
	}
}

func TestNeighbour(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"127.0.0.1:8080": "127.0.0.1:8081", "[::1]:80": "[::1]:81", ":65535": ":8080"} {
		if got := neighbour(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestUnusablePlaces(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("this is no database, only words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		env      environ
		sentence string
	}{
		{"a file in place of the folder", environ{"KEYPORT_DATA_DIR": file}, "KEYPORT_DATA_DIR is " + file + ", which is not a folder."},
		{"a file in place of the folder, key given", environ{"KEYPORT_DATA_DIR": file, "KEYPORT_MASTER_KEY": oneKey}, file + " is not a folder, so the database can't be there."},
		{"no parent folder", environ{"KEYPORT_DATA_DIR": filepath.Join(folder, "a", "b")}, "The folder " + filepath.Join(folder, "a") + " does not exist"},
		{"unwritable", environ{"KEYPORT_DATA_DIR": "/proc/self/keyport"}, "KEYPORT_DATA_DIR"},
		{"not a database", environ{"KEYPORT_DATA_DIR": folder, "KEYPORT_DATABASE_URL": "sqlite:" + file}, file + " is not a SQLite database."},
		{"database is a folder", environ{"KEYPORT_DATA_DIR": folder, "KEYPORT_DATABASE_URL": "sqlite:" + folder}, folder + " is a folder."},
		{"no folder for the database", environ{"KEYPORT_DATA_DIR": folder, "KEYPORT_DATABASE_URL": "sqlite:" + filepath.Join(folder, "c", "d", "e.db")}, "does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			keyport(t, tt.env.with("KEYPORT_LISTEN", "127.0.0.1:0"), "").want(t, exitFailure, tt.sentence)
		})
	}
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(folder, "master.key")); err == nil {
			t.Error("a master key was left behind")
		}
	})
}

func TestUnreachablePostgreSQL(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	here, err := url.Parse(storetest.PostgreSQL.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	here.Path = "/nowhere"
	tests := []struct{ name, url, sentence string }{
		{"closed port", "postgres://maya:hunter2hunter2@" + closed + "/keyport", "The PostgreSQL server at 127.0.0.1 can't be reached."},
		{"no socket", "postgres://maya:hunter2hunter2@/keyport?host=" + t.TempDir(), "can't be reached"},
		{"no such database", here.String(), "The database nowhere does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			env := environ{"KEYPORT_LISTEN": "127.0.0.1:0", "KEYPORT_DATA_DIR": filepath.Join(folder, "data"), "KEYPORT_DATABASE_URL": tt.url}
			got := keyport(t, env, "")
			got.want(t, exitFailure, tt.sentence)
			if strings.Contains(got.stderr, "hunter2") {
				t.Errorf("shows the password: %s", got.stderr)
			}
			if !isEmpty(t, folder) {
				t.Error("something was created")
			}
		})
	}
}

func TestMasterKey(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		made := keyport(t, env, password+"\n", "user", "create", "--username", "maya", "--admin")
		made.want(t, exitOK, "")
		onServer := env["KEYPORT_DATABASE_URL"] != ""
		if got := strings.Contains(made.stderr, "All replicas need the same one"); got != onServer {
			t.Errorf("notice about replicas: got %v, want %v", got, onServer)
		}
		file := filepath.Join(env["KEYPORT_DATA_DIR"], "master.key")
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("master key file: got %v, %v, want mode 0600", info, err)
		}
		keyport(t, env, "", "apikey", "create", "--user", "maya", "--purpose", "CI").want(t, exitOK, "")

		keyport(t, env.with("KEYPORT_MASTER_KEY", anotherKey), "").want(t, exitFailure, "This is the wrong master key")

		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.Rename(file, copied); err != nil {
			t.Fatal(err)
		}
		keyport(t, env, "").want(t, exitFailure, "The master key file "+file+" is missing, but the database")
		if _, err := os.Stat(file); err == nil {
			t.Error("a new master key was made for a database in use")
		}
		keyport(t, env, "", "migrate").want(t, exitOK, "") // needs none
		startPortal(t, env.with("KEYPORT_MASTER_KEY_FILE", copied)).stop(t)

		old, err := os.ReadFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		startPortal(t, env.with("KEYPORT_MASTER_KEY", anotherKey+"\n"+string(old))).stop(t) // rotated
	})
}

func TestWriteMasterKeyNeverReplaces(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "master.key")
	first := newMasterKey()
	if err := writeMasterKey(file, first); err != nil {
		t.Fatal(err)
	}
	if err := writeMasterKey(file, newMasterKey()); err == nil {
		t.Error("a second key replaced the first")
	}
	got, err := readMasterFile(file, environ{}.get)
	if err != nil || len(got) != 1 || string(got[0]) != string(first) {
		t.Errorf("got another key, or %v", err)
	}
}

func TestUnattendedAdministrator(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		admin := env.with("KEYPORT_ADMIN_USERNAME", "maya", "KEYPORT_ADMIN_PASSWORD", password, "KEYPORT_ADMIN_EMAIL", "maya@example.com", "KEYPORT_LOG", "json")
		for range 2 { // the second start finds the administrator
			p := startPortal(t, admin)
			p.stop(t)
			if strings.Contains(p.stdout.String(), "token=") || strings.Contains(p.stderr.String(), password) {
				t.Errorf("got %s%s", p.stdout, p.stderr)
			}
		}
		keyport(t, env, "another sentence of words\n", "user", "create", "--username", "MAYA").want(t, exitFailure, "")
	})
}

// Told to end while it starts, the program ends without a complaint.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	stdout, stderr := &journal{}, &journal{}
	if got := run(ctx, nil, place(t, storetest.SQLite).get, strings.NewReader(""), stdout, stderr); got != exitOK {
		t.Errorf("got %d: %s", got, stderr)
	}
}
