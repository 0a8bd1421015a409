package store

import (
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// activity counts what this process has done, for whoever watches it.
type activity struct {
	signedIn, signInFailed, signInSlowed, accessTokens atomic.Int64
	deliveries                                         [2][4]atomic.Int64 // by place in deliveryChannels and deliveryOutcomes
}

var deliveryChannels = [...]models.Channel{models.ChannelWebhook, models.ChannelEmail}

// deliveryOutcomes are what an attempt can end with; pending is one that is to be
// tried again.
var deliveryOutcomes = [...]models.DeliveryState{models.DeliveryDelivered, models.DeliveryPending, models.DeliveryFailed, models.DeliveryDropped}

// delivered counts an attempt.
func (a *activity) delivered(c models.Channel, s models.DeliveryState) {
	for i, channel := range deliveryChannels {
		for j, state := range deliveryOutcomes {
			if channel == c && state == s {
				a.deliveries[i][j].Add(1)
			}
		}
	}
}

// happened counts events that were committed. Sign-ins that failed are counted
// where they are found, since not each of them is written down.
func (a *activity) happened(events []models.Event) {
	for i := range events {
		switch {
		case events[i].Category != models.LoginSucceeded:
		case events[i].IsService:
			a.accessTokens.Add(1)
		default:
			a.signedIn.Add(1)
		}
	}
}

// SignInStats counts tries to prove who one is, since the store was opened.
type SignInStats struct{ Succeeded, Failed, Slowed, AccessTokens int64 }

// SignInStats returns the counters of sign-ins.
func (s *Store) SignInStats() SignInStats {
	a := &s.activity
	return SignInStats{a.signedIn.Load(), a.signInFailed.Load(), a.signInSlowed.Load(), a.accessTokens.Load()}
}

// DeliveryCount is how many attempts on a channel ended in one way. Pending ones
// are to be tried again.
type DeliveryCount struct {
	Channel models.Channel
	Outcome models.DeliveryState
	N       int64
}

// DeliveryStats returns the counters of attempts, since the store was opened.
func (s *Store) DeliveryStats() (counts []DeliveryCount) {
	for i, channel := range deliveryChannels {
		for j, state := range deliveryOutcomes {
			counts = append(counts, DeliveryCount{channel, state, s.activity.deliveries[i][j].Load()})
		}
	}
	return counts
}

// FeedStats tells whether changes of keys are heard of.
type FeedStats struct {
	Started bool // by the first verification
	Fresh   bool // the cache may answer
	Age     time.Duration
}

// FeedStats returns the state of the feed. Age is the time since it was last
// known that nothing was missed.
func (s *Store) FeedStats() FeedStats {
	f := &s.changes
	stats := FeedStats{Started: f.started.Load(), Fresh: f.fresh()}
	if last := f.lastHeard.Load(); last != 0 {
		stats.Age = time.Since(feedStart) - time.Duration(last)
	}
	return stats
}

// CachedKeys counts the keys that the cache would answer for. It looks at every
// place, which takes some milliseconds when the cache is full.
func (s *Store) CachedKeys() (n int) {
	now := s.Now().UnixMicro()
	all := s.verified.all()
	for i := range all {
		n += all[i].count(&s.verified.ages, now)
	}
	return n
}

func (s *cacheSet) count(ages *cacheAges, now int64) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.keys {
		if k := &s.keys[i]; k.age != 0 && ages.holds(k.age, k.userID) && k.expires > now {
			n++
		}
	}
	return n
}

// Connections tells how busy a pool of connections is.
type Connections struct {
	Pool             string // "all" on PostgreSQL; "read" and "write" on SQLite
	InUse, Idle, Max int
	Waits            int64 // how often somebody had to wait for one
	Waited           time.Duration
}

// Connections returns the state of the pools.
func (s *Store) Connections() []Connections {
	if s.pool != nil {
		p := s.pool.Stat()
		return []Connections{{"all", int(p.AcquiredConns()), int(p.IdleConns()), int(p.MaxConns()), p.EmptyAcquireCount(), p.EmptyAcquireWaitTime()}}
	}
	var all []Connections
	for _, name := range []string{"read", "write"} {
		of := s.read
		if name == "write" {
			of = s.write
		}
		if db, err := of.DB(); err == nil {
			p := db.Stats()
			all = append(all, Connections{name, p.InUse, p.Idle, p.MaxOpenConnections, p.WaitCount, p.WaitDuration})
		}
	}
	return all
}
