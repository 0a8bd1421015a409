package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// OwnedKey returns one key of any user with its owner, to those who may see
// users.
func (s *Store) OwnedKey(ctx context.Context, keyID string) (models.OwnedKey, error) {
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return models.OwnedKey{}, err
	}
	if !storable(keyID) {
		return models.OwnedKey{}, models.Missing("API key")
	}
	var rows []ownedRow
	err := s.read.WithContext(ctx).Raw("SELECT "+ownedColumns+" FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = ?", strings.ToLower(keyID)).Scan(&rows).Error
	switch {
	case err != nil:
		return models.OwnedKey{}, s.failure("API key", err)
	case len(rows) == 0:
		return models.OwnedKey{}, models.Missing("API key")
	}
	return rows[0].key(), nil
}

// exportChunk is how many keys an export reads at once.
const exportChunk = 1000

// EachKey hands all keys of a selection to fn, some at a time and in an order,
// to those who may see users. Each time is a query of its own, so that a slow
// reader holds nothing up.
func (s *Store) EachKey(ctx context.Context, sel models.KeySelection, order models.KeyOrder, fn func([]models.OwnedKey) error) error {
	page, err := s.AllKeys(ctx, sel, order, nil, exportChunk)
	few := !page.Total.More
	for err == nil {
		if err = fn(page.Keys); err != nil || page.Next == nil {
			return err
		}
		from := page.Next
		err = s.snapshot(ctx, func(db *gorm.DB) error {
			c, err := s.choose(db, sel)
			if err == nil {
				page, err = s.pageOfKeys(db, keyWalk{c, order, from, exportChunk + 1, few})
			}
			return err
		})
	}
	return s.failure("export of API keys", err)
}
