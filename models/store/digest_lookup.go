package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/keyport/keyport/models"
)

// digestLookup finds a key and its owner by digest: one query by the unique
// index, without GORM, since it runs with every call that anybody makes with a
// key. pgx prepares it once for each connection.
type digestLookup struct {
	query   string
	prepare sync.Mutex
	row     atomic.Pointer[sql.Stmt] // on SQLite, from its first use on
}

// questionMark and dollar write the n-th placeholder of a query.
func questionMark(int) string { return "?" }
func dollar(n int) string     { return "$" + strconv.Itoa(n) }

// digestQuery writes the query for so many generations of master keys.
func digestQuery(columns string, generations int, placeholder func(n int) string) string {
	var matches []string
	for i := range generations {
		matches = append(matches, "(k.pepper_id = "+placeholder(2*i+1)+" AND k.digest = "+placeholder(2*i+2)+")")
	}
	return "SELECT " + columns + " FROM api_keys k JOIN users u ON u.id = k.user_id WHERE " + strings.Join(matches, " OR ")
}

// writeLookups writes the queries for the store's database.
func (s *Store) writeLookups(placeholder func(n int) string) {
	generations := len(s.keyring.IDs())
	s.toAuthenticate.query = digestQuery(authenticateColumns, generations, placeholder)
	s.toVerify.query = digestQuery(verifyColumns, generations, placeholder)
}

func (s *Store) findByDigest(ctx context.Context, look *digestLookup, digests []models.Digest, fields []any) error {
	ctx, cancel := context.WithTimeout(ctx, authenticateTimeout)
	defer cancel()
	args := make([]any, 0, 2*len(digests))
	for i := range digests {
		args = append(args, digests[i].PepperID, digests[i].Sum[:])
	}
	if s.pool != nil {
		return s.pool.QueryRow(ctx, look.query, args...).Scan(fields...)
	}
	statement, err := s.prepared(ctx, look)
	if err != nil {
		return err
	}
	return statement.QueryRowContext(ctx, args...).Scan(fields...)
}

// prepared prepares a query on SQLite at its first use: before the migrations
// there is no table to prepare it for.
func (s *Store) prepared(ctx context.Context, look *digestLookup) (*sql.Stmt, error) {
	if row := look.row.Load(); row != nil {
		return row, nil
	}
	look.prepare.Lock()
	defer look.prepare.Unlock()
	if row := look.row.Load(); row != nil {
		return row, nil
	}
	db, err := s.read.DB()
	if err != nil {
		return nil, err
	}
	row, err := db.PrepareContext(ctx, look.query)
	if err == nil {
		look.row.Store(row)
	}
	return row, err
}
