package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// seenMarks gathers when and from where keys were used, so that using one costs
// no write.
type seenMarks struct {
	mu    sync.Mutex
	marks map[string]mark
}

// mark is the newest use of a key, and its newest clients.
type mark struct {
	at      time.Time
	address string
	clients []models.KeyUse // newest first, each client once, MaxKeyUses at the most
}

func (m *seenMarks) add(keyID string, use models.KeyUse) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.marks == nil {
		m.marks = map[string]mark{}
	}
	known := m.marks[keyID]
	known.clients = withUse(known.clients, use)
	known.at, known.address = known.clients[0].UsedAt, known.clients[0].Address
	m.marks[keyID] = known
}

// withUse adds a use to a list of clients.
func withUse(clients []models.KeyUse, use models.KeyUse) []models.KeyUse {
	same := slices.IndexFunc(clients, func(u models.KeyUse) bool { return u.Address == use.Address && u.UserAgent == use.UserAgent })
	switch {
	case same < 0:
		clients = append(clients, use)
	case clients[same].UsedAt.Before(use.UsedAt):
		clients[same] = use
	}
	slices.SortStableFunc(clients, func(a, b models.KeyUse) int { return b.UsedAt.Compare(a.UsedAt) })
	return clients[:min(len(clients), models.MaxKeyUses)]
}

func (m *seenMarks) take() map[string]mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	marks := m.marks
	m.marks = nil
	return marks
}

func (m *seenMarks) putBack(marks map[string]mark, ids []string) {
	for _, id := range ids {
		for _, use := range marks[id].clients {
			m.add(id, use)
		}
	}
}

// Seen notes that a key was used. It touches memory only. What can't be a key's
// id is left out: one mark that the database refuses would hold up all others.
func (s *Store) Seen(keyID, address, userAgent string, at time.Time) {
	if !storable(keyID) {
		return
	}
	s.seen.add(keyID, models.KeyUse{KeyID: keyID, Address: fact(address), UserAgent: fact(userAgent), UsedAt: utc(at)})
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
		due, err := t.writeSeen(id, marks[id])
		switch {
		case err != nil:
			return nil, err
		case due:
			err = t.writeClients(id, marks[id].clients)
		case t.now.Sub(marks[id].at) < seenPatience:
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
func (t *tx) writeSeen(id string, seen mark) (due bool, err error) {
	newer := "last_used_at IS NULL OR last_used_at < ?"
	result := t.db.Model(&models.APIKey{}).Where("id = ? AND (use_written_at IS NULL OR use_written_at <= ?)", id, t.now.Add(-seenEvery)).
		Updates(map[string]any{
			"use_written_at": t.now,
			"last_used_ip":   gorm.Expr("CASE WHEN "+newer+" THEN ? ELSE last_used_ip END", seen.at, seen.address),
			"last_used_at":   gorm.Expr("CASE WHEN "+newer+" THEN ? ELSE last_used_at END", seen.at, seen.at),
		})
	return result.RowsAffected == 1, result.Error
}
