package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// serviceAccountID is how a service account is called elsewhere: as the audience
// of tokens, and in access tokens.
type serviceAccountID struct {
	UserID     int64 `gorm:"primaryKey;autoIncrement:false"`
	ExternalID string
}

// externalID returns the external id of an account, and makes it when it is
// first asked for. It is the same on all replicas, and never changes.
func (s *Store) externalID(ctx context.Context, accountID int64) (string, error) {
	id, err := findExternalID(s.read.WithContext(ctx), accountID)
	if err != nil || id != "" {
		return id, err
	}
	fresh := serviceAccountID{UserID: accountID, ExternalID: uuid.NewString()}
	err = s.inTx(ctx, "external id", func(t *tx) error {
		if _, err := t.lockUser(accountID); err != nil {
			return noAccount(err)
		}
		if err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			return err
		}
		id, err = findExternalID(t.db, accountID)
		return err
	})
	return id, err
}

// findExternalID returns "" when the account has none yet.
func findExternalID(db *gorm.DB, accountID int64) (string, error) {
	var ids []string
	err := db.Model(&serviceAccountID{}).Where("user_id = ?", accountID).Pluck("external_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}
