package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/keyport/keyport/models"
)

// digestLookup is one query that runs without GORM, since it runs with calls that
// anybody makes with a key. It is prepared once for each connection.
type digestLookup struct{ query string }

// questionMark and dollar write the n-th parameter of a query.
func questionMark(int) string { return "?" }
func dollar(n int) string     { return "$" + strconv.Itoa(n) }

// matching writes the condition on a key for so many generations of master keys,
// which the unique index answers. digest is how one is compared.
func matching(generations int, parameter func(n int) string, digest func(parameter string) string) string {
	var matches []string
	for i := range generations {
		matches = append(matches, "(k.pepper_id = "+parameter(2*i+1)+" AND k.digest = "+digest(parameter(2*i+2))+")")
	}
	return " WHERE " + strings.Join(matches, " OR ")
}

func oneDigest(parameter string) string   { return parameter }
func manyDigests(parameter string) string { return "ANY(" + parameter + ")" }

// writeLookups writes the queries for the store's database.
func (s *Store) writeLookups(parameter func(n int) string) {
	const owned = " FROM api_keys k JOIN users u ON u.id = k.user_id"
	const alone, both = "SELECT " + verifyColumns + ", k.digest FROM api_keys k", "SELECT " + verifyColumns + ", " + ownerColumns + ", k.digest" + owned
	generations := len(s.keyring.IDs())
	one, many := matching(generations, parameter, oneDigest), matching(generations, parameter, manyDigests)
	s.toAuthenticate.query = "SELECT " + authenticateColumns + owned + one
	s.toVerify.query, s.toVerifyWithOwner.query = alone+one, both+one
	s.asks.query, s.asksWithOwner.query, s.asksWithOwner.withOwner = alone+many, both+many, true
	s.toKnowOwner.query = "SELECT " + ownerColumns + " FROM users u WHERE u.id = " + parameter(1)
}

// findByDigest finds a key.
func (s *Store) findByDigest(ctx context.Context, look *digestLookup, digests []models.Digest, fields []any) error {
	args := make([]any, 0, 2*len(digests))
	for i := range digests {
		args = append(args, digests[i].PepperID, digests[i].Sum[:])
	}
	return s.find(ctx, look, args, fields)
}

// find reads the one row of a query.
func (s *Store) find(ctx context.Context, look *digestLookup, args, fields []any) error {
	if s.pool == nil {
		return s.lookups.find(look, args, fields)
	}
	ctx, cancel := context.WithTimeout(ctx, authenticateTimeout)
	defer cancel()
	return s.pool.QueryRow(ctx, look.query, args...).Scan(fields...)
}
