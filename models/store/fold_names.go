package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// foldNames completes users that a program wrote which did not know the folded
// columns. It runs after each migration; replicas may do it at the same time.
func (s *Store) foldNames(ctx context.Context) error {
	var users []models.User
	err := s.read.WithContext(ctx).Select("id, display_name, username, email").Where("display_name_fold = ''").Find(&users).Error
	if err != nil || len(users) == 0 {
		return err
	}
	return s.inTx(ctx, "fold names", func(t *tx) error {
		for _, u := range users {
			err := t.db.Model(&models.User{}).Where("id = ? AND display_name_fold = ''", u.ID).
				Updates(map[string]any{"display_name_fold": models.Fold(u.Name()), "email_fold": models.Fold(u.Email)}).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}
