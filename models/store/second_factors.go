package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// hasSecondFactor reports whether a password alone does not sign the user in.
func hasSecondFactor(db *gorm.DB, userID int64) (bool, error) {
	var n int64
	err := db.Model(&models.TOTPSecret{}).Where("user_id = ? AND confirmed", userID).Count(&n).Error
	if err == nil && n == 0 {
		err = db.Model(&models.Passkey{}).Where("user_id = ?", userID).Count(&n).Error
	}
	return n > 0, err
}

// MySignInMeans returns what the actor can sign in with.
func (s *Store) MySignInMeans(ctx context.Context) (models.SignInMeans, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via != models.ViaSession {
		return models.SignInMeans{}, models.Unauthorized()
	}
	means, err := s.means(s.read.WithContext(ctx), actor.User.ID)
	return means, s.failure("sign-in means", err)
}

// HasSecondFactor tells those who may see a user whether the password alone
// signs the user in.
func (s *Store) HasSecondFactor(ctx context.Context, userID int64) (bool, error) {
	if _, err := s.User(ctx, userID); err != nil {
		return false, err
	}
	has, err := hasSecondFactor(s.read.WithContext(ctx), userID)
	return has, s.failure("second factor", err)
}

func (s *Store) means(db *gorm.DB, userID int64) (means models.SignInMeans, err error) {
	var hash string
	if err = db.Model(&models.User{}).Where("id = ?", userID).Pluck("password_hash", &hash).Error; err != nil {
		return means, err
	}
	means.Password = hash != ""
	app, err := findTOTP(db, userID)
	if err != nil {
		return means, err
	}
	if app != nil && app.Confirmed {
		means.App = &app.CreatedAt
	}
	if means.Passkeys, err = passkeysOf(db, userID); err != nil {
		return means, err
	}
	var codes, devices int64
	if err = db.Model(&models.RecoveryCode{}).Where("user_id = ? AND used_at IS NULL", userID).Count(&codes).Error; err != nil {
		return means, err
	}
	err = db.Model(&models.KnownDevice{}).Where("user_id = ? AND ends_at > ?", userID, s.Now()).Count(&devices).Error
	means.RecoveryCodes, means.Devices = int(codes), int(devices)
	return means, err
}

// RenewRecoveryCodes replaces the actor's recovery codes and returns the new
// ones. They are shown once: only digests are stored.
func (s *Store) RenewRecoveryCodes(ctx context.Context) ([]string, error) {
	codes := models.NewRecoveryCodes()
	err := s.inTx(ctx, "renew recovery codes", func(t *tx) error {
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		has, err := hasSecondFactor(t.db, actor.User.ID)
		if err != nil {
			return err
		}
		if !has {
			return models.Conflicted("Recovery codes stand in for a second step, and you have none. Add an authenticator app or a passkey first.")
		}
		if err := t.replaceCodes(actor.User.ID, codes); err != nil {
			return err
		}
		return t.recordSignIn(actor, actor.User, "The recovery codes of ", " were replaced")
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// firstRecoveryCodes stores a first set and returns it, or nil when the user
// has codes.
func (t *tx) firstRecoveryCodes(userID int64, codes []string) ([]string, error) {
	var n int64
	err := t.db.Model(&models.RecoveryCode{}).Where("user_id = ? AND used_at IS NULL", userID).Count(&n).Error
	if err != nil || n > 0 {
		return nil, err
	}
	return codes, t.replaceCodes(userID, codes)
}

func (t *tx) replaceCodes(userID int64, codes []string) error {
	if err := t.db.Where("user_id = ?", userID).Delete(&models.RecoveryCode{}).Error; err != nil {
		return err
	}
	rows := make([]models.RecoveryCode, len(codes))
	for i, code := range codes {
		rows[i] = models.RecoveryCode{Digest: t.store.keyring.CodeDigests(userID, code)[0], UserID: userID}
	}
	return t.db.Create(&rows).Error
}

// dropIdleCodes removes recovery codes that stand in for nothing any more.
func (t *tx) dropIdleCodes(userID int64) error {
	has, err := hasSecondFactor(t.db, userID)
	if err != nil || has {
		return err
	}
	return t.db.Where("user_id = ?", userID).Delete(&models.RecoveryCode{}).Error
}

// signInNote is what a user is told after the next sign-in.
type signInNote struct {
	UserID int64 `gorm:"primaryKey;autoIncrement:false"`
	Kind   string
}

// NoteSecondFactorRemoved is left for a user whose second factor an
// administrator took away.
const NoteSecondFactorRemoved = "second factor removed"

// RemoveSecondFactor takes away all second factors of another user, who has
// lost them. The user is told at the next sign-in.
func (s *Store) RemoveSecondFactor(ctx context.Context, userID int64) error {
	return s.inTx(ctx, "remove second factor", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		// Asked before the user is looked for, so that a stranger can't tell
		// whether there is one.
		if err := models.MayRemoveSecondFactor(models.User{}, actor); err != nil {
			return err
		}
		user, err := t.lockUser(userID)
		if err != nil {
			return err
		}
		if err := models.MayRemoveSecondFactor(user, actor); err != nil {
			return err
		}
		has, err := hasSecondFactor(t.db, userID)
		if err != nil || !has {
			return err
		}
		for _, of := range []any{&models.TOTPSecret{}, &models.Passkey{}, &models.RecoveryCode{}} {
			if err := t.db.Where("user_id = ?", userID).Delete(of).Error; err != nil {
				return err
			}
		}
		note := signInNote{userID, NoteSecondFactorRemoved}
		if err := t.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "user_id"}}, UpdateAll: true}).Create(&note).Error; err != nil {
			return err
		}
		return t.recordSignIn(actor, user, "The second step of the sign-in of ", " was removed")
	})
}

// TakeSignInNote returns what a user is to be told after signing in, once; ""
// for nothing.
func (s *Store) TakeSignInNote(ctx context.Context, userID int64) (string, error) {
	var note signInNote
	err := s.read.WithContext(ctx).Select("user_id, kind").Where("user_id = ?", userID).Take(&note).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", nil
	}
	if err != nil {
		return "", s.failure("take sign-in note", err)
	}
	done := s.write.WithContext(ctx).Where("user_id = ? AND kind = ?", userID, note.Kind).Delete(&signInNote{})
	if done.Error != nil || done.RowsAffected == 0 {
		return "", s.failure("take sign-in note", done.Error)
	}
	return note.Kind, nil
}
