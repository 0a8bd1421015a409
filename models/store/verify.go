package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// Verify returns what a service may know of a presented key. Like Authenticate
// it has one answer to all that is wrong with a key, and says that it can't
// know, models.Unavailable, when nobody could look.
func (s *Store) Verify(ctx context.Context, presented string) (models.Verified, error) {
	user, key, err := s.Authenticate(ctx, presented)
	if err != nil {
		return models.Verified{}, err
	}
	return models.Verified{KeyID: key.ID, UserID: user.ID, Username: user.Username, IsService: user.IsService,
		Expires: key.ExpiresAt, Access: key.Access}, nil
}
