package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// authenticateTimeout is how long a caller waits for the database before being
// told to come back: a key is never refused because nobody could look.
const authenticateTimeout = 2 * time.Second

// authenticateColumns are the key, its owner and the owner's permissions.
var authenticateColumns = `k.id, k.user_id, k.purpose, k.prefix, k.pepper_id, k.digest, k.seal, k.parent_id,
	k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.last_used_ip,
	k.access_level, k.services, k.allowed_networks, k.denied_networks,
	u.username, u.display_name, u.email, u.is_service, u.is_active, u.time_zone, u.created_at, ` + permissionsOf("k.user_id")

// Authenticate returns the owner of a presented key and the key. Whatever is
// wrong with the key, the answer is the same; what can't be a key is refused
// without asking the database.
func (s *Store) Authenticate(ctx context.Context, presented string) (models.User, models.APIKey, error) {
	secret, ok := models.ParseSecret(presented)
	if !ok {
		return models.User{}, models.APIKey{}, models.Unauthorized()
	}
	return s.openWith(ctx, secret, &s.toAuthenticate, func(u *models.User, k *models.APIKey) []any {
		return []any{&k.ID, &k.UserID, &k.Purpose, &k.Prefix, &k.PepperID, &k.Digest, &k.Seal, &k.ParentID,
			&k.CreatedAt, &k.ExpiresAt, &k.RevokedAt, &k.LastUsedAt, &k.LastUsedIP,
			&k.Level, &k.Services, &k.Allowed, &k.Denied,
			&u.Username, &u.DisplayName, &u.Email, &u.IsService, &u.IsActive, &u.TimeZone, &u.CreatedAt, &u.Permissions}
	})
}

// openWith looks a key up and decides on what was found. fields names where the
// columns of the look-up go.
func (s *Store) openWith(ctx context.Context, secret models.Secret, look *digestLookup, fields func(*models.User, *models.APIKey) []any) (models.User, models.APIKey, error) {
	digests := s.keyring.Digests(secret)
	var user models.User
	var key models.APIKey
	if err := s.findByDigest(ctx, look, digests, fields(&user, &key)); err != nil {
		return models.User{}, models.APIKey{}, notFound(err)
	}
	user.ID = key.UserID
	if !s.opens(ctx, &user, &key, digests) {
		return models.User{}, models.APIKey{}, models.Unauthorized()
	}
	return user, key, nil
}

// notFound refuses a key that is not there, and says so when nobody could look.
func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, sql.ErrNoRows) {
		return models.Unauthorized()
	}
	refusal := noAnswer()
	refusal.Cause = err
	return refusal
}

// opens decides on a row that the database found.
func (s *Store) opens(ctx context.Context, user *models.User, key *models.APIKey, digests []models.Digest) bool {
	found := 0
	for i := range digests {
		if digests[i].PepperID == key.PepperID {
			found |= subtle.ConstantTimeCompare(digests[i].Sum[:], key.Digest)
		}
	}
	if found != 1 || !key.Usable(s.Now()) || !user.IsActive {
		return false
	}
	if !s.keyring.Seals(key) {
		s.log.ErrorContext(ctx, "refused an API key whose row was changed outside of Keyport", "key", key.ID, "user", key.UserID)
		return false
	}
	return true
}
