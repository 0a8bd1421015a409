package store

import (
	"context"
	"time"

	"github.com/keyport/keyport/models"
)

// SignOnLife is how long a person may take to sign in at the provider.
const SignOnLife = 10 * time.Minute

// pendingSignOn is a sign-on that was begun, known by the digest of its secret.
type pendingSignOn struct {
	Digest     []byte `gorm:"primaryKey"`
	ReturnPath string
	ExpiresAt  time.Time
}

// BeginSignOn notes a sign-on and the path to go on to after it. Those that
// nobody finished in time are removed on the way.
func (s *Store) BeginSignOn(ctx context.Context, digest []byte, returnPath string) error {
	return s.inTx(ctx, "begin sign-on", func(t *tx) error {
		if err := t.db.Where("expires_at <= ?", t.now).Delete(&pendingSignOn{}).Error; err != nil {
			return err
		}
		return t.db.Create(&pendingSignOn{Digest: digest, ReturnPath: fact(returnPath), ExpiresAt: t.now.Add(SignOnLife)}).Error
	})
}

// TakeSignOn ends a sign-on and returns the path to go on to. Of several answers
// to one sign-on, the first is taken.
func (s *Store) TakeSignOn(ctx context.Context, digest []byte) (returnPath string, err error) {
	err = s.inTx(ctx, "take sign-on", func(t *tx) error {
		var paths []string
		err := t.db.Model(&pendingSignOn{}).Where("digest = ? AND expires_at > ?", digest, t.now).Pluck("return_path", &paths).Error
		if err != nil {
			return err
		}
		taken := t.db.Where("digest = ?", digest).Delete(&pendingSignOn{})
		if taken.Error != nil {
			return taken.Error
		}
		if len(paths) == 0 || taken.RowsAffected == 0 {
			return models.Missing("sign-in")
		}
		returnPath = paths[0]
		return nil
	})
	return returnPath, err
}
