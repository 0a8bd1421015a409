package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// writeClients notes clients of keys, each once, and forgets all but the newest
// of each key.
func (t *tx) writeClients(clients []models.KeyUse) error {
	rows, err := usedRows(clients)
	if err != nil || len(clients) == 0 {
		return err
	}
	// SQLite needs the WHERE to see that ON belongs to the INSERT.
	err = t.db.Exec(t.store.usedTable()+` INSERT INTO api_key_uses (key_id, address, user_agent, used_at)
		SELECT key_id, address, user_agent, `+t.store.timeOf("micros")+` FROM used WHERE TRUE
		ON CONFLICT (key_id, address, user_agent) DO UPDATE SET used_at = excluded.used_at
		WHERE api_key_uses.used_at < excluded.used_at`, rows).Error
	if err != nil {
		return err
	}
	return t.db.Exec(t.store.usedTable()+` DELETE FROM api_key_uses WHERE (key_id, address, user_agent) IN (
		SELECT key_id, address, user_agent FROM (
			SELECT key_id, address, user_agent, row_number() OVER (PARTITION BY key_id ORDER BY used_at DESC, address, user_agent) AS place
			FROM api_key_uses WHERE key_id IN (SELECT key_id FROM used)) AS placed
		WHERE place > ?)`, rows, models.MaxKeyUses).Error
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
