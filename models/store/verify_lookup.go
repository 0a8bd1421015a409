package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// verifyColumns are what decides on a key, and what a service may know, but for
// its digest, which comes last in a query. The owner's rights are not among them:
// a service has its own.
const verifyColumns = `k.id, k.user_id, k.pepper_id, k.seal, k.parent_id, k.created_at, k.expires_at, k.revoked_at,
	k.access_level, k.services, k.allowed_networks, k.denied_networks`

// lookUp asks the database: for the key and its owner at once, or, while every
// change is heard of, for the key and for an owner who is not remembered.
func (s *Store) lookUp(ctx context.Context, secret models.Secret, fresh bool) (models.Verified, error) {
	v, err := s.findVerified(ctx, secret, fresh)
	switch {
	case models.KindOf(err) == models.Unauthenticated:
		count(&s.verifyCounts.refused)
	case err != nil:
		count(&s.verifyCounts.unknown)
	default:
		count(&s.verifyCounts.looked)
	}
	return v, err
}

func (s *Store) findVerified(ctx context.Context, secret models.Secret, fresh bool) (v models.Verified, err error) {
	digests := s.keyring.Digests(secret)
	key, user, err := s.readKey(ctx, digests, fresh)
	if err != nil {
		return v, notFound(err)
	}
	if user.ID = key.UserID; fresh {
		if user, err = s.ownerOf(ctx, key.UserID); err != nil {
			return v, notFound(err)
		}
	}
	if !s.opens(ctx, &user, &key, digests) {
		return notOpen(&key)
	}
	return models.Verified{KeyID: key.ID, UserID: user.ID, Username: user.Username, IsService: user.IsService, Expires: key.ExpiresAt, Access: key.Access}, nil
}

// readKey reads what decides on a key, and its owner unless alone.
func (s *Store) readKey(ctx context.Context, digests []models.Digest, alone bool) (key models.APIKey, user models.User, err error) {
	if s.pool != nil {
		asks := &s.asksWithOwner
		if alone {
			asks = &s.asks
		}
		found, err := s.ask(ctx, asks, digests)
		if err != nil {
			return key, user, err
		}
		return found.key, found.user, nil
	}
	look := &s.toVerifyWithOwner
	if alone {
		look = &s.toVerify
	}
	err = s.findByDigest(ctx, look, digests, append(verifyFields(&key, &user, !alone), &key.Digest))
	return key, user, err
}

// verifyFields are where verifyColumns go, and ownerColumns behind them.
func verifyFields(key *models.APIKey, user *models.User, withOwner bool) []any {
	fields := append(make([]any, 0, 16), &key.ID, &key.UserID, &key.PepperID, &key.Seal, &key.ParentID, &key.CreatedAt,
		&key.ExpiresAt, &key.RevokedAt, &key.Level, &key.Services, &key.Allowed, &key.Denied)
	if withOwner {
		fields = append(fields, &user.Username, &user.IsService, &user.IsActive)
	}
	return fields
}
