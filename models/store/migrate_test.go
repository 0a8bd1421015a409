package store_test

import (
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/migrations"
	"github.com/keyport/keyport/models/store/storetest"
)

// Replicas that start together migrate once.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	url := storetest.PostgreSQL.Empty(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	total := 0
	for range 4 {
		s := storetest.OpenURL(t, url, store.Options{})
		wg.Go(func() {
			applied, err := s.Migrate(t.Context())
			wantNoError(t, err)
			wantNoError(t, s.CheckKeyring(t.Context()))
			mu.Lock()
			defer mu.Unlock()
			total += applied
		})
	}
	wg.Wait()
	if total != steps(t) {
		t.Errorf("steps applied by all = %d, want %d", total, steps(t))
	}
}

// steps returns how many migrations there are.
func steps(t *testing.T) int {
	t.Helper()
	files, err := fs.Glob(migrations.For(migrations.SQLite), "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("migrations: %v, %v", files, err)
	}
	return len(files)
}

func TestMigrateTwice(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			s := storetest.OpenURL(t, e.Empty(t), store.Options{})
			for i, want := range []int{steps(t), 0} {
				if got := must[int](t)(s.Migrate(t.Context())); got != want {
					t.Errorf("run %d applied %d, want %d", i+1, got, want)
				}
			}
		})
	}
}

// Each way back leads to where it came from.
func TestMigrateDownAndUp(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			url := e.Empty(t)
			s := storetest.OpenURL(t, url, store.Options{})
			must[int](t)(s.Migrate(t.Context()))
			if err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
			query := "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY 1"
			if e == storetest.PostgreSQL {
				query = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
					UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`
			}
			left := column(t, url, query)
			left = slices.DeleteFunc(left, func(s string) bool { return strings.HasPrefix(s, "goose_db_version") })
			if len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			must[int](t)(s.Migrate(t.Context()))
		})
	}
}

// The columns of the migrated tables are the fields of the models, no more and
// no fewer.
func TestSchemaMatchesModels(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			url := e.URL(t)
			for table, fields := range store.Columns(t) {
				query := "SELECT name FROM pragma_table_info('" + table + "') ORDER BY 1"
				if e == storetest.PostgreSQL {
					query = "SELECT column_name FROM information_schema.columns WHERE table_name = '" + table + "' ORDER BY 1"
				}
				got := column(t, url, query)
				slices.Sort(got)
				if !slices.Equal(got, fields) {
					t.Errorf("%s has the columns %v, the model %v", table, got, fields)
				}
			}
		})
	}
}

// column returns the answers of a query with one column.
func column(t *testing.T, url, query string) []string {
	t.Helper()
	rows, err := storetest.SQL(t, url).Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	return values
}
