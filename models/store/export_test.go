package store

import (
	"context"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/keyport/keyport/models"
)

// Hashes returns how many password hashes the store has worked out.
func (s *Store) Hashes() int64 { return s.hashing.done.Load() }

// MigrateDown takes all migrations back.
func (s *Store) MigrateDown(ctx context.Context) error {
	provider, err := s.migrator()
	if err != nil {
		return err
	}
	_, err = provider.DownTo(ctx, 0)
	return err
}

// Columns returns the stored fields of each model, sorted, by table.
func Columns(t *testing.T) map[string][]string {
	t.Helper()
	columns := map[string][]string{}
	for _, model := range []any{
		models.User{}, models.APIKey{}, models.Session{}, models.AuthSettings{}, models.Event{},
		team{}, teamMember{}, keyGeneration{}, oneTimeLink{}, installation{},
	} {
		parsed, err := schema.Parse(model, new(sync.Map), schema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range parsed.Fields {
			if field.DBName != "" && !field.IgnoreMigration {
				columns[parsed.Table] = append(columns[parsed.Table], field.DBName)
			}
		}
		slices.Sort(columns[parsed.Table])
	}
	return columns
}

// HoldHashing lets hashes wait until release is called; waiting reports how
// many do.
func (s *Store) HoldHashing() (waiting func() int, release func()) {
	for range cap(s.hashing.working) {
		s.hashing.working <- struct{}{}
	}
	return func() int { return len(s.hashing.admitted) }, func() {
		for range cap(s.hashing.working) {
			<-s.hashing.working
		}
	}
}

// DummyHash returns a stored hash that no password has.
func (s *Store) DummyHash() string { return s.hashing.dummy }
