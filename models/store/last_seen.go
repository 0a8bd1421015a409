package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// unlocked takes rows for writing that nobody else holds, without waiting.
var unlocked = clause.Locking{Strength: "NO KEY UPDATE", Options: "SKIP LOCKED"}

// markSeen notes when a user was last seen, at most once in seenEvery and never
// backwards. A user whose row somebody holds at this moment is left out: seeing
// somebody must not make anybody wait, and the next use notes it again.
func markSeen(db *gorm.DB, userID int64, at time.Time) error {
	due := db.Session(&gorm.Session{NewDB: true}).Model(&models.User{}).Clauses(unlocked).Select("id").
		Where("id = ? AND (seen_at IS NULL OR seen_at <= ?)", userID, at.Add(-seenEvery))
	return db.Model(&models.User{}).Where("id = (?)", due).Update("seen_at", at).Error
}

// markOwnersSeen notes when the owners of used keys were last seen.
func (s *Store) markOwnersSeen(ctx context.Context, marks map[string]mark, keyIDs []string) error {
	var keys []models.APIKey
	err := s.read.WithContext(ctx).Select("id, user_id").Where("id IN ?", keyIDs).Find(&keys).Error
	if err != nil {
		return s.failure("mark owners seen", err)
	}
	seen := map[int64]time.Time{}
	for _, key := range keys {
		if at := marks[key.ID].newest().UsedAt; at.After(seen[key.UserID]) {
			seen[key.UserID] = at
		}
	}
	return s.inTx(ctx, "mark owners seen", func(t *tx) error {
		for _, id := range slices.Sorted(maps.Keys(seen)) {
			if err := markSeen(t.db, id, seen[id]); err != nil {
				return err
			}
		}
		return nil
	})
}
