package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

const totpColumns = "user_id, secret, key_id, confirmed, last_step, created_at"

// findTOTP returns the stored secret of a user's app, nil when there is none.
func findTOTP(db *gorm.DB, userID int64) (*models.TOTPSecret, error) {
	var row models.TOTPSecret
	err := db.Select(totpColumns).Where("user_id = ?", userID).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &row, err
}

// StartTOTP makes a new secret for the actor's authenticator app. It protects
// nothing until a code of it has been typed.
func (s *Store) StartTOTP(ctx context.Context) error {
	secret := random(models.TOTPSecretSize)
	return s.inTx(ctx, "start TOTP", func(t *tx) error {
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		locked := s.keyring.Lock(secret, models.TOTPPlace(actor.User.ID))
		row := models.TOTPSecret{UserID: actor.User.ID, Secret: locked, CreatedAt: t.now}
		row.KeyID, _ = models.LockedBy(locked)
		done := t.db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"secret", "key_id", "last_step", "created_at"}),
			Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("NOT totp_secrets.confirmed")}},
		}).Create(&row)
		if done.Error == nil && done.RowsAffected == 0 {
			return models.Conflicted("You have an authenticator app already. Remove it first, then set up the new one.")
		}
		return done.Error
	})
}

// PendingTOTP returns the secret that waits for its first code, nil when none
// does.
func (s *Store) PendingTOTP(ctx context.Context) ([]byte, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via != models.ViaSession {
		return nil, models.Unauthorized()
	}
	row, err := findTOTP(s.read.WithContext(ctx), actor.User.ID)
	if err != nil || row == nil || row.Confirmed {
		return nil, s.failure("pending TOTP", err)
	}
	secret, err := s.keyring.Open(row.Secret, models.TOTPPlace(actor.User.ID))
	return secret, s.failure("pending TOTP", err)
}

// ConfirmTOTP puts the actor's app into use, once it shows the right code. It
// returns recovery codes if the actor has none.
func (s *Store) ConfirmTOTP(ctx context.Context, code string) (recovery []string, err error) {
	fresh := models.NewRecoveryCodes()
	err = s.inTx(ctx, "confirm TOTP", func(t *tx) error {
		recovery = nil
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		row, err := findTOTP(t.db.Clauses(forUpdate), actor.User.ID)
		if err != nil {
			return err
		}
		if row == nil || row.Confirmed {
			return models.Conflicted("There is no authenticator app to confirm. Start again.")
		}
		secret, err := s.keyring.Open(row.Secret, models.TOTPPlace(actor.User.ID))
		if err != nil {
			return err
		}
		step, ok := models.TOTPMatches(secret, code, t.now, row.LastStep)
		if !ok {
			return models.InvalidField("Code", "This is not the code of this secret. Check that the clock of your device is right, and type the code that the app shows now.")
		}
		err = t.db.Model(&models.TOTPSecret{}).Where("user_id = ?", actor.User.ID).
			Updates(map[string]any{"confirmed": true, "last_step": step, "created_at": t.now}).Error
		if err != nil {
			return err
		}
		if recovery, err = t.firstRecoveryCodes(actor.User.ID, fresh); err != nil {
			return err
		}
		return t.recordSignIn(actor, actor.User, "An authenticator app of ", " was added")
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// RemoveTOTP takes the actor's app out of use.
func (s *Store) RemoveTOTP(ctx context.Context) error {
	return s.inTx(ctx, "remove TOTP", func(t *tx) error {
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		row, err := findTOTP(t.db, actor.User.ID)
		if err != nil || row == nil {
			return err
		}
		if err := t.db.Where("user_id = ?", actor.User.ID).Delete(&models.TOTPSecret{}).Error; err != nil || !row.Confirmed {
			return err
		}
		if err := t.dropIdleCodes(actor.User.ID); err != nil {
			return err
		}
		return t.recordSignIn(actor, actor.User, "The authenticator app of ", " was removed")
	})
}

// relock moves secrets to the newest master key, so that an old one can retire.
func (t *tx) relock() error {
	newest := t.store.keyring.IDs()[0]
	var rows []models.TOTPSecret
	if err := t.db.Clauses(forUpdate).Select(totpColumns).Where("key_id <> ?", newest).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		place := models.TOTPPlace(row.UserID)
		secret, err := t.store.keyring.Open(row.Secret, place)
		if err != nil {
			continue // changed behind our back: its codes are refused
		}
		err = t.db.Model(&models.TOTPSecret{}).Where("user_id = ?", row.UserID).
			Updates(map[string]any{"secret": t.store.keyring.Lock(secret, place), "key_id": newest}).Error
		if err != nil {
			return err
		}
	}
	return nil
}
