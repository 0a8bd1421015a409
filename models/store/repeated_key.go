package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// KeyMadeWith returns the key of a user that was made with a form id.
func (s *Store) KeyMadeWith(ctx context.Context, ownerID int64, formID string) (models.APIKey, error) {
	db := s.read.WithContext(ctx)
	if err := maySeeKeysOf(db, ownerID, models.ActorFrom(ctx)); err != nil {
		return models.APIKey{}, s.failure("API key", err)
	}
	var key models.APIKey
	err := db.Select(keyColumns).Where("form_id = ? AND user_id = ?", formID, ownerID).Take(&key).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.Missing("API key")
	}
	return key, s.failure("API key", err)
}
