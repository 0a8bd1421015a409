package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// writeClients notes the clients of a key and forgets all but the newest.
func (t *tx) writeClients(id string, clients []models.KeyUse) error {
	for _, use := range clients {
		newest := clause.OnConflict{
			Columns:   []clause.Column{{Name: "key_id"}, {Name: "address"}, {Name: "user_agent"}},
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "api_key_uses.used_at < ?", Vars: []any{use.UsedAt}}}},
			DoUpdates: clause.Assignments(map[string]any{"used_at": use.UsedAt}),
		}
		if err := t.db.Clauses(newest).Create(&use).Error; err != nil {
			return err
		}
	}
	var limit []time.Time
	err := t.db.Model(&models.KeyUse{}).Where("key_id = ?", id).Order("used_at DESC, address, user_agent").
		Offset(models.MaxKeyUses).Limit(1).Pluck("used_at", &limit).Error
	if err != nil || len(limit) == 0 {
		return err
	}
	return t.db.Where("key_id = ? AND used_at <= ?", id, limit[0]).Delete(&models.KeyUse{}).Error
}

// KeyUses returns the newest clients of a key, newest first, to those who may
// see the key.
func (s *Store) KeyUses(ctx context.Context, ownerID int64, keyID string) ([]models.KeyUse, error) {
	if _, err := s.APIKey(ctx, ownerID, keyID); err != nil {
		return nil, err
	}
	var uses []models.KeyUse
	err := s.read.WithContext(ctx).Select("key_id, address, user_agent, used_at").Where("key_id = ?", keyID).
		Order("used_at DESC, address, user_agent").Limit(models.MaxKeyUses).Find(&uses).Error
	return uses, s.failure("key uses", err)
}
