package store

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/crypto/argon2"

	"github.com/keyport/keyport/models"
)

func TestServerProblem(t *testing.T) {
	tests := []struct {
		name    string
		number  int
		standby bool
		want    string
	}{
		{"oldest", 140000, false, ""},
		{"newest", 180004, false, ""},
		{"too old", 130021, false, "Keyport needs version 14"},
		{"standby", 180004, true, "standby"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := serverProblem(tt.number, "13.21", tt.standby)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestServerErrorWords(t *testing.T) {
	config := &pgconn.Config{Host: "db.example.com", User: "maya", Database: "keyport", Password: "secret-word"}
	for code, want := range map[string]string{
		"28P01": "refused the user maya", "28000": "refused the user maya", "3D000": "The database keyport does not exist",
		"42501": "may not connect", "53300": "no connection left", "XX000": "refused the connection",
	} {
		if got := serverError(config, &pgconn.PgError{Code: code}).Message; !strings.Contains(got, want) || strings.Contains(got, "secret-word") {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestFileErrorWords(t *testing.T) {
	for want, cause := range map[string]error{"does not exist": fs.ErrNotExist, "right to write": fs.ErrPermission, "can't be opened": errors.New("?")} {
		if got := fileError("/data/keyport.db", cause).Message; !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", cause, got, want)
		}
	}
}

func TestUnavailableStates(t *testing.T) {
	for code, want := range map[string]bool{"08006": true, "53100": true, "57P01": true, "58030": true, "40P01": true, "23505": false, "42601": false, "": false} {
		if got := unavailable(&pgconn.PgError{Code: code}); got != want {
			t.Errorf("unavailable(%q) = %t, want %t", code, got, want)
		}
	}
}

func TestPHC(t *testing.T) {
	good := phc{costs{8, 1, 1}, []byte("saltsalt"), argon2.IDKey([]byte("é"), []byte("saltsalt"), 1, 8, 1, 32)}.String()
	h := newHasher()
	tests := []struct {
		name, stored, password string
		want                   bool
	}{
		{"right", good, "é", true},
		{"decomposed", good, "e\u0301", true},
		{"wrong", good, "e", false},
		{"empty password", good, "", false},
		{"no hash", "", "é", false},
		{"other function", strings.Replace(good, "argon2id", "argon2i", 1), "é", false},
		{"other version", strings.Replace(good, "v=19", "v=16", 1), "é", false},
		{"too much memory", strings.Replace(good, "m=8", "m=9999999", 1), "é", false},
		{"no passes", strings.Replace(good, "t=1", "t=0", 1), "é", false},
		{"no salt", regexp.MustCompile(`\$[^$]+\$([^$]+)$`).ReplaceAllString(good, "$$$$$1"), "é", false},
		{"cut", good[:len(good)-30], "é", false},
		{"the dummy", h.dummy, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := h.done.Load()
			ok, stale, err := h.matches(t.Context(), tt.stored, tt.password)
			if err != nil || ok != tt.want {
				t.Errorf("matches = %t, %v; want %t", ok, err, tt.want)
			}
			if ok && !stale {
				t.Error("lower costs are not seen as stale")
			}
			if got := h.done.Load() - before; got != 1 {
				t.Errorf("hashes = %d, want 1", got)
			}
		})
	}
	stored, err := h.hash(t.Context(), "é")
	if ok, stale, _ := h.matches(t.Context(), stored, "é"); err != nil || !ok || stale {
		t.Errorf("a new hash: matches %t, stale %t, %v", ok, stale, err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored = %q", stored)
	}
}

// Two work, 32 wait, the next is turned away at once.
func TestHasherQueue(t *testing.T) {
	h := newHasher()
	h.working <- struct{}{}
	h.working <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range parallelHashes + waitingHashes {
		wg.Go(func() {
			if _, err := h.hash(ctx, "p"); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting: error = %v, want canceled", err)
			}
		})
	}
	for deadline := time.Now().Add(5 * time.Second); len(h.admitted) < cap(h.admitted); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the queue does not fill")
		}
	}
	_, err := h.hash(ctx, "p")
	if models.KindOf(err) != models.Unavailable || models.Refusal(err).RetryAfter == 0 {
		t.Errorf("one too many: error = %v, want unavailable", err)
	}
	cancel()
	wg.Wait()
	if got := h.done.Load(); got != 0 {
		t.Errorf("hashes = %d, want none", got)
	}
	<-h.working
	if _, err := h.hash(t.Context(), "p"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// References count as JavaScript does.
func TestMessageReferences(t *testing.T) {
	m := said("🔑 of ").user(models.User{ID: 7, Username: "maya"}).text(": ").key(models.APIKey{ID: "apikeys-a", Purpose: "Ärger 😀", Prefix: "API-FSX"})
	if got, want := m.String(), `🔑 of maya: "Ärger 😀" (API-FSX•••••••)`; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
	want := []models.Reference{{DocumentID: "Users-7", Start: 6, Length: 4}, {DocumentID: "apikeys-a", Start: 12, Length: 10}}
	for i, got := range m.references {
		if got != want[i] {
			t.Errorf("reference %d = %+v, want %+v", i, got, want[i])
		}
	}
}

// SQLite must lose no acknowledged change in a power cut, and its readers must
// not write.
func TestSQLiteSettings(t *testing.T) {
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "keyport.db"), Keyring: ring(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, want := range map[string]int{"synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000} {
		var got int
		if err := s.write.Raw("PRAGMA " + name).Scan(&got).Error; err != nil || got != want {
			t.Errorf("%s = %d (%v), want %d", name, got, err, want)
		}
	}
	var mode string
	if err := s.write.Raw("PRAGMA journal_mode").Scan(&mode).Error; err != nil || mode != "wal" {
		t.Errorf("journal_mode = %q (%v), want wal", mode, err)
	}
	if err := s.read.Exec("CREATE TABLE t (x)").Error; err == nil {
		t.Error("a reading connection wrote")
	}
}

func ring(t *testing.T) *models.Keyring {
	t.Helper()
	ring, err := models.NewKeyring(make([]byte, models.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// Statements are logged at debug level without their values.
func TestStatementLogHoldsNoValues(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "keyport.db"), Keyring: ring(t), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := models.WithActor(t.Context(), &models.Actor{Via: models.ViaConsole})
	if _, err := s.CreateUser(ctx, models.NewUser{Username: "maya-the-user"}, false); err != nil {
		t.Fatal(err)
	}
	s.write.Exec("SELECT no_such_column FROM users WHERE username = ?", "maya-the-user")
	if got := out.String(); strings.Contains(got, "maya-the-user") || !strings.Contains(got, "INSERT INTO") || strings.Contains(got, "level=ERROR") {
		t.Errorf("log = %s", got)
	}
}

// The driver and the library it is translated with must match exactly; a
// requirement of another module can raise the library unnoticed.
func TestLibcIsTheDriversOwn(t *testing.T) {
	list := func(format, module string) string {
		out, err := exec.Command("go", "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", module, err)
		}
		return strings.TrimSpace(string(out))
	}
	file := list("{{.GoMod}}", "modernc.org/sqlite")
	wanted, err := exec.Command("go", "mod", "edit", "-json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`"Path": "modernc.org/libc",\s+"Version": "([^"]+)"`).FindSubmatch(wanted)
	if match == nil {
		t.Fatal("the driver does not name modernc.org/libc")
	}
	if got, want := list("{{.Version}}", "modernc.org/libc"), string(match[1]); got != want {
		t.Errorf("modernc.org/libc is %s, the driver wants %s", got, want)
	}
}
