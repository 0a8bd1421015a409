//go:build unix

package store_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// backup writes a backup of a store into a file of the test.
func backup(t testing.TB, s *store.Store) string {
	t.Helper()
	return written(t, func(w io.Writer) error { _, err := s.Backup(context.Background(), w, "test"); return err })
}

func written(t testing.TB, write func(io.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func openBackup(t testing.TB, path string) *store.BackupFile {
	t.Helper()
	b, err := store.OpenBackup(path, storetest.Keyring(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func restore(t testing.TB, s *store.Store, path string, o store.RestoreOptions) store.RestoreReport {
	t.Helper()
	report, err := s.Restore(storetest.Console(), openBackup(t, path), o)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := s.VerifyAudit(context.Background(), nil)
	if err != nil || whole.Finding != nil {
		t.Fatalf("the audit trail after the restore: %v, %v", whole.Finding, err)
	}
	return report
}

// rows reads a backup's rows by table, sorted.
func rows(t testing.TB, path string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data[bytes.IndexByte(data, '\n')+1:]))
	if err != nil {
		t.Fatal(err)
	}
	zipped.Multistream(false)
	byTable, table := map[string][]string{}, ""
	lines := bufio.NewScanner(zipped)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if name, is := strings.CutPrefix(line, `{"Table":"`); is {
			table, _, _ = strings.Cut(name, `"`)
			byTable[table] = []string{}
		} else if line[0] == '[' {
			byTable[table] = append(byTable[table], line)
		}
	}
	for _, list := range byTable {
		slices.Sort(list)
	}
	return byTable
}

func works(s *store.Store, secret models.Secret) bool {
	_, _, err := s.Authenticate(context.Background(), secret.Reveal())
	return err == nil
}

// A new table must not be forgotten: whether a restore may bring it back is to be
// decided by whoever makes it.
func TestBackupKnowsAllTables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
		if f.Engine == storetest.PostgreSQL {
			query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
		}
		found, err := storetest.SQL(t, f.URL).Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		held, over := store.Tables()
		for found.Next() {
			var table string
			if err := found.Scan(&table); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(held, table) && !slices.Contains(over, table) && !slices.Contains([]string{"goose_db_version", "key_changes", "new_keys", "changed_users"}, table) {
				t.Errorf("the table %s is neither kept by backups nor emptied by restores", table)
			}
		}
	})
}

// A backup of either database can be restored on either, and nothing is lost.
func TestRestoreOnBothDatabases(t *testing.T) {
	for _, from := range storetest.Engines {
		for _, to := range storetest.Engines {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				t.Parallel()
				f := storetest.New(t, from)
				admin := f.As(f.Admin)
				key, secret := f.Issue(f.Alice, models.NewKey{Purpose: "Ünïcode <&> '\"\\"})
				limited, other := f.Issue(f.Robot, models.NewKey{Access: models.AccessWish{Level: "ReadOnly", Allowed: []string{"10.0.0.0/8"}}})
				f.Store.Seen(key.ID, "192.0.2.9", "agent", f.Store.Now())
				if err := f.Store.FlushSeen(context.Background()); err != nil {
					t.Fatal(err)
				}
				if _, err := f.Store.SetUserActive(admin, f.Charlie.ID, false); err != nil {
					t.Fatal(err)
				}
				if _, err := f.Store.InstallationID(context.Background()); err != nil {
					t.Fatal(err)
				}
				f.Exec("INSERT INTO sign_in_notes (user_id, kind) VALUES (?, 'x')", f.Bob.ID)
				if err := f.Store.FanOut(context.Background()); err != nil {
					t.Fatal(err)
				}
				path := backup(t, f.Store)
				s := storetest.OpenURL(t, to.URL(t), store.Options{Now: f.Clock.Now})
				report := restore(t, s, path, store.RestoreOptions{AcceptAlive: true})
				if report.Keys != 2 || report.Ended != 0 || report.KeptTrail || !report.KnownAt.IsZero() {
					t.Errorf("report: %+v", report)
				}
				before, after := rows(t, path), rows(t, backup(t, s))
				for table, want := range before {
					switch got := after[table]; {
					case table == "audit_head", table == "fan_out", table == "deliveries":
					case table == "events" && len(got) == len(want)+1:
					case !slices.Equal(got, want):
						t.Errorf("%s: got %v\nwant %v", table, got, want)
					}
				}
				if !works(s, secret) || !works(s, other) {
					t.Error("a key does not work")
				}
				found, err := s.Verify(context.Background(), other.Reveal())
				if err != nil || found.KeyID != limited.ID || !found.Access.Reads() {
					t.Errorf("Verify: %+v, %v", found, err)
				}
				if _, err := s.SignIn(context.Background(), "alice", storetest.Password); err != nil {
					t.Errorf("sign in: %v", err)
				}
				if u, err := s.UserByName(storetest.Console(), "charlie"); err != nil || u.IsActive {
					t.Errorf("charlie: %+v, %v; want him to be switched off", u, err)
				}
				made, err := s.CreateUser(storetest.Console(), models.NewUser{Username: "new", DisplayName: "New", IsService: true}, false)
				if err != nil || made.ID <= f.Robot.ID+1000 {
					t.Errorf("a new user has the id %d: that may have been somebody else's; %v", made.ID, err)
				}
			})
		}
	}
}

// Whatever happened since: no key that has ended works again, and all others do.
func TestRestoreNeverRevives(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, f *storetest.Fixture) { randomHistory(t, f, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

type issued struct {
	key    models.APIKey
	secret models.Secret
}

type history struct {
	t    *testing.T
	f    *storetest.Fixture
	dice *rand.Rand
	keys []issued
	who  []models.User
}

func (h *history) step() {
	h.f.Clock.Advance(time.Duration(h.dice.IntN(3600)) * time.Second)
	ctx, s := storetest.Console(), h.f.Store
	who := h.who[h.dice.IntN(len(h.who))]
	switch n := h.dice.IntN(20); {
	case n < 8:
		wish := models.NewKey{Purpose: "p", Expires: models.ExpiresAt(h.f.Clock.Now().Add(time.Duration(1+h.dice.IntN(100)) * time.Hour))}
		if key, secret, err := s.IssueAPIKey(ctx, who.ID, wish); err == nil {
			h.keys = append(h.keys, issued{key, secret})
		}
	case n < 12 && len(h.keys) > 0:
		k := h.keys[h.dice.IntN(len(h.keys))].key
		_, _ = s.RevokeAPIKey(ctx, k.UserID, k.ID) // may be gone
	case n < 15 && len(h.keys) > 0:
		k := h.keys[h.dice.IntN(len(h.keys))].key
		if key, secret, err := s.RotateAPIKey(ctx, k.UserID, k.ID, models.Rotation{Overlap: time.Duration(h.dice.IntN(48)) * time.Hour}); err == nil {
			h.keys = append(h.keys, issued{key, secret})
		}
	case n < 18:
		_, _ = s.SetUserActive(ctx, who.ID, h.dice.IntN(2) == 0)
	case n == 18:
		_, _ = s.DeleteUser(ctx, who.ID)
	default:
		made, err := s.CreateUser(ctx, models.NewUser{Username: fmt.Sprint("user", h.dice.Int64()), DisplayName: "x", IsService: true}, false)
		if err != nil {
			h.t.Fatal(err)
		}
		h.who = append(h.who, made)
	}
}

// usable lists the keys that neither were revoked nor have expired, whatever their
// owner may do.
func usable(t *testing.T, f *storetest.Fixture) map[string]bool {
	t.Helper()
	found, err := storetest.SQL(t, f.URL).Query("SELECT id, expires_at FROM api_keys WHERE revoked_at IS NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	keys := map[string]bool{}
	for found.Next() {
		var id string
		var end time.Time
		if err := found.Scan(&id, &end); err != nil {
			t.Fatal(err)
		}
		keys[id] = f.Clock.Now().Before(end)
	}
	return keys
}

func randomHistory(t *testing.T, f *storetest.Fixture, dice *rand.Rand) {
	h := &history{t: t, f: f, dice: dice, who: []models.User{f.Alice, f.Bob, f.Charlie, f.Robot}}
	if _, err := f.Store.InstallationID(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 25 + dice.IntN(25) {
		h.step()
	}
	path, worked := backup(t, f.Store), map[string]bool{}
	for _, k := range h.keys {
		worked[k.key.ID] = works(f.Store, k.secret)
	}
	for range dice.IntN(50) {
		h.step()
	}
	journal, err := store.OpenJournal(written(t, func(w io.Writer) error { _, err := f.Store.Journal(context.Background(), w, "test"); return err }), storetest.Keyring(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	works1, ends := map[string]bool{}, map[string]time.Time{}
	for _, k := range h.keys {
		_, now, err := f.Store.Authenticate(context.Background(), k.secret.Reveal())
		works1[k.key.ID], ends[k.key.ID] = err == nil, now.ExpiresAt
	}
	notEnded := usable(t, f)
	check := func(how string, s *store.Store, any bool) {
		t.Helper()
		for _, k := range h.keys {
			want := worked[k.key.ID] && works1[k.key.ID] && any
			_, now, err := s.Authenticate(context.Background(), k.secret.Reveal())
			if got := err == nil; got != want {
				t.Errorf("%s: key %s works = %v, want %v", how, k.key.ID, got, want)
			}
			if err == nil && !now.ExpiresAt.Equal(ends[k.key.ID]) {
				t.Errorf("%s: key %s works until %v, want %v", how, k.key.ID, now.ExpiresAt, ends[k.key.ID])
			}
		}
		for _, u := range h.who { // switching people on again must not bring back what was revoked
			_, _ = s.SetUserActive(storetest.Console(), u.ID, true)
		}
		for _, k := range h.keys {
			if works(s, k.secret) && !(notEnded[k.key.ID] && any) {
				t.Errorf("%s: key %s came back with its owner", how, k.key.ID)
			}
		}
	}
	fresh := func() *store.Store {
		return storetest.OpenURL(t, f.Engine.URL(t), store.Options{Now: f.Clock.Now})
	}
	byJournal, byNothing := fresh(), fresh()
	restore(t, byJournal, path, store.RestoreOptions{Journal: journal})
	check("with a journal", byJournal, true)
	restore(t, byNothing, path, store.RestoreOptions{})
	check("knowing nothing", byNothing, false)

	head, err := f.Store.AuditHead(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	last := f.Count("SELECT MAX(id) FROM users")
	report := restore(t, f.Store, path, store.RestoreOptions{Replace: true})
	if !report.KeptTrail {
		t.Error("the trail of the database that was replaced is lost")
	}
	if whole, err := f.Store.VerifyAudit(context.Background(), []models.AuditHead{head}); err != nil || whole.Finding != nil || whole.Head.EventID != head.EventID+1 {
		t.Errorf("the trail with a head from before the restore: %+v, %v", whole, err)
	}
	check("in its place", f.Store, true)
	if made, err := f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "new", DisplayName: "New", IsService: true}, false); err != nil || made.ID <= int64(last) {
		t.Errorf("the id %d was given again: %v", made.ID, err)
	}
}

// What people have changed about how they sign in is not taken back.
func TestRestoreTakesBackNoSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := context.Background()
		if _, err := f.Store.InstallationID(ctx); err != nil {
			t.Fatal(err)
		}
		signedIn := f.As(f.Bob)
		path := backup(t, f.Store)
		f.Exec("UPDATE users SET password_hash = ? WHERE id = ?", f.Store.CheapHash("another password here"), f.Alice.ID)
		if _, err := f.Store.DeleteUser(storetest.Console(), f.Charlie.ID); err != nil {
			t.Fatal(err)
		}
		report := restore(t, f.Store, path, store.RestoreOptions{Replace: true})
		if !slices.Equal(report.Stripped, []string{"alice", "charlie"}) || !slices.Equal(report.Stopped, []string{"charlie"}) {
			t.Errorf("report: %+v", report)
		}
		for name, want := range map[string]bool{"alice": false, "charlie": false, "bob": true} {
			if _, err := f.Store.SignIn(ctx, name, storetest.Password); (err == nil) != want {
				t.Errorf("%s signs in by the old password: %v", name, err)
			}
		}
		if err := f.Store.SetTimeZone(signedIn, "UTC"); models.KindOf(err) != models.Unauthenticated {
			t.Errorf("somebody is still signed in: %v", err)
		}
		if n := f.Count("SELECT count(*) FROM sessions"); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestRestoreRefusesDamage(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	f.Issue(f.Alice, models.NewKey{})
	whole, err := os.ReadFile(backup(t, f.Store))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, data []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "damaged")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := store.OpenBackup(path, storetest.Keyring(t, 1)); err == nil {
			b.Close()
			t.Errorf("%s: accepted", what)
		}
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/200 {
		refused(fmt.Sprintf("cut off after %d bytes", n), whole[:n])
		changed := slices.Clone(whole)
		changed[n] ^= 4
		refused(fmt.Sprintf("byte %d changed", n), changed)
	}
	refused("one byte short", whole[:len(whole)-1])
	refused("another last byte", append(slices.Clone(whole[:len(whole)-1]), '\r'))
	refused("something behind it", append(slices.Clone(whole), "x\n"...))
	refused("twice", append(slices.Clone(whole), whole...))
	refused("nothing", nil)
	path := backup(t, f.Store)
	if _, err := store.OpenBackup(path, storetest.Keyring(t, 2)); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Errorf("another master key: %v", err)
	}
	if b, err := store.OpenBackup(path, storetest.Keyring(t, 2, 1)); err != nil {
		t.Errorf("a newer master key on top: %v", err)
	} else {
		b.Close()
	}
	if _, err := store.OpenJournal(path, storetest.Keyring(t, 1)); err == nil {
		t.Error("a backup was taken for a journal")
	}
}

// What fails on its way leaves everything as it was.
func TestRestoreIsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Alice, models.NewKey{})
		path := backup(t, f.Store)
		old := rows(t, path)
		_, err := f.Store.Restore(storetest.Console(), openBackup(t, path), store.RestoreOptions{})
		if err == nil || !strings.Contains(err.Error(), "--replace") {
			t.Errorf("a database in use was replaced: %v", err)
		}
		header := openBackup(t, path).Header
		for what, write := range map[string]func(io.Writer) error{
			"an unknown column": func(w io.Writer) error {
				return f.Store.WriteBackup(w, header, "teams", []string{"name", "nonsense"}, []any{"x", "y"})
			},
			"a row that the database refuses": func(w io.Writer) error {
				return f.Store.WriteBackup(w, header, "teams", []string{"name", "name_fold"}, []any{"x", "x"}, []any{"x", "x"})
			},
			"an unknown table": func(w io.Writer) error {
				return f.Store.WriteBackup(w, header, "pg_authid", []string{"rolname"}, []any{"x"})
			},
			"a value of another kind": func(w io.Writer) error {
				return f.Store.WriteBackup(w, header, "teams", []string{"name", "name_fold"}, []any{"x", 7})
			},
		} {
			if _, err := f.Store.Restore(storetest.Console(), openBackup(t, written(t, write)), store.RestoreOptions{Replace: true}); err == nil {
				t.Errorf("%s was accepted", what)
			}
		}
		ctx, cancel := context.WithCancel(storetest.Console())
		cancel()
		if _, err := f.Store.Restore(ctx, openBackup(t, path), store.RestoreOptions{Replace: true}); err == nil {
			t.Error("restored after it was told to stop")
		}
		now := rows(t, backup(t, f.Store))
		for table := range old {
			if !slices.Equal(now[table], old[table]) {
				t.Errorf("%s changed: %v, was %v", table, now[table], old[table])
			}
		}
		if !works(f.Store, secret) {
			t.Error("the key does not work any more")
		}
	})
}

// A journal from before the backup tells nothing, and one of somebody else less.
func TestRestoreRefusesAnOldJournal(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	if _, err := f.Store.InstallationID(context.Background()); err != nil {
		t.Fatal(err)
	}
	journal := func(s *store.Store) *store.BackupFile {
		j, err := store.OpenJournal(written(t, func(w io.Writer) error { _, err := s.Journal(context.Background(), w, "test"); return err }), storetest.Keyring(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { j.Close() })
		return j
	}
	old := journal(f.Store)
	f.Clock.Advance(time.Minute)
	path := backup(t, f.Store)
	other := storetest.New(t, storetest.SQLite)
	other.Clock.Advance(time.Hour)
	if _, err := other.Store.InstallationID(context.Background()); err != nil {
		t.Fatal(err)
	}
	for what, j := range map[string]*store.BackupFile{"older": old, "of another installation": journal(other.Store)} {
		s := storetest.OpenURL(t, storetest.SQLite.URL(t), store.Options{Now: f.Clock.Now})
		if _, err := s.Restore(storetest.Console(), openBackup(t, path), store.RestoreOptions{Journal: j}); err == nil || !strings.Contains(err.Error(), "older than the backup, or of another installation") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A process that serves would go on with what it knows of another time.
func TestRestoreWaitsForProcesses(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	path := backup(t, f.Store)
	serving := f.Reopen(1)
	serving.Join("host", "test")
	for deadline := time.Now().Add(10 * time.Second); f.Count("SELECT count(*) FROM replicas") == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the process does not register")
		}
	}
	if _, err := f.Store.Restore(storetest.Console(), openBackup(t, path), store.RestoreOptions{Replace: true}); err == nil || !strings.Contains(err.Error(), "still serve this database") {
		t.Errorf("restored under a process that serves: %v", err)
	}
	if err := serving.Close(); err != nil {
		t.Fatal(err)
	}
	f.Exec("INSERT INTO replicas VALUES ('dead', 'host', 'test', now(), clock_timestamp() - interval '20 seconds', 0)")
	restore(t, f.Store, path, store.RestoreOptions{Replace: true})
}
