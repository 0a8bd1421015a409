package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// knownKeysEvery is how long at the most a key stays unknown that was stored
	// past the triggers, such as by a replication that does not run them.
	knownKeysEvery = time.Hour
	// knownKeysPause is between two times that all keys are read, however often that
	// is asked for.
	knownKeysPause = time.Second
	// knownKeysPage is how many keys are read at once.
	knownKeysPage = 5000
	// leastRoom is for how many keys a filter is made at least.
	leastRoom = 16_384
)

var (
	errUntold    = errors.New("the database does not tell of new keys: its schema is not up to date, or somebody switched the trigger api_keys_made off")
	errOvertaken = errors.New("keys were made of which nothing was heard")
)

// keepKnownKeys reads all keys while the feed is up, and again whenever there is
// no more room or one may be missing.
func (s *Store) keepKnownKeys(ctx context.Context) {
	for {
		err := s.readKnownKeys(ctx)
		next, again := knownKeysEvery, s.known.again
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errOvertaken):
		case err != nil:
			next, again = deafPause, nil
			s.log.WarnContext(ctx, "a flood of wrong keys is looked up in the database: the keys that there are could not be read", "cause", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		case <-again:
			rest(ctx, s.known.pause)
		}
	}
}

// readingKnownKeys begins that, when what is said of new keys is heard. stop ends
// it, and all belief in what was read.
func (s *Store) readingKnownKeys(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { s.keepKnownKeys(ctx) })
	return func() {
		s.known.forget()
		cancel()
		done.Wait()
		s.known.forget()
	}
}

// readKnownKeys reads the digests of all keys. The index holds them, so that no
// row is read; pages and pauses leave the database to others.
func (s *Store) readKnownKeys(ctx context.Context) error {
	told, stored, err := s.surveyKeys(ctx)
	switch {
	case err != nil:
		return err
	case !told:
		return errUntold
	}
	f := s.known.gather(max(leastRoom, stored+stored/2))
	for _, generation := range s.keyring.IDs() {
		for after, more := []byte{}, true; more; {
			began := time.Now()
			if after, more, err = s.readKeyPage(ctx, generation, after); err != nil {
				return err
			}
			rest(ctx, time.Since(began)) // as long as the work took
		}
	}
	if !s.known.believe(f) {
		return errOvertaken
	}
	return nil
}

// surveyKeys asks whether the database tells of new keys, and how many there are.
func (s *Store) surveyKeys(ctx context.Context) (told bool, stored int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, knownKeysTime)
	defer cancel()
	tells := "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'trigger' AND name = 'api_keys_made'"
	if s.pool != nil {
		tells = "SELECT count(*) > 0 FROM pg_trigger WHERE tgname = 'api_keys_made' AND tgrelid = 'api_keys'::regclass AND tgenabled IN ('O', 'A')"
	}
	db := s.read.WithContext(ctx)
	if err = db.Raw(tells).Row().Scan(&told); err == nil && told {
		err = db.Raw("SELECT count(*) FROM api_keys").Row().Scan(&stored)
	}
	return told, stored, err
}

// knownKeysTime bounds one statement.
const knownKeysTime = 30 * time.Second

// keyPageQuery takes all it needs from the index.
const keyPageQuery = "SELECT digest FROM api_keys WHERE pepper_id = ? AND digest > ? ORDER BY digest LIMIT ?"

// readKeyPage adds the keys of a generation of master keys whose digests come
// after one, and reports whether there are more.
func (s *Store) readKeyPage(ctx context.Context, generation int64, after []byte) (last []byte, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, knownKeysTime)
	defer cancel()
	rows, err := s.read.WithContext(ctx).Raw(keyPageQuery, generation, after, knownKeysPage).Rows()
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	pieces := make([]uint64, 0, knownKeysPage)
	for rows.Next() {
		if err := rows.Scan(&last); err != nil {
			return nil, false, err
		}
		pieces = append(pieces, keyPiece(last))
	}
	s.known.add(pieces...)
	return last, len(pieces) == knownKeysPage, rows.Err()
}

// rest waits.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
