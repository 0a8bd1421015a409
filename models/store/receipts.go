package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// KeyReceipt tells which replicas refuse a revoked key, to those who may see it.
func (s *Store) KeyReceipt(ctx context.Context, ownerID int64, keyID string) (models.APIKey, models.ChangeReceipt, error) {
	key, err := s.APIKey(ctx, ownerID, keyID)
	if err == nil && key.RevokedAt == nil {
		err = models.Missing("revocation of this key")
	}
	if err != nil {
		return key, models.ChangeReceipt{}, err
	}
	receipt, err := s.receipt(ctx, *key.RevokedAt, models.DocumentAPIKeys, key.ID, models.Deleted)
	receipt.LastUsedAt, receipt.LastUsedIP = key.LastUsedAt, key.LastUsedIP
	return key, receipt, err
}

// RevocationReceipt tells which replicas refuse all keys of a revocation that is
// over, to those who may see all keys.
func (s *Store) RevocationReceipt(ctx context.Context, id int64) (models.Revocation, models.ChangeReceipt, error) {
	r, err := s.Revocation(ctx, id)
	if err == nil && (r.Running() || r.Revoked == 0) {
		err = models.Missing("receipt of this revocation")
	}
	if err != nil {
		return r, models.ChangeReceipt{}, err
	}
	// Keys are dealt with in the order of their ids.
	var last string
	err = s.read.WithContext(ctx).Model(&revocationKey{}).Select("max(key_id)").Where("revocation_id = ? AND outcome = ?", id, models.OutcomeRevoked).Scan(&last).Error
	if err != nil {
		return r, models.ChangeReceipt{}, s.failure("receipt", err)
	}
	receipt, err := s.receipt(ctx, *r.FinishedAt, models.DocumentAPIKeys, last, models.Deleted)
	return r, receipt, err
}

// UserReceipt tells which replicas refuse a deactivated user, to those who may
// see the user.
func (s *Store) UserReceipt(ctx context.Context, id int64) (models.UserSummary, models.ChangeReceipt, error) {
	user, err := s.UserSummary(ctx, id)
	if err == nil && user.IsActive {
		err = models.Missing("receipt: this user is not deactivated")
	}
	if err != nil {
		return user, models.ChangeReceipt{}, err
	}
	receipt, err := s.receipt(ctx, time.Time{}, models.DocumentUsers, user.PublicID(), models.Modified)
	return user, receipt, err
}

// PolicyReceipt tells which replicas have heard of the newest policy of keys.
func (s *Store) PolicyReceipt(ctx context.Context) (models.ChangeReceipt, error) {
	settings, err := s.AuthSettings(ctx)
	if err != nil {
		return models.ChangeReceipt{}, err
	}
	return s.receipt(ctx, settings.UpdatedAt, models.DocumentConfiguration, models.AuthenticationSettingsID, models.Modified)
}

// receipt finds the event of a change, and what replicas have said about it.
// at is when the change was made, for when nothing better is known.
func (s *Store) receipt(ctx context.Context, at time.Time, documentType, documentID string, category models.Category) (r models.ChangeReceipt, err error) {
	r.At = at
	if s.pool == nil {
		r.Answers = s.onlyAnswer()
		return r, nil
	}
	err = s.pool.QueryRow(ctx, "SELECT id, occurred_at FROM events WHERE document_id = $1 AND document_type = $2 AND category = $3 ORDER BY id DESC LIMIT 1",
		documentID, documentType, string(category)).Scan(&r.EventID, &r.At)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return r, s.failure("receipt", err)
	}
	if err := s.timed(ctx, &r); err != nil {
		return r, err
	}
	r.Answers, err = s.answers(ctx, r.EventID)
	return r, err
}

// timed fills in when the change was committed, as long as that is known.
func (s *Store) timed(ctx context.Context, r *models.ChangeReceipt) error {
	var age int64
	err := s.pool.QueryRow(ctx, `SELECT at, (EXTRACT(EPOCH FROM clock_timestamp() - at) * 1000000)::bigint FROM told_changes
		WHERE first_event <= $1 AND last_event >= $1`, r.EventID).Scan(&r.At, &age)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	r.Age, r.Timed = time.Duration(age)*time.Microsecond, err == nil
	return s.failure("receipt", err)
}
