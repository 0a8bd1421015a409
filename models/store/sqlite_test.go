package store

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

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
