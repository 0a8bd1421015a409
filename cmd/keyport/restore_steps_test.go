//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/migrations"
	"github.com/keyport/keyport/models/store/storetest"
)

// older is what a version before this one left: a backup, a journal of a moment
// later, and keys in clear. testdata/backups/make.sh says how it was made.
type older struct {
	backup, journal                       string
	header                                store.BackupHeader
	Works, Limited, Revoked, RevokedLater string
}

func readOlder(t testing.TB, file string) older {
	t.Helper()
	name := strings.TrimSuffix(file, ".backup")
	o := older{backup: file, journal: name + ".journal"}
	if err := json.Unmarshal([]byte(readText(t, name+".json")), &o); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(readText(t, file), "\n")
	if err := json.Unmarshal([]byte(first), &o.header); err != nil {
		t.Fatal(err)
	}
	return o
}

// keys are those of the file by what became of them.
func (o older) keys(t testing.TB, s *store.Store) (working []string) {
	t.Helper()
	for name, secret := range map[string]string{"Works": o.Works, "Limited": o.Limited, "Revoked": o.Revoked, "RevokedLater": o.RevokedLater} {
		if _, _, err := s.Authenticate(context.Background(), secret); err == nil {
			working = append(working, name)
		}
	}
	slices.Sort(working)
	return working
}

// firstBackedUp is the step of the schema at which keyport backup came.
const firstBackedUp = 22

// Backups are kept for longer than a version: each that an older one wrote, from
// the first on that could, is restored by this one, on both databases.
func TestRestoreOfOlderSteps(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/backups/step-*.backup")
	if err != nil {
		t.Fatal(err)
	}
	for step := int64(firstBackedUp); step < migrations.Newest(); step++ {
		if name := fmt.Sprintf("testdata/backups/step-%d.backup", step); !slices.Contains(files, name) {
			t.Errorf("there is no %s. Make it before the schema goes on: testdata/backups/make.sh says how", name)
		}
	}
	for _, file := range files {
		for _, e := range storetest.Engines {
			t.Run(filepath.Base(file)+" on "+string(e), func(t *testing.T) {
				t.Parallel()
				o := readOlder(t, file)
				if want := fmt.Sprintf("step-%d.backup", o.header.Schema); want != filepath.Base(file) {
					t.Fatalf("it is a %s", want)
				}
				t.Run("all of it", func(t *testing.T) { restoreOlder(t, place(t, e), o) })
				t.Run("with its journal", func(t *testing.T) { restoreOlderWithJournal(t, place(t, e), o) })
			})
		}
	}
}

func restoreOlder(t *testing.T, env environ, o older) {
	env = env.with("KEYPORT_MASTER_KEY", oneKey)
	done := keyport(t, env, "", "restore", "--from", o.backup, "--accept-revived-keys")
	done.want(t, exitOK, "")
	if !strings.Contains(done.stdout, "4 API keys worked then. 0 of them came back revoked") || !strings.Contains(done.stdout, "The audit trail is whole") {
		t.Errorf("said %q", done.stdout)
	}
	keyport(t, env, "", "audit", "verify").want(t, exitOK, "")
	again := filepath.Join(t.TempDir(), "again")
	keyport(t, env, "", "backup", "--to", again).want(t, exitOK, "")
	before, after := tables(t, o.backup), tables(t, again)
	for table, rows := range before {
		if table != "audit_head" && table != "fan_out" { // they follow the event of the restore
			holdsRows(t, table, rows, after[table])
		}
	}
	if got, want := len(after["events"]), len(before["events"])+1; got != want {
		t.Errorf("%d events, want %d: those of then and the one of the restore", got, want)
	}
	s := openThen(t, env, o)
	if got, want := o.keys(t, s), []string{"Limited", "RevokedLater", "Works"}; !slices.Equal(got, want) {
		t.Errorf("the keys %v work, want %v", got, want)
	}
	wantOlderPeople(t, s, o)
	wantOlderSettings(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	startPortal(t, env).stop(t)
}

func restoreOlderWithJournal(t *testing.T, env environ, o older) {
	env = env.with("KEYPORT_MASTER_KEY", oneKey)
	done := keyport(t, env, "", "restore", "--from", o.backup, "--journal", o.journal)
	done.want(t, exitOK, "")
	if !strings.Contains(done.stdout, "Rights are as of the backup") { // no journal told of them then
		t.Errorf("said %q", done.stdout)
	}
	s := openThen(t, env, o)
	if got, want := o.keys(t, s), []string{"Limited", "Works"}; !slices.Equal(got, want) {
		t.Errorf("the keys %v work, want %v", got, want)
	}
	wantOlderPeople(t, s, o)
	wantOlderSettings(t, s)
}

// openThen opens the restored database at the time of the backup, whose keys have
// an end.
func openThen(t testing.TB, env environ, o older) *store.Store {
	t.Helper()
	then := storetest.NewClock(o.header.TakenAt.Add(time.Hour))
	s, err := store.Open(context.Background(), store.Options{URL: databaseOf(env), Keyring: keyringOf(t, env), Now: then.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func keyringOf(t testing.TB, env environ) *models.Keyring {
	t.Helper()
	config, err := readConfig(env.get)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := models.NewKeyring(config.Masters...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// wantOlderPeople checks who is there, what they may do and how they get in.
func wantOlderPeople(t testing.TB, s *store.Store, o older) {
	t.Helper()
	alice, err := s.SignIn(context.Background(), "alice", password)
	if err != nil {
		t.Fatalf("alice signs in: %v", err)
	}
	for name, want := range map[string]models.User{
		"admin": {ID: 1, Permissions: models.AllPermissions}, "alice": {ID: 2, Permissions: models.Views, Caretakes: true},
		"bob": {ID: 3, Caretakes: true}, "robot": {ID: 4},
	} {
		got, err := s.UserByName(byConsole(context.Background()), name)
		if err != nil || got.ID != want.ID || got.Permissions != want.Permissions || got.Caretakes != want.Caretakes || !got.IsActive {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	asAlice := models.WithActor(context.Background(), &models.Actor{User: alice, Via: models.ViaSession, SignedInAt: s.Now()})
	if owned, err := s.MyServiceAccounts(asAlice); err != nil || len(owned) != 1 || owned[0].Team != "Deployers" {
		t.Errorf("alice looks after %+v, %v", owned, err)
	}
	found, err := s.Verify(context.Background(), o.Limited)
	if err != nil || found.Access.Level != models.ReadOnly || !slices.Equal(found.Access.Services, []string{"billing"}) {
		t.Errorf("the limited key: %+v, %v", found.Access, err)
	}
}

// wantOlderSettings checks what was configured, and that what is locked opens.
func wantOlderSettings(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := byConsole(context.Background())
	if set, err := s.AuthSettings(ctx); err != nil || set.APIKeyDefaultDays != 90 || set.APIKeyMaximumDays != 400 {
		t.Errorf("settings: %+v, %v", set, err)
	}
	if list, err := s.Services(ctx); err != nil || len(list) != 1 || list[0].RatePerMinute != 600 || len(list[0].ReadOnly) != 1 {
		t.Errorf("services: %+v, %v", list, err)
	}
	list, err := s.Subscriptions(ctx, models.SubscriptionQuery{})
	if err != nil || len(list) != 2 || list[1].Name != "To the log" || list[1].IsDisabled || list[1].WebhookURL != "https://hooks.example.com/keyport" {
		t.Fatalf("subscriptions: %+v, %v", list, err)
	}
	if _, err := s.NewWebhookSecret(ctx, list[1].ID); err != nil {
		t.Errorf("a new secret in the place of the webhook's: %v", err)
	}
	if s, err := s.Subscription(ctx, list[1].ID); err != nil || s.OldSecretBox == nil {
		t.Errorf("the webhook's secret did not open: %v", err)
	}
}

// tables reads the rows of a backup, each by its columns.
func tables(t testing.TB, file string) map[string][]map[string]any {
	t.Helper()
	data := []byte(readText(t, file))
	zipped, err := gzip.NewReader(bytes.NewReader(data[bytes.IndexByte(data, '\n')+1:]))
	if err != nil {
		t.Fatal(err)
	}
	zipped.Multistream(false)
	found, table, columns := map[string][]map[string]any{}, "", []struct{ Name string }{}
	lines := bufio.NewScanner(zipped)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var begin struct {
			Table   string
			Columns []struct{ Name string }
		}
		var values []any
		if json.Unmarshal(lines.Bytes(), &begin) == nil && begin.Table != "" {
			table, columns = begin.Table, begin.Columns
			found[table] = []map[string]any{}
		} else if json.Unmarshal(lines.Bytes(), &values) == nil {
			row := map[string]any{}
			for i, c := range columns {
				row[c.Name] = values[i]
			}
			found[table] = append(found[table], row)
		}
	}
	return found
}

// holdsRows checks that all rows are among others, which may have more columns.
func holdsRows(t testing.TB, table string, rows, among []map[string]any) {
	t.Helper()
	for _, row := range rows {
		same := func(other map[string]any) bool {
			for name, value := range row {
				if now, there := other[name]; !there || now != value {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(among, same) {
			t.Errorf("%s has lost %v; it has %v", table, row, among)
		}
	}
}

// A backup of a version to come holds what this one does not know.
func TestRestoreOfNewerStep(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		env = env.with("KEYPORT_MASTER_KEY", oneKey)
		o := readOlder(t, "testdata/backups/step-26.backup")
		newer := filepath.Join(t.TempDir(), "newer")
		text := strings.Replace(readText(t, o.backup), `"Schema":26,"Version":"0.1.0"`, `"Schema":2600,"Version":"9.1.0"`, 1)
		if err := os.WriteFile(newer, sign(t, env, text, o.header), 0o600); err != nil {
			t.Fatal(err)
		}
		keyport(t, env, "", "restore", "--from", newer).want(t, exitFailure, "was made by a newer Keyport, 9.1.0: its tables are at step 2600")
		if _, err := os.Stat(env["KEYPORT_DATA_DIR"]); err == nil {
			t.Error("a database was made")
		}
		keyport(t, env, "", "restore", "--from", o.backup, "--accept-revived-keys").want(t, exitOK, "") // the database is still without tables
	})
}

// sign puts another HMAC under a backup.
func sign(t testing.TB, env environ, text string, h store.BackupHeader) []byte {
	t.Helper()
	body := text[:len(text)-2*sha256.Size-1]
	mac := keyringOf(t, env).BackupMAC(h.KeyID, h.Keyport)
	mac.Write([]byte(body))
	return fmt.Appendf([]byte(body), "%x\n", mac.Sum(nil))
}
