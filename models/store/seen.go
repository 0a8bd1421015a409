package store

import (
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// seenMarks gathers when and from where keys were used, so that using one costs
// no write. They lie in parts, so that calls at the same time seldom meet.
type seenMarks struct {
	seed  maphash.Seed
	parts [seenParts]seenPart
}

// seenParts is a power of two.
const seenParts = 64

type seenPart struct {
	mu    sync.Mutex
	marks map[string]*mark
	_     [112]byte // two processors never share a cache line for two parts
}

// mark is the use of a key by its newest clients.
type mark struct {
	clients []models.KeyUse // newest first, each client once, MaxKeyUses at the most
}

// newest is the last use of all.
func (m *mark) newest() models.KeyUse { return m.clients[0] }

func newSeenMarks() *seenMarks { return &seenMarks{seed: maphash.MakeSeed()} }

func (m *seenMarks) part(keyID string) *seenPart {
	return &m.parts[maphash.String(m.seed, keyID)&(seenParts-1)]
}

// again notes the use of a key by a client that is known already, which is how
// nearly every call goes. It makes nothing.
func (m *seenMarks) again(keyID, address, userAgent string, at time.Time) bool {
	p := m.part(keyID)
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.marks[keyID]
	if known == nil {
		return false
	}
	c := known.clients
	for i := range c {
		if c[i].Address != address || c[i].UserAgent != userAgent {
			continue
		}
		if c[i].UsedAt.Before(at) {
			c[i].UsedAt = at
		}
		for ; i > 0 && c[i-1].UsedAt.Before(c[i].UsedAt); i-- {
			c[i-1], c[i] = c[i], c[i-1]
		}
		return true
	}
	return false
}

func (m *seenMarks) add(keyID string, use models.KeyUse) {
	p := m.part(keyID)
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.marks[keyID]
	if known == nil {
		if p.marks == nil {
			p.marks = map[string]*mark{}
		}
		known = &mark{}
		p.marks[keyID] = known
	}
	known.clients = withUse(known.clients, use)
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

func (m *seenMarks) take() map[string]*mark {
	all := map[string]*mark{}
	for i := range m.parts {
		p := &m.parts[i]
		p.mu.Lock()
		maps.Copy(all, p.marks)
		p.marks = nil
		p.mu.Unlock()
	}
	return all
}

func (m *seenMarks) putBack(marks map[string]*mark, ids []string) {
	for _, id := range ids {
		for _, use := range marks[id].clients {
			m.add(id, use)
		}
	}
}

// Seen notes that a key was used. It touches memory only. What can't be a key's
// id is left out: one mark that the database refuses would hold up all others.
// The texts are copied: a header's text is a piece of all that a call sent, its
// key included, which must not stay in memory for so long.
func (s *Store) Seen(keyID, address, userAgent string, at time.Time) {
	if !Noting {
		return
	}
	at = utc(at)
	if s.seen.again(keyID, address, userAgent, at) || !storable(keyID) {
		return
	}
	id := strings.Clone(keyID)
	s.seen.add(id, models.KeyUse{KeyID: id, Address: strings.Clone(fact(address)), UserAgent: strings.Clone(fact(userAgent)), UsedAt: at})
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
func (t *tx) writeMarks(marks map[string]*mark, ids []string) (early []string, err error) {
	for _, id := range ids {
		due, err := t.writeSeen(marks[id].newest())
		switch {
		case err != nil:
			return nil, err
		case due:
			err = t.writeClients(id, marks[id].clients)
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
