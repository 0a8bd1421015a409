package store

import (
	"context"
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

// markOwnersSeen is markSeen for the owners of used keys.
func (s *Store) markOwnersSeen(ctx context.Context, marks map[string]mark, keyIDs []string) error {
	rows, err := usedRows(newestOf(marks, keyIDs))
	if err != nil {
		return err
	}
	return s.inTx(ctx, "mark owners seen", func(t *tx) error {
		return t.db.Exec(s.ownersSeen(), rows, seenEvery.Microseconds()).Error
	})
}

// ownersSeen is the statement of markOwnersSeen.
func (s *Store) ownersSeen() string {
	skip := ""
	if s.pool != nil {
		skip = "FOR NO KEY UPDATE OF users SKIP LOCKED"
	}
	return s.usedTable() + `, latest AS (
			SELECT user_id, max(micros) AS micros FROM used JOIN api_keys ON api_keys.id = used.key_id GROUP BY user_id),
		due AS (
			SELECT users.id, latest.micros FROM users JOIN latest ON latest.user_id = users.id
			WHERE users.seen_at IS NULL OR users.seen_at <= ` + s.timeOf("latest.micros - ?") + ` ` + skip + `)
		UPDATE users SET seen_at = ` + s.timeOf("due.micros") + ` FROM due WHERE users.id = due.id`
}
