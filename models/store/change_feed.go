package store

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// changeFeed hears of everything that changes what keys open, by whichever
// process. It is a promise with an end: heard until then. When the other end
// falls silent the promise runs out, and every call asks the database.
type changeFeed struct {
	started atomic.Bool
	mu      sync.Mutex
	cancel  context.CancelFunc
	closed  bool
	done    sync.WaitGroup

	heard     atomic.Int64 // nanoseconds since feedStart up to which nothing was missed
	lastHeard atomic.Int64 // the same, and kept when the feed is lost

	// upTo is, on SQLite, the number of a change that is in the database, and up to
	// which all are heard of. Whoever sets it back only has some heard of twice.
	upTo atomic.Int64
}

const (
	// feedBeat is how often the feed asks whether it still hears.
	feedBeat = 200 * time.Millisecond
	// feedFresh is how long an answer counts, from the moment of the question.
	// Together with what a call takes it stays below the second after which a
	// revoked key must be dead everywhere.
	feedFresh = 700 * time.Millisecond
	// keyChannel is the channel that the triggers speak on.
	keyChannel = "keyport_key_changes"
	// newKeyChannel is the one on which they tell of new keys.
	newKeyChannel = "keyport_new_keys"
	// servicesChanged is what they say on it of services. Of a user they say the
	// place, and of everybody, or by older triggers, nothing.
	servicesChanged = "services"
	// settingsChanged is what they say of the policy of keys.
	settingsChanged = "settings"
)

// feedStart is where the feed's own clock begins: one that nobody sets.
var feedStart = time.Now()

// fresh reports whether the cache may answer.
func (f *changeFeed) fresh() bool { return f.freshAt(time.Since(feedStart)) }

// freshAt reports whether it may at a moment, which is now, by the feed's clock.
func (f *changeFeed) freshAt(now time.Duration) bool {
	heard := f.heard.Load()
	return heard != 0 && now-time.Duration(heard) < feedFresh
}

// nowFresh returns the time by the store's clock when it is at by the machine's,
// and whether the cache may answer then.
func (s *Store) nowFresh(at time.Time) (now time.Time, fresh bool) {
	fresh = s.changes.freshAt(at.Sub(feedStart))
	if s.ownTime {
		return utc(at), fresh
	}
	return s.Now(), fresh
}

// hears notes that nothing was missed up to a moment.
func (f *changeFeed) hears(at time.Time) {
	f.heard.Store(int64(at.Sub(feedStart)))
	f.lastHeard.Store(int64(at.Sub(feedStart)))
}

// start listens from the first call on: a command that verifies nothing needs
// no connection for it.
func (f *changeFeed) start(follow func(context.Context)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.started.Swap(true) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	f.done.Go(func() { follow(ctx) })
}

func (f *changeFeed) stop() error {
	f.mu.Lock()
	f.closed = true
	if f.cancel != nil {
		f.cancel()
	}
	f.mu.Unlock()
	f.done.Wait()
	f.heard.Store(0)
	return nil
}

// followChanges keeps the feed up until the store is closed.
func (s *Store) followChanges(ctx context.Context) {
	follow := s.pollChanges
	if s.pool != nil {
		follow = s.listenChanges
	}
	for ctx.Err() == nil {
		err := follow(ctx)
		s.changes.heard.Store(0)
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "keys are looked up in the database at each call: changes are not heard of", "cause", err)
		}
		pause := feedBeat
		if errors.Is(err, errDeaf) {
			pause = deafPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// listenChanges follows PostgreSQL on a connection of its own.
func (s *Store) listenChanges(ctx context.Context) error {
	var conn *pgx.Conn
	err := within(ctx, authenticateTimeout, func(ctx context.Context) (err error) {
		if conn, err = pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig.Copy()); err != nil {
			return err
		}
		if _, err = conn.Exec(ctx, "LISTEN "+keyChannel+"; LISTEN "+newKeyChannel); err != nil {
			return err
		}
		return s.proveHearing(ctx, conn)
	})
	if conn != nil {
		defer func() { _ = conn.PgConn().Conn().Close() }() // at once: the other end may be gone
	}
	if err != nil {
		return err
	}
	s.verified.ages.forgetAll() // whatever was said while nobody listened
	s.services.forget()
	defer s.readingKnownKeys(ctx)()
	said := &acknowledgement{pending: true}
	for ctx.Err() == nil {
		if err := s.heartbeat(ctx, conn, said); err != nil {
			return err
		}
		if err := s.acknowledge(ctx, conn, said); err != nil {
			return err
		}
		if err := s.hearChanges(ctx, conn, said); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// heartbeat asks the other end for an answer. What was said before it comes in
// before it.
func (s *Store) heartbeat(ctx context.Context, conn *pgx.Conn, said *acknowledgement) error {
	asked := time.Now()
	err := within(ctx, feedFresh, func(ctx context.Context) error { return conn.Ping(ctx) })
	if err != nil {
		return err
	}
	// What came in with the answer, without waiting for more.
	if err := s.hearUntil(ctx, conn, time.Now().Add(time.Millisecond), said, false); err != nil {
		return err
	}
	s.changes.hears(asked)
	return nil
}

// hearChanges waits for changes until the next heartbeat, or until somebody may
// wait for this replica to say that it has heard of one.
func (s *Store) hearChanges(ctx context.Context, conn *pgx.Conn, said *acknowledgement) error {
	until, member := time.Now().Add(feedBeat), s.member.Load() != nil
	if due := said.answered.Add(ackEvery); member && said.pending && due.Before(until) {
		until = due
	}
	return s.hearUntil(ctx, conn, until, said, member)
}

func (s *Store) hearUntil(ctx context.Context, conn *pgx.Conn, until time.Time, said *acknowledgement, answer bool) error {
	limited, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for {
		told, err := conn.WaitForNotification(limited)
		switch {
		case err == nil && told.Channel == newKeyChannel:
			s.known.hear(told.Payload)
		case err == nil && told.Channel != keyChannel: // a word to itself, that came late
		case err == nil:
			s.hear(told.Payload)
			said.pending = true
			if answer && said.due() {
				return nil
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.Err() != nil && !conn.IsClosed():
			return nil
		default:
			return errors.Join(err, limited.Err())
		}
	}
}

// hear makes old what a change is about. What is not understood, such as a word
// of a newer version, is about everybody.
func (s *Store) hear(told string) {
	switch told {
	case servicesChanged:
		s.services.forget()
		return
	case settingsChanged:
		return // they are never kept
	}
	if place, err := strconv.Atoi(told); err == nil && place >= 0 && place < userPlaces {
		s.verified.ages.forgetPlace(place)
		return
	}
	s.verified.ages.forgetAll()
}

// within runs fn with a limit of time.
func within(ctx context.Context, limit time.Duration, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return fn(ctx)
}
