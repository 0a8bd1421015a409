package store

import (
	"slices"

	"github.com/keyport/keyport/models"
)

// switchOff ends the accounts that were off when the backup was made, and those
// that were deactivated or deleted since.
func (r *restoring) switchOff() error {
	for ids := range slices.Chunk(r.inactive, 500) {
		if err := r.db.Exec("UPDATE users SET is_active = ? WHERE id IN ?", false, ids).Error; err != nil {
			return err
		}
	}
	return nil
}

// strip takes the ways to sign in from users who have changed theirs since, or
// are gone: an old password is known to whoever it was changed for.
func (r *restoring) strip() error {
	if r.known == nil {
		return nil
	}
	prints, err := r.store.fingerprints(r.db, r.known.keyID)
	if err != nil {
		return err
	}
	var users []models.User
	if err := r.db.Model(&models.User{}).Select("id, username").Order("id").Find(&users).Error; err != nil {
		return err
	}
	var stripped []int64
	for _, u := range users {
		now, there := r.known.users[u.ID]
		if !there || now.print != prints[u.ID] {
			stripped, r.report.Stripped = append(stripped, u.ID), append(r.report.Stripped, u.Username)
		}
		if !there || !now.active {
			r.report.Stopped = append(r.report.Stopped, u.Username)
		}
	}
	for ids := range slices.Chunk(stripped, 500) {
		for _, statement := range []string{"UPDATE users SET password_hash = '' WHERE id IN ?", "DELETE FROM totp_secrets WHERE user_id IN ?", "DELETE FROM passkeys WHERE user_id IN ?",
			"DELETE FROM recovery_codes WHERE user_id IN ?", "DELETE FROM identities WHERE user_id IN ?", "DELETE FROM oidc_identities WHERE user_id IN ?"} {
			if err := r.db.Exec(statement, ids).Error; err != nil {
				return err
			}
		}
	}
	return nil
}
