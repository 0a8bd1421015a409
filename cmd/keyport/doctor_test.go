//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
)

// examined runs the doctor and returns its verdicts by check.
func examined(t *testing.T, env environ, code int) map[string]finding {
	t.Helper()
	got := keyport(t, env, "", "doctor", "--json")
	if got.code != code {
		t.Fatalf("got exit %d, want %d: %s%s", got.code, code, got.stdout, got.stderr)
	}
	var list []finding
	if err := json.Unmarshal([]byte(got.stdout), &list); err != nil {
		t.Fatalf("%v: %s", err, got.stdout)
	}
	found := map[string]finding{}
	for _, f := range list {
		found[f.Check] = f
	}
	return found
}

func wantFinding(t *testing.T, found map[string]finding, check string, v verdict, words string) {
	t.Helper()
	if f := found[check]; f.Verdict != v || !strings.Contains(f.Message, words) {
		t.Errorf("%s: got %q %q, want %q %q", check, f.Verdict, f.Message, v, words)
	}
}

// chooseMail chooses a mail server as administrators do in the portal.
func chooseMail(t *testing.T, env environ) {
	t.Helper()
	db := storetest.SQL(t, databaseOf(env))
	if _, err := db.Exec("UPDATE mail_settings SET host = 'smtp.example.com', sender = 'keys@example.com'"); err != nil {
		t.Fatal(err)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		keyport(t, env, password+"\n", "user", "create", "--username", "maya", "--admin").want(t, exitOK, "")
		keyport(t, env, "", "apikey", "create", "--user", "maya", "--purpose", "CI").want(t, exitOK, "")
		well := examined(t, env.with("KEYPORT_PUBLIC_URL", "https://keys.example.com"), exitOK)
		for _, check := range []string{"configuration", "public URL", "folder", "database", "schema", "master key", "audit trail", "subscriptions"} {
			wantFinding(t, well, check, isWell, "")
		}
		wantFinding(t, well, "mail", warn, "KEYPORT_SMTP_URL")
		chooseMail(t, env)
		wantFinding(t, examined(t, env, exitOK), "mail", warn, "KEYPORT_PUBLIC_URL")
		wantFinding(t, examined(t, env.with("KEYPORT_PUBLIC_URL", "https://keys.example.com"), exitOK), "mail", isWell, "chosen in the portal")
		wantFinding(t, well, "expiry task", warn, "has not run yet")

		if err := os.Chmod(env["KEYPORT_DATA_DIR"], 0o755); err != nil {
			t.Fatal(err)
		}
		found := examined(t, env.with("KEYPORT_PUBLIC_URL", "http://keys.example.com"), exitOK)
		wantFinding(t, found, "folder", warn, "chmod 700 "+env["KEYPORT_DATA_DIR"])
		wantFinding(t, found, "public URL", warn, "not encrypted")

		wantFinding(t, examined(t, env.with("KEYPORT_MASTER_KEY", anotherKey), exitFailure), "master key", bad, "This is the wrong master key")
		if err := os.Remove(filepath.Join(env["KEYPORT_DATA_DIR"], "master.key")); err != nil {
			t.Fatal(err)
		}
		wantFinding(t, examined(t, env, exitFailure), "master key", bad, "is missing, but the database")

		if _, err := storetest.SQL(t, databaseOf(env)).Exec("DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)"); err != nil {
			t.Fatal(err)
		}
		wantFinding(t, examined(t, env, exitFailure), "schema", bad, "Run: keyport migrate")
	})
}

// Before the first start the doctor has warnings, and leaves nothing behind.
func TestDoctorMakesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	env := environ{"KEYPORT_DATA_DIR": filepath.Join(folder, "data")}
	wantFinding(t, examined(t, env, exitOK), "database", warn, "does not exist yet")
	if !isEmpty(t, folder) {
		t.Error("something was created")
	}
	lines := keyport(t, env, "", "doctor")
	lines.want(t, exitOK, "")
	if !strings.Contains(lines.stdout, "ok    configuration") {
		t.Errorf("got %q, want lines for people", lines.stdout)
	}
	unreachable := env.with("KEYPORT_DATABASE_URL", "postgres://maya:hunter2hunter2@/keyport?host="+folder)
	got := keyport(t, unreachable, "", "doctor")
	got.want(t, exitFailure, "marked bad")
	if !strings.Contains(got.stdout, "can't be reached") || strings.Contains(got.stdout+got.stderr, "hunter2") {
		t.Errorf("got %q, %q; want why, without the password", got.stdout, got.stderr)
	}
}
