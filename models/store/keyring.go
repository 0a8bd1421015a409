package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// keyGeneration notes that a master key was in use here.
type keyGeneration struct {
	ID        int64 `gorm:"primaryKey;autoIncrement:false"`
	CreatedAt time.Time
}

// CheckKeyring notes the newest generation of the keyring, and refuses with an
// *OpenError if usable keys were made under a generation that the keyring
// lacks: every one of them would be refused, and their holders would throw them
// away. Keys that have ended don't matter, and secrets are moved to the newest
// generation, so that an old master key can retire.
func (s *Store) CheckKeyring(ctx context.Context) error {
	return s.inTx(ctx, "check keyring", func(t *tx) error {
		if err := t.compareKeyring(); err != nil {
			return err
		}
		if err := t.relock(); err != nil {
			return err
		}
		if err := t.relockSigningKeys(); err != nil {
			return err
		}
		if err := t.relockBoxes(); err != nil {
			return err
		}
		return t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&keyGeneration{ID: s.keyring.IDs()[0], CreatedAt: t.now}).Error
	})
}

// CompareKeyring is CheckKeyring for those who only look: it changes nothing.
func (s *Store) CompareKeyring(ctx context.Context) error {
	return s.inTx(ctx, "compare keyring", func(t *tx) error { return t.compareKeyring() })
}

func (t *tx) compareKeyring() error {
	ids := t.store.keyring.IDs()
	var strangers []int64
	err := t.db.Model(&models.APIKey{}).Where("revoked_at IS NULL AND expires_at > ? AND pepper_id NOT IN ?", t.now, ids).
		Limit(1).Pluck("pepper_id", &strangers).Error
	if err == nil && len(strangers) == 0 {
		err = t.db.Model(&models.TOTPSecret{}).Where("key_id NOT IN ?", ids).Limit(1).Pluck("key_id", &strangers).Error
	}
	if err == nil && len(strangers) > 0 {
		err = &OpenError{Message: "This is the wrong master key: the database holds API keys or secrets that were made with another one. Start Keyport with that master key, or add it below the new one."}
	}
	return err
}

// sealed reports whether the row is as the store wrote it.
func (s *Store) sealed(k models.APIKey) bool { return s.keyring.Seals(&k) }
