package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// mark is the use of a key by its newest clients, newest first.
type mark []models.KeyUse

// newest is the last use of all.
func (m mark) newest() models.KeyUse { return m[0] }

// Seen notes that a key was used. It touches memory only. What can't be a key's
// id is left out: one mark that the database refuses would hold up all others.
func (s *Store) Seen(keyID, address, userAgent string, at time.Time) {
	if Noting {
		s.seen.note(keyID, seenClient{address, userAgent}, utc(at).UnixMicro())
	}
}

// seenEvery is the least time between two writes about a key's use, by any
// replica; what is stored may lag behind by so much.
const seenEvery = time.Minute

// seenPatience is how long a mark waits for its turn. A key that was removed
// never has one.
const seenPatience = 10 * time.Minute

// seenBatch bounds a transaction of FlushSeen, so that others get their turn.
const seenBatch = 200

// FlushSeen writes the gathered marks whose turn it is. A time is never moved
// backwards. What could not be written is kept for the next time.
func (s *Store) FlushSeen(ctx context.Context) error {
	marks := s.seen.take()
	// In one order everywhere, so that two replicas never wait for each other.
	ids := slices.Sorted(maps.Keys(marks))
	for batch := range slices.Chunk(ids, seenBatch) {
		var early []string
		err := s.inTx(ctx, "flush seen", func(t *tx) (err error) {
			if early, err = t.writeMarks(marks, batch); err != nil {
				return err
			}
			return t.endReplaced(batch)
		})
		if err == nil {
			err = s.markOwnersSeen(ctx, marks, batch)
		}
		if err != nil {
			s.seen.putBack(marks, ids)
			return err
		}
		s.seen.putBack(marks, early)
		ids = ids[len(batch):]
	}
	return nil
}

// writeMarks writes what is due and returns the keys that must wait.
func (t *tx) writeMarks(marks map[string]mark, ids []string) (early []string, err error) {
	for _, id := range ids {
		due, err := t.writeSeen(marks[id].newest())
		switch {
		case err != nil:
			return nil, err
		case due:
			err = t.writeClients(id, marks[id])
		case t.now.Sub(marks[id].newest().UsedAt) < seenPatience:
			early = append(early, id)
		}
		if err != nil {
			return nil, err
		}
	}
	return early, nil
}

// writeSeen moves the last use forward, unless somebody wrote about the key less
// than a minute ago.
func (t *tx) writeSeen(seen models.KeyUse) (due bool, err error) {
	newer := "last_used_at IS NULL OR last_used_at < ?"
	result := t.db.Model(&models.APIKey{}).Where("id = ? AND (use_written_at IS NULL OR use_written_at <= ?)", seen.KeyID, t.now.Add(-seenEvery)).
		Updates(map[string]any{
			"use_written_at": t.now,
			"last_used_ip":   gorm.Expr("CASE WHEN "+newer+" THEN ? ELSE last_used_ip END", seen.UsedAt, seen.Address),
			"last_used_at":   gorm.Expr("CASE WHEN "+newer+" THEN ? ELSE last_used_at END", seen.UsedAt, seen.UsedAt),
		})
	return result.RowsAffected == 1, result.Error
}
