package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// authenticateTimeout is how long a caller waits for the database before being
// told to come back: a key is never refused because nobody could look.
const authenticateTimeout = 2 * time.Second

// questionMark and dollar write the n-th placeholder of a query.
func questionMark(int) string { return "?" }
func dollar(n int) string     { return "$" + strconv.Itoa(n) }

// digestQuery writes the one query of Authenticate for so many generations: the
// key, its owner and the owner's permissions, found by digest.
func digestQuery(generations int, placeholder func(n int) string) string {
	var matches []string
	for i := range generations {
		matches = append(matches, "(k.pepper_id = "+placeholder(2*i+1)+" AND k.digest = "+placeholder(2*i+2)+")")
	}
	return `SELECT k.id, k.user_id, k.purpose, k.prefix, k.pepper_id, k.digest, k.seal, k.parent_id,
		k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.last_used_ip,
		k.access_level, k.services, k.allowed_networks, k.denied_networks,
		u.username, u.display_name, u.email, u.is_service, u.is_active, u.time_zone, u.created_at, ` + permissionsOf("k.user_id") + `
		FROM api_keys k JOIN users u ON u.id = k.user_id WHERE ` + strings.Join(matches, " OR ")
}

// Authenticate returns the owner of a presented key and the key. Whatever is
// wrong with the key, the answer is the same; what can't be a key is refused
// without asking the database.
func (s *Store) Authenticate(ctx context.Context, presented string) (models.User, models.APIKey, error) {
	secret, ok := models.ParseSecret(presented)
	if !ok {
		return models.User{}, models.APIKey{}, models.Unauthorized()
	}
	digests := s.keyring.Digests(secret)
	var user models.User
	var key models.APIKey
	err := s.keyByDigest(ctx, digests, &user, &key)
	switch {
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, sql.ErrNoRows):
		return models.User{}, models.APIKey{}, models.Unauthorized()
	case err != nil:
		refusal := noAnswer()
		refusal.Cause = err
		return models.User{}, models.APIKey{}, refusal
	case !s.opens(ctx, user, key, digests):
		return models.User{}, models.APIKey{}, models.Unauthorized()
	}
	return user, key, nil
}

// opens decides on a row that the database found.
func (s *Store) opens(ctx context.Context, user models.User, key models.APIKey, digests []models.Digest) bool {
	found := 0
	for i := range digests {
		if digests[i].PepperID == key.PepperID {
			found |= subtle.ConstantTimeCompare(digests[i].Sum[:], key.Digest)
		}
	}
	if found != 1 || !key.Usable(s.Now()) || !user.IsActive {
		return false
	}
	if !s.sealed(key) {
		s.log.ErrorContext(ctx, "refused an API key whose row was changed outside of Keyport", "key", key.ID, "user", key.UserID)
		return false
	}
	return true
}

// keyByDigest is written without GORM, since it runs with every call that
// anybody makes with a key.
func (s *Store) keyByDigest(ctx context.Context, digests []models.Digest, u *models.User, k *models.APIKey) error {
	ctx, cancel := context.WithTimeout(ctx, authenticateTimeout)
	defer cancel()
	args := make([]any, 0, 2*len(digests))
	for i := range digests {
		args = append(args, digests[i].PepperID, digests[i].Sum[:])
	}
	var row interface{ Scan(...any) error }
	if s.pool != nil {
		row = s.pool.QueryRow(ctx, s.byDigest, args...)
	} else {
		statement, err := s.digestStatement(ctx)
		if err != nil {
			return err
		}
		row = statement.QueryRowContext(ctx, args...)
	}
	err := row.Scan(&k.ID, &k.UserID, &k.Purpose, &k.Prefix, &k.PepperID, &k.Digest, &k.Seal, &k.ParentID,
		&k.CreatedAt, &k.ExpiresAt, &k.RevokedAt, &k.LastUsedAt, &k.LastUsedIP,
		&k.Level, &k.Services, &k.Allowed, &k.Denied,
		&u.Username, &u.DisplayName, &u.Email, &u.IsService, &u.IsActive, &u.TimeZone, &u.CreatedAt, &u.Permissions)
	u.ID = k.UserID
	return err
}

// digestStatement prepares the query on SQLite at its first use: before the
// migrations there is no table to prepare it for.
func (s *Store) digestStatement(ctx context.Context) (*sql.Stmt, error) {
	s.prepare.Lock()
	defer s.prepare.Unlock()
	if s.digestRow != nil {
		return s.digestRow, nil
	}
	db, err := s.read.DB()
	if err != nil {
		return nil, err
	}
	s.digestRow, err = db.PrepareContext(ctx, s.byDigest)
	return s.digestRow, err
}
