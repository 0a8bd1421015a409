package store_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// A disk that fails under the mapped file would end the program. Here the file
// is cut short behind SQLite's back, for which the system has the same signal.
func TestLookUpInAFileThatCanNotBeRead(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	f.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	if _, _, err := f.Store.Authenticate(nobody, secret.Reveal()); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(f.URL, "sqlite:")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 8 { // more than there are connections
		calls.Go(func() {
			for range 4 {
				_, _, err := f.Store.Authenticate(nobody, secret.Reveal())
				wantKind(t, err, models.Unavailable)
			}
		})
	}
	calls.Wait()
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Store.Authenticate(nobody, secret.Reveal()); err != nil {
		t.Errorf("once the file is whole again: %v", err)
	}
}

// Whoever looks up while the store is closed gets an answer: that he was let in,
// or that he should come back.
func TestLookUpWhileClosing(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	var calls sync.WaitGroup
	for range 16 {
		calls.Go(func() {
			for {
				_, _, err := f.Store.Authenticate(nobody, secret.Reveal())
				if err == nil {
					continue
				}
				wantKind(t, err, models.Unavailable)
				return
			}
		})
	}
	f.Store.Close()
	calls.Wait()
}
