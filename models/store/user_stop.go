package store

import (
	"context"
	"strconv"

	"github.com/keyport/keyport/models"
)

// SetUserActive deactivates or reactivates a user. From then on, on every
// replica, the sessions of a deactivated user are over and the keys are
// refused; reactivating brings back the keys that were not revoked meanwhile,
// but neither sessions nor links. It returns the user with the number of live
// keys that the change is about.
func (s *Store) SetUserActive(ctx context.Context, id int64, active bool) (models.UserSummary, error) {
	var changed models.UserSummary
	err := s.inTx(ctx, "set user active", func(t *tx) error {
		actor, user, err := t.userToChange(id)
		if err != nil {
			return err
		}
		may := models.MayChangeUser
		if !active {
			may = models.MayStopUser
		}
		if err := may(user, actor); err != nil {
			return err
		}
		changed, err = t.setActive(actor, user, active)
		return err
	})
	if err != nil {
		return models.UserSummary{}, err
	}
	return changed, nil
}

func (t *tx) setActive(actor *models.Actor, user models.User, active bool) (models.UserSummary, error) {
	keys, err := t.liveKeys(user.ID)
	changed := models.UserSummary{User: user, LiveKeys: len(keys)}
	if err != nil || user.IsActive == active {
		return changed, err
	}
	changed.IsActive = active
	err = t.db.Model(&models.User{}).Where("id = ?", user.ID).Update("is_active", active).Error
	if err != nil {
		return changed, err
	}
	words := saidOf(user).text(" was reactivated" + withKeys(len(keys)))
	if !active {
		words = saidOf(user).text(" was deactivated" + withKeys(len(keys)))
		if err := t.endVisits(user.ID); err != nil {
			return changed, err
		}
		if err := keepAnAdministrator(t); err != nil {
			return changed, err
		}
	}
	return changed, t.recordUser(actor, models.Modified, user, []models.Difference{{Path: "IsActive", Before: user.IsActive, After: active}}, words)
}

// endVisits removes what would let a user in again once he is active.
func (t *tx) endVisits(userID int64) error {
	if err := t.db.Where("user_id = ?", userID).Delete(&models.Session{}).Error; err != nil {
		return err
	}
	return t.db.Where("user_id = ?", userID).Delete(&oneTimeLink{}).Error
}

// withKeys ends the message on a user with what it means for the keys.
func withKeys(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", with 1 live API key"
	}
	return ", with " + strconv.Itoa(n) + " live API keys"
}

// liveKeys returns the keys of a user that neither expired nor were revoked.
func (t *tx) liveKeys(userID int64) ([]models.APIKey, error) {
	var keys []models.APIKey
	err := t.db.Select("id, user_id, purpose, prefix").Where("user_id = ? AND revoked_at IS NULL AND expires_at > ?", userID, t.now).
		Order("created_at, id").Find(&keys).Error
	return keys, err
}

// DeleteUser removes a user with sessions, keys and memberships. The id is
// never given again, so whoever takes the name later inherits nothing. The
// audit trail keeps what the user did, and tells of each live key that ended.
func (s *Store) DeleteUser(ctx context.Context, id int64) (models.UserSummary, error) {
	var deleted models.UserSummary
	err := s.inTx(ctx, "delete user", func(t *tx) error {
		actor, user, err := t.userToChange(id)
		if err != nil {
			return err
		}
		if err := models.MayStopUser(user, actor); err != nil {
			return err
		}
		keys, err := t.liveKeys(id)
		if err != nil {
			return err
		}
		deleted = models.UserSummary{User: user, LiveKeys: len(keys)}
		return t.deleteUser(actor, user, keys)
	})
	if err != nil {
		return models.UserSummary{}, err
	}
	return deleted, nil
}

func (t *tx) deleteUser(actor *models.Actor, user models.User, keys []models.APIKey) error {
	for _, key := range keys {
		words := said("User API key ").key(key).text(" of ").user(user).text(" ended, because its owner was deleted")
		if err := t.recordKey(actor, models.Deleted, key, words); err != nil {
			return err
		}
	}
	if err := t.db.Where("id = ?", user.ID).Delete(&models.User{}).Error; err != nil {
		return err
	}
	if err := keepAnAdministrator(t); err != nil {
		return err
	}
	return t.recordUser(actor, models.Deleted, user, nil, saidOf(user).text(" was deleted"+withKeys(len(keys))))
}
