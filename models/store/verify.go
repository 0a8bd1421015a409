package store

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// verifyCounts count what Verify found by looking it up. What comes out of the
// cache is counted there.
type verifyCounts struct{ looked, refused, unknown atomic.Int64 }

func count(n *atomic.Int64) {
	if Noting {
		n.Add(1)
	}
}

// errNoKey refuses what can't be a key. It is made once: such calls come in
// floods.
var errNoKey error = models.Unauthorized()

// VerifyStats tells how verification goes, since the store was opened.
type VerifyStats struct {
	Good, Refused int64 // keys that open something, and that don't
	Unknown       int64 // nobody could look
	Cached        int64 // of the good ones, those that the database was not asked for
	FeedFresh     bool  // the cache may answer
}

// VerifyStats returns the counters of Verify.
func (s *Store) VerifyStats() VerifyStats {
	c, cached := &s.verifyCounts, s.verified.answered()
	return VerifyStats{Good: c.looked.Load() + cached, Refused: c.refused.Load(), Unknown: c.unknown.Load(), Cached: cached, FeedFresh: s.changes.fresh()}
}

// SeenVerified notes that a key which Verify has found was used. It touches
// memory only.
func (s *Store) SeenVerified(v *models.Verified, address, userAgent string) {
	if client := (seenClient{address, userAgent}); Noting && !s.verified.use(v, client) {
		s.seen.note(v.KeyID, client, v.Found.UnixMicro())
	}
}

// Verify returns what a service may know of a presented key. Like Authenticate
// it has one answer to all that is wrong with a key, and says that it can't
// know, models.Unavailable, when nobody could look. Keys that were found to be
// good are remembered while every change is heard of.
func (s *Store) Verify(ctx context.Context, presented string) (models.Verified, error) {
	return s.VerifyAt(ctx, presented, time.Now(), func() bool { return false })
}

// VerifyAt is Verify for whoever has just looked at the machine's clock, and
// knows whether the call is one of a flood of wrong keys. Of such a call, a key
// that certainly nobody made is refused without a look-up, and so is one that was
// found to have ended a moment ago.
func (s *Store) VerifyAt(ctx context.Context, presented string, at time.Time, flooded func() bool) (models.Verified, error) {
	if !models.HasFormOfSecret(presented) {
		return s.noKey()
	}
	if !s.changes.started.Load() {
		s.changes.start(s.followChanges)
	}
	sum := s.verified.sum(presented)
	// First whether we hear, then the ages: a feed that has just come back has made
	// old whatever it may have missed. And the age before looking anything up: a
	// change that comes in between makes old what is found.
	now, fresh := s.nowFresh(at)
	if fresh {
		if v, known := s.verified.get(&sum, now); known {
			return v, nil
		}
	}
	secret, ok := models.ParseSecret(presented)
	if !ok {
		return s.noKey()
	}
	flood := flooded()
	if flood && (fresh && s.ended.holds(&sum, now, &s.verified.ages) || s.certainlyUnknown(secret)) {
		return models.Verified{}, errNoKey
	}
	age := s.verified.ages.begin()
	v, err := s.lookUp(ctx, secret, fresh)
	switch {
	case err == nil:
		v.Found = now
		s.verified.put(&sum, age, &v)
		return v, nil
	case flood && errors.Is(err, errNotOpen):
		s.ended.note(&sum, age, v, now)
	}
	return models.Verified{}, err
}

// noKey refuses what can't be a key.
func (s *Store) noKey() (models.Verified, error) {
	count(&s.verifyCounts.refused)
	return models.Verified{}, errNoKey
}
