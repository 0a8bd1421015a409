package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// IsEmpty reports whether nothing has happened in this database yet: there is
// no user, and no event tells of one that was.
func (s *Store) IsEmpty(ctx context.Context) (bool, error) {
	for _, model := range []any{&models.User{}, &models.Event{}} {
		var rows int64
		if err := s.read.WithContext(ctx).Model(model).Limit(1).Count(&rows).Error; err != nil {
			return false, s.failure("is empty", err)
		}
		if rows > 0 {
			return false, nil
		}
	}
	return true, nil
}
