package store

import (
	"context"
	"maps"
	"slices"
	"time"

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

// seenBatch bounds a transaction of FlushSeen, in keys, so that others get their turn.
const seenBatch = 500

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

// writeMarks writes what is due and returns the keys that must wait. How many
// statements that takes does not depend on how many keys there are.
func (t *tx) writeMarks(marks map[string]mark, ids []string) (early []string, err error) {
	due, err := t.dueKeys(ids)
	if err != nil {
		return nil, err
	}
	if err := t.writeSeen(newestOf(marks, due)); err != nil {
		return nil, err
	}
	var clients []models.KeyUse
	for _, id := range due {
		clients = append(clients, marks[id]...)
	}
	return t.waiting(marks, ids, due), t.writeClients(clients)
}

// dueKeys returns those keys about which nobody wrote for a minute, and keeps
// others from writing about them. Their rows are taken in order, so that two
// replicas never wait for each other, and looked at again once they are taken.
func (t *tx) dueKeys(ids []string) (due []string, err error) {
	err = t.db.Model(&models.APIKey{}).Clauses(forNoKeyUpdate).Order("id").
		Where("id IN ? AND (use_written_at IS NULL OR use_written_at <= ?)", ids, t.now.Add(-seenEvery)).Pluck("id", &due).Error
	slices.Sort(due) // the database may know another order
	return due, err
}

// waiting returns the keys that are not due, and for which it is not too late.
func (t *tx) waiting(marks map[string]mark, ids, due []string) (early []string) {
	for _, id := range ids {
		_, isDue := slices.BinarySearch(due, id)
		if !isDue && t.now.Sub(marks[id].newest().UsedAt) < seenPatience {
			early = append(early, id)
		}
	}
	return early
}

// writeSeen moves the last use of keys forward, each named once.
func (t *tx) writeSeen(newest []models.KeyUse) error {
	rows, err := usedRows(newest)
	if err != nil || len(newest) == 0 {
		return err
	}
	at := t.store.timeOf("used.micros")
	newer := "CASE WHEN last_used_at IS NULL OR last_used_at < " + at + " THEN "
	return t.db.Exec(t.store.usedTable()+` UPDATE api_keys SET use_written_at = ?,
		last_used_ip = `+newer+`used.address ELSE last_used_ip END,
		last_used_at = `+newer+at+` ELSE last_used_at END
		FROM used WHERE api_keys.id = used.key_id`, rows, t.now).Error
}
