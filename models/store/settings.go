package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

const settingsColumns = "id, api_key_default_days, api_key_maximum_days, user_api_keys, version, updated_at"

// AuthSettings returns the settings as they are now. Everybody may know them.
func (s *Store) AuthSettings(ctx context.Context) (models.AuthSettings, error) {
	var settings models.AuthSettings
	err := s.read.WithContext(ctx).Select(settingsColumns).Take(&settings).Error
	return settings, s.failure("authentication settings", err)
}

// SaveAuthSettings changes the settings. wish.Version names the version that
// the actor has seen; if somebody saved since, nothing is changed.
func (s *Store) SaveAuthSettings(ctx context.Context, wish models.AuthSettings) (models.AuthSettings, error) {
	var saved models.AuthSettings
	err := s.inTx(ctx, "save authentication settings", func(t *tx) error {
		var stored models.AuthSettings
		if err := t.db.Clauses(forUpdate).Select(settingsColumns).Take(&stored).Error; err != nil {
			return err
		}
		actor, err := t.actor()
		if err == nil {
			err = models.MayChangeSettings(actor, wish.Version, stored.Version)
		}
		if err != nil {
			return err
		}
		if err := refusalOf(wish.Validate()); err != nil {
			return err
		}
		saved, err = t.saveSettings(actor, stored, wish)
		return err
	})
	if err != nil {
		return models.AuthSettings{}, err
	}
	return saved, nil
}

func (t *tx) saveSettings(actor *models.Actor, stored, wish models.AuthSettings) (models.AuthSettings, error) {
	changes := settingsDifferences(stored, wish)
	if len(changes) == 0 {
		return stored, nil
	}
	saved := models.AuthSettings{
		ID: stored.ID, APIKeyDefaultDays: wish.APIKeyDefaultDays, APIKeyMaximumDays: wish.APIKeyMaximumDays,
		UserAPIKeys: wish.UserAPIKeys, Version: stored.Version + 1, UpdatedAt: t.now,
	}
	err := t.db.Model(&models.AuthSettings{}).Where("id = ?", stored.ID).Updates(map[string]any{
		"api_key_default_days": saved.APIKeyDefaultDays, "api_key_maximum_days": saved.APIKeyMaximumDays,
		"user_api_keys": saved.UserAPIKeys, "version": saved.Version, "updated_at": saved.UpdatedAt,
	}).Error
	if err != nil {
		return saved, err
	}
	return saved, t.record(actor, models.Event{
		Category: models.Modified, DocumentType: models.DocumentConfiguration,
		DocumentID: models.AuthenticationSettingsID, Differences: changes,
	}, new(message).document("Authentication settings", models.AuthenticationSettingsID).text(" were changed"))
}

// settingsDifferences names the members as Octopus's configuration does.
func settingsDifferences(before, after models.AuthSettings) []models.Difference {
	var changes []models.Difference
	add := func(path string, before, after any) {
		if before != after {
			changes = append(changes, models.Difference{Path: path, Before: before, After: after})
		}
	}
	add("ApiKeyDefaultExpiryDays", before.APIKeyDefaultDays, after.APIKeyDefaultDays)
	add("ApiKeyMaxExpiryDays", before.APIKeyMaximumDays, after.APIKeyMaximumDays)
	add("UserApiKeysEnabled", before.UserAPIKeys, after.UserAPIKeys)
	return changes
}
