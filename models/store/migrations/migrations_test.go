package migrations

import (
	"io/fs"
	"strings"
	"testing"
)

// Each dialect gets all of its own words and none of the other's.
func TestFor(t *testing.T) {
	foreign := map[Dialect][]string{
		SQLite:   {"{{", "-- only", "-- end", "plpgsql", "IDENTITY", "COLLATE"},
		Postgres: {"{{", "-- only", "-- end", "RAISE(ABORT", "AUTOINCREMENT", "BLOB", "strftime"},
	}
	for dialect, words := range foreign {
		files := For(dialect)
		names, err := fs.Glob(files, "*.sql")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", dialect, names, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range words {
				if strings.Contains(string(text), word) {
					t.Errorf("%s for %s holds %q", name, dialect, word)
				}
			}
			for _, section := range []string{"-- +goose Up", "-- +goose Down"} {
				if strings.Count(string(text), section) != 1 {
					t.Errorf("%s for %s has no %q", name, dialect, section)
				}
			}
		}
	}
}

func TestOnly(t *testing.T) {
	const text = "a\n-- only sqlite\nb\n-- end\nc\n  -- only postgres\nd\n  -- end\ne\n"
	for dialect, want := range map[Dialect]string{SQLite: "a\nb\nc\ne\n", Postgres: "a\nc\nd\ne\n"} {
		if got := only(dialect, text); got != want {
			t.Errorf("%s: %q, want %q", dialect, got, want)
		}
	}
}
