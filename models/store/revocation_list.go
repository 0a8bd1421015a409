package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// Revocation returns a revocation as it stands, to those who may see all keys.
func (s *Store) Revocation(ctx context.Context, id int64) (models.Revocation, error) {
	var r models.Revocation
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return r, err
	}
	err := s.read.WithContext(ctx).Select(revocationColumns).Where("id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.Missing("revocation")
	}
	return r, s.failure("revocation", err)
}

// RunningRevocations returns the revocations that are under way, oldest first.
func (s *Store) RunningRevocations(ctx context.Context) ([]models.Revocation, error) {
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return nil, err
	}
	var running []models.Revocation
	err := s.read.WithContext(ctx).Select(revocationColumns).Where("finished_at IS NULL").Order("id").Limit(models.PageSize).Find(&running).Error
	return running, s.failure("running revocations", err)
}

// RevocationKeys returns a page of the keys of a revocation, first those that
// were not revoked, and how many keys there are of each outcome.
func (s *Store) RevocationKeys(ctx context.Context, id int64, p models.Page) ([]models.RevocationKey, map[models.Outcome]int, error) {
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return nil, nil, err
	}
	var rows []struct {
		Row     ownedRow `gorm:"embedded"`
		KeyID   string
		Outcome models.Outcome
	}
	var counts []struct {
		Outcome models.Outcome
		N       int
	}
	p = p.Clamp()
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		if err := db.Raw("SELECT outcome, count(*) AS n FROM revocation_keys WHERE revocation_id = ? GROUP BY outcome", id).Scan(&counts).Error; err != nil {
			return err
		}
		return db.Raw("SELECT r.key_id, r.outcome, "+ownedColumns+` FROM revocation_keys r LEFT JOIN api_keys k ON k.id = r.key_id LEFT JOIN users u ON u.id = k.user_id
			WHERE r.revocation_id = ? ORDER BY r.outcome = 'revoked', u.username_fold, k.purpose_fold, r.key_id LIMIT ? OFFSET ?`, id, p.Take, p.Skip).Scan(&rows).Error
	})
	keys := make([]models.RevocationKey, len(rows))
	for i, r := range rows {
		keys[i] = models.RevocationKey{OwnedKey: r.Row.key(), Outcome: r.Outcome}
		keys[i].ID = r.KeyID
	}
	byOutcome := map[models.Outcome]int{}
	for _, c := range counts {
		byOutcome[c.Outcome] = c.N
	}
	return keys, byOutcome, s.failure("keys of a revocation", err)
}
