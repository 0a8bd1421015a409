//go:build unix

package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// fillDatabase migrates a database and fills it. Indexes are built afterwards,
// which is several times faster than growing them.
func fillDatabase(ctx context.Context, d database, m *keyMaker) error {
	if err := d.migrate(ctx); err != nil {
		return err
	}
	db, err := d.past()
	if err != nil {
		return err
	}
	defer db.Close()
	indexes, err := takeIndexes(db, d.engine, "api_keys")
	if err != nil {
		return err
	}
	if err := d.load(ctx, db, "users", userColumns, m.users, func(i int) []any { return m.user(i, d.moment) }); err != nil {
		return err
	}
	if err := d.load(ctx, db, "api_keys", keyColumns, m.n, func(i int) []any { return m.key(i, d.moment) }); err != nil {
		return err
	}
	return d.finish(db, indexes)
}

// migrate makes the tables, a service to ask for, and an administrator.
func (d database) migrate(ctx context.Context) error {
	s, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	if err := s.CheckKeyring(ctx); err != nil {
		return err
	}
	if _, err := s.CreateService(console(ctx), models.NewService{Name: service}); err != nil {
		return err
	}
	_, err = s.CreateUser(console(ctx), models.NewUser{Username: "admin", DisplayName: "Admin", Email: "admin@example.com", Password: "correct horse battery staple"}, true)
	return err
}

// finish builds the indexes and lets PostgreSQL look at its tables, which a
// running server does by itself.
func (d database) finish(db *sql.DB, indexes []string) error {
	if d.engine == postgres {
		indexes = append(indexes, "VACUUM ANALYZE")
	}
	for _, statement := range indexes {
		if _, err := db.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// takeIndexes drops the indexes of a table but that of its key, and returns the
// statements that make them again.
func takeIndexes(db *sql.DB, e engine, table string) (statements []string, err error) {
	query := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '" + table + "'"
	if e == postgres {
		query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '" + table + "' AND indexname NOT LIKE '%_pkey'"
	}
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	var names []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		names, statements = append(names, name), append(statements, statement)
	}
	rows.Close()
	for _, name := range names {
		if _, err := db.Exec("DROP INDEX " + name); err != nil {
			return nil, err
		}
	}
	return statements, rows.Err()
}

// load puts n rows into a table, by COPY or many at a time.
func (d database) load(ctx context.Context, db *sql.DB, table string, columns []string, n int, rowAt func(int) []any) error {
	if d.engine == sqlite {
		return insert(ctx, db, table, columns, n, rowAt)
	}
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	i := -1
	_, err = conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i++; i >= n {
			return nil, nil
		}
		return rowAt(i), nil
	}))
	return err
}

// insertRows is how many rows a statement inserts.
const insertRows = 50

func insert(ctx context.Context, db *sql.DB, table string, columns []string, n int, rowAt func(int) []any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	places := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	text := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	many, err := tx.PrepareContext(ctx, text+strings.TrimSuffix(strings.Repeat(places+",", insertRows), ","))
	if err != nil {
		return err
	}
	defer many.Close()
	args := make([]any, 0, insertRows*len(columns))
	for i := 0; i < n; {
		args = args[:0]
		end := min(n, i+insertRows)
		for ; i < end; i++ {
			args = append(args, rowAt(i)...)
		}
		if len(args) == cap(args) {
			_, err = many.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, text+strings.TrimSuffix(strings.Repeat(places+",", len(args)/len(columns)), ","), args...)
		}
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// since is the time that fn takes.
func since(fn func() error) (time.Duration, error) {
	start := time.Now()
	err := fn()
	return time.Since(start), err
}
