package store

import (
	"context"
	"database/sql"
	"time"
)

// pollChanges follows SQLite. Changes by this process are known before they are
// answered; those of a command beside it are found by the counters that the
// triggers raise, and whose they are by what they note beside them.
func (s *Store) pollChanges(ctx context.Context) error {
	db, err := s.read.DB()
	if err != nil {
		return err
	}
	last, stop := keyCounters{}, func() {}
	defer func() { stop() }()
	for first := true; ; first = false {
		asked := time.Now()
		if last, err = s.pollOnce(ctx, db, last, first); err != nil {
			return err
		}
		s.changes.hears(asked)
		if first {
			stop = s.readingKnownKeys(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(feedBeat):
		}
	}
}

// keyCounters are what the triggers on SQLite raise.
type keyCounters struct{ keys, services, made int64 }

// pollOnce looks at the counters, and hears of what has changed. At first that
// may be anything.
func (s *Store) pollOnce(ctx context.Context, db *sql.DB, last keyCounters, first bool) (now keyCounters, err error) {
	ctx, cancel := context.WithTimeout(ctx, feedFresh)
	defer cancel()
	heard := s.changes.upTo.Load() // before the counters, which are not older then
	err = db.QueryRowContext(ctx, "SELECT version, services_version, keys_made FROM key_changes").Scan(&now.keys, &now.services, &now.made)
	if err != nil {
		return now, err
	}
	if now.keys != heard || first {
		if err := s.hearUsers(ctx, heard, now.keys, first); err != nil {
			return now, err
		}
	}
	if now.services != last.services {
		s.services.forget()
	}
	if now.made == last.made || first {
		return now, nil
	}
	return now, s.pollNewKeys(ctx, db, last.made, now.made)
}

// pollNewKeys reads which keys were made, from one to another. What is no longer
// there makes it read all.
func (s *Store) pollNewKeys(ctx context.Context, db *sql.DB, from, to int64) error {
	rows, err := db.QueryContext(ctx, "SELECT digest FROM new_keys WHERE number > ? AND number <= ?", from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	var pieces []uint64
	for rows.Next() {
		var digest []byte
		if err := rows.Scan(&digest); err != nil {
			return err
		}
		pieces = append(pieces, keyPiece(digest))
	}
	if int64(len(pieces)) != to-from {
		s.known.forget()
	}
	s.known.add(pieces...)
	return rows.Err()
}
