package store

import (
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"
)

// PlansOf returns how the database means to answer each query that run makes.
func (s *Store) PlansOf(t *testing.T, run func()) []string {
	t.Helper()
	var mu sync.Mutex
	type query struct {
		text string
		vars []any
	}
	var queries []query
	note := func(db *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		queries = append(queries, query{db.Statement.SQL.String(), db.Statement.Vars})
	}
	name := "plans of " + t.Name()
	if err := s.read.Callback().Query().After("gorm:query").Register(name, note); err != nil {
		t.Fatal(err)
	}
	run()
	if err := s.read.Callback().Query().Remove(name); err != nil {
		t.Fatal(err)
	}
	var plans []string
	for _, q := range queries {
		plans = append(plans, s.plan(t, q.text, q.vars))
	}
	return plans
}

func (s *Store) plan(t *testing.T, text string, vars []any) string {
	t.Helper()
	db, err := s.read.DB()
	if err != nil {
		t.Fatal(err)
	}
	explain, columns := "EXPLAIN QUERY PLAN ", 4
	if s.pool != nil {
		explain, columns = "EXPLAIN ", 1
	}
	rows, err := db.QueryContext(t.Context(), explain+text, vars...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	lines := []string{text}
	for rows.Next() {
		cells := make([]any, columns)
		var line string
		for i := range cells {
			cells[i] = new(any)
		}
		cells[columns-1] = &line
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
