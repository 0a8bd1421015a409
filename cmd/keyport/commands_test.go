//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestCommandLineRefused(t *testing.T) {
	t.Parallel()
	key := []string{"apikey", "create", "--user", "maya", "--purpose", "CI", "--expires"}
	tests := []struct {
		name     string
		args     []string
		stdin    string
		sentence string
	}{
		{"unknown command", []string{"run"}, "", `There is no command "run".`},
		{"unknown option", []string{"serve", "--port", "80"}, "", "keyport serve: flag provided but not defined: -port."},
		{"stray word", []string{"serve", "now"}, "", `doesn't know what to do with "now"`},
		{"stray word after migrate", []string{"migrate", "down"}, "", `doesn't know what to do with "down"`},
		{"half a command", []string{"user"}, "", "Say what to do: keyport user create."},
		{"other half", []string{"apikey", "delete"}, "", `There is no command "apikey delete".`},
		{"user without name", []string{"user", "create"}, password, "Enter a user name."},
		{"user with wrong name and address", []string{"user", "create", "--username", "me", "--email", "x"}, password, "The user name me is reserved. Choose another one. Enter one e-mail address"},
		{"person without password", []string{"user", "create", "--username", "maya"}, "", "A person needs a password."},
		{"person with empty line", []string{"user", "create", "--username", "maya"}, "\n" + password, "A person needs a password."},
		{"weak password", []string{"user", "create", "--username", "maya"}, "hunter2hunter2\n", "Use at least 15 characters."},
		{"endless password", []string{"user", "create", "--username", "maya"}, strings.Repeat("quiet river ", 1<<18), "Use 256 characters or fewer."},
		{"password on the command line", []string{"user", "create", "--username", "maya", "--password", "hunter2hunter2"}, "", "flag provided but not defined: -password"},
		{"key without user", []string{"apikey", "create", "--purpose", "CI"}, "", "needs --user NAME and --purpose TEXT"},
		{"key without purpose", []string{"apikey", "create", "--user", "maya", "--purpose", " "}, "", "needs --user NAME and --purpose TEXT"},
		{"expiry in words", append(key, "never"), "", `--expires is "never". Use a date and time such as`},
		{"expiry of no days", append(key, "0d"), "", "--expires"},
		{"expiry of less than no days", append(key, "-1d"), "", "--expires"},
		{"expiry that wraps around", append(key, "213684d"), "", "--expires"},
		{"expiry without zone", append(key, "2027-05-22T21:59:59"), "", "--expires"},
		{"expiry as a date", append(key, "2027-05-22"), "", "--expires"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			env := environ{"KEYPORT_LISTEN": "127.0.0.1:0", "KEYPORT_DATA_DIR": filepath.Join(folder, "data")}
			got := keyport(t, env, tt.stdin, tt.args...)
			got.want(t, exitUsage, tt.sentence)
			if strings.Count(got.stderr, "\n") != 1 || got.stdout != "" || strings.Contains(got.stderr, "hunter2") {
				t.Errorf("got %q and %q, want one line without secrets on standard error", got.stdout, got.stderr)
			}
			if !isEmpty(t, folder) {
				t.Error("something was created")
			}
		})
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		first := keyport(t, env, "", "migrate")
		first.want(t, exitOK, "")
		if !strings.Contains(first.stdout, " steps.\n") {
			t.Errorf("got %q, want the number of steps", first.stdout)
		}
		if got, want := keyport(t, env, "", "migrate").stdout, "The database is up to date.\n"; got != want {
			t.Errorf("again: got %q, want %q", got, want)
		}
	})
}

func TestUserCreate(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		if got, want := keyport(t, env, password+"\r\n", "user", "create", "--username", "maya").stdout, "Created maya (Users-1).\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		robot := keyport(t, env, "not read", "user", "create", "--username", "robot", "--service-account")
		robot.want(t, exitOK, "")
		again := keyport(t, env, password, "user", "create", "--username", "Maya")
		again.want(t, exitFailure, "keyport: ")
		if strings.Contains(again.stderr, password) || again.stdout != "" {
			t.Errorf("got %q and %q", again.stdout, again.stderr)
		}
	})
}

func TestKeyCreate(t *testing.T) {
	t.Parallel()
	env := place(t, storetest.SQLite)
	keyport(t, env, "", "user", "create", "--username", "robot", "--service-account").want(t, exitOK, "")
	create := func(more ...string) outcome {
		return keyport(t, env, "", append([]string{"apikey", "create"}, more...)...)
	}
	create("--user", "bob", "--purpose", "CI").want(t, exitFailure, `There is no user "bob".`)
	create("--user", "robot", "--purpose", "CI\x00").want(t, exitFailure, "The purpose holds an invisible control character.")
	create("--user", "robot", "--purpose", "CI", "--expires", "1097d").want(t, exitFailure, "Choose a number of days from 1 to 366.")
	create("--user", "robot", "--purpose", "CI", "--expires", "2020-01-01T00:00:00Z").want(t, exitFailure, "The expiry is in the past.")
	both := create("--user", "robot", "--purpose", strings.Repeat("é", 201), "--expires", "2020-01-01T00:00:00Z")
	both.want(t, exitFailure, "The purpose has 201 characters. Use 200 or fewer. The expiry is in the past.")
	seen := map[string]bool{}
	for _, expires := range []string{"", "1d", " 366d ", "366d"} {
		got := create("--user", "robot", "--purpose", "CI", "--expires", expires)
		got.want(t, exitOK, "")
		key, more, _ := strings.Cut(got.stdout, "\n")
		if _, ok := models.ParseSecret(key); !ok || more != "" || got.stderr != "" || seen[key] {
			t.Errorf("expires %q: got %q and %q, want one new key", expires, got.stdout, got.stderr)
		}
		seen[key] = true
	}
}
