package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
)

// seenMarks gathers when keys were used, so that using one costs no write.
type seenMarks struct {
	mu    sync.Mutex
	marks map[string]mark
}

type mark struct {
	at      time.Time
	address string
}

func (m *seenMarks) add(keyID string, seen mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.marks == nil {
		m.marks = map[string]mark{}
	}
	if known, ok := m.marks[keyID]; !ok || known.at.Before(seen.at) {
		m.marks[keyID] = seen
	}
}

func (m *seenMarks) take() map[string]mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	marks := m.marks
	m.marks = nil
	return marks
}

// Seen notes that a key was used. It touches memory only. What can't be a key's
// id is left out: one mark that the database refuses would hold up all others.
func (s *Store) Seen(keyID, address string, at time.Time) {
	if !storable(keyID) {
		return
	}
	s.seen.add(keyID, mark{utc(at), fact(address)})
}

// seenEvery is the least time between two writes of a key's last use, by any
// replica; a stored time may lag behind by so much.
const seenEvery = time.Minute

// seenBatch bounds a transaction of FlushSeen, so that others get their turn.
const seenBatch = 200

// FlushSeen writes the gathered marks. A time is never moved backwards. What
// could not be written is kept for the next time.
func (s *Store) FlushSeen(ctx context.Context) error {
	marks := s.seen.take()
	// In one order everywhere, so that two replicas never wait for each other.
	ids := slices.Sorted(maps.Keys(marks))
	for batch := range slices.Chunk(ids, seenBatch) {
		err := s.inTx(ctx, "flush seen", func(t *tx) error {
			for _, id := range batch {
				if err := t.writeSeen(id, marks[id]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			for _, id := range ids {
				s.seen.add(id, marks[id])
			}
			return err
		}
		ids = ids[len(batch):]
	}
	return nil
}

func (t *tx) writeSeen(id string, seen mark) error {
	return t.db.Model(&models.APIKey{}).Where("id = ? AND (last_used_at IS NULL OR last_used_at <= ?)", id, seen.at.Add(-seenEvery)).
		Updates(map[string]any{"last_used_at": seen.at, "last_used_ip": seen.address}).Error
}
