package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"gorm.io/gorm"
)

// A query that can't be prepared is an error for whoever scans its row, and not a
// panic that ends the process.
func TestRowThatCanNotBePrepared(t *testing.T) {
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "keyport.db"), Keyring: ring(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var n int
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.read.WithContext(over).Raw("SELECT 1").Row().Scan(&n); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
	if err := s.read.WithContext(t.Context()).Raw("SELECT nothing FROM nowhere").Row().Scan(&n); err == nil {
		t.Error("from a table that is not there: no error")
	}
	err = s.write.WithContext(t.Context()).Transaction(func(db *gorm.DB) error {
		if err := db.WithContext(over).Raw("SELECT 2").Row().Scan(&n); !errors.Is(err, context.Canceled) {
			t.Errorf("in a transaction, with a context that is done: %v", err)
		}
		return db.Raw("SELECT 3").Row().Scan(&n)
	})
	if err != nil || n != 3 {
		t.Errorf("in a transaction: %d, %v", n, err)
	}
	s.Close()
	if err := s.read.Raw("SELECT 4").Row().Scan(&n); err == nil {
		t.Error("after the end: no error")
	}
}
