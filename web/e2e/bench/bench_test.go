//go:build unix

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest/pgserver"
)

// TestMain lets the test be the servers too, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == serveCommand {
		if err := serve(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The whole benchmark runs and gives every row. How long anything took is not
// judged here.
func TestQuick(t *testing.T) {
	if os.Getenv("TEST_DATABASE_URL") == "" {
		s, err := pgserver.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		t.Setenv("TEST_DATABASE_URL", s.URL)
	}
	t.Setenv("TMPDIR", t.TempDir())
	var table strings.Builder
	if err := run(t.Context(), quick, &table); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"| warm, one key, PostgreSQL: requests per second |", "| warm, one key, PostgreSQL: processor per request |", "| warm, 300 keys, PostgreSQL: requests per second |",
		"| warm, one key, SQLite: requests per second |", "| cold, each key once, PostgreSQL: requests per second |", "| cold, each key once, SQLite: requests per second |",
		"| 99th percentile at half of the load |", "| last use, counters and metrics: lost requests per second |", "| last use, counters and metrics: processor per request |", "| nonsense refused: requests per second |",
		"| 99th percentile beside a flood: nonsense |", "| 99th percentile beside a flood: keys that might be right |", "| 99th percentile beside a flood: as many more calls of a bare handler, beside its own |",
		"| for comparison, compact table, one key: requests per second |", "| for comparison, table of pointers, one key: requests per second |",
		"| for comparison, raw look-up, 300 keys: requests per second |", "| for comparison, gorm, 300 keys: requests per second |",
		"| for comparison, update, 300 keys: requests per second |", "| for comparison, PBKDF2, 300 keys: requests per second |",
		"| My API Keys, PostgreSQL: 12000 keys stored against 600 |", "| All API Keys, PostgreSQL: 12000 keys stored against 600 |",
		"| My API Keys, SQLite: 12000 keys stored against 600 |", "| All API Keys, SQLite: 12000 keys stored against 600 |",
		"| memory |", "| start until ready, PostgreSQL |", "| start until ready, SQLite |", "| program |",
		"| last use of 30 keys written, PostgreSQL |", "| last use of 30 keys written, SQLite |",
		"| expiry task, PostgreSQL: 50 due of 12000 keys, against the plain index scan |", "| expiry task, SQLite: 50 due of 12000 keys, against the plain index scan |",
		"| 40 events to 20 subscriptions, PostgreSQL |", "| 40 events to 20 subscriptions, SQLite |",
		"events, PostgreSQL |", "events, SQLite |",
	} {
		if !strings.Contains(table.String(), row) {
			t.Errorf("the row %q is missing", row)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%v is left over, %v", left, err)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		all  []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 9, 2}, 3}} {
		if got := median(test.all); got != test.want {
			t.Errorf("median of %v = %v, want %v", test.all, got, test.want)
		}
	}
}

// An answer is read to its end, in however many pieces it comes.
func TestLengthOf(t *testing.T) {
	const whole = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\nok\n"
	for n := range len(whole) {
		want := -1
		if n >= len(whole)-3 {
			want = len(whole)
		}
		if got := lengthOf([]byte(whole[:n])); got != want {
			t.Errorf("%q: length %d, want %d", whole[:n], got, want)
		}
	}
}
