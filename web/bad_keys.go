package web

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/keyport/keyport/models"
)

// A network may present so many wrong keys a minute; then it is told to slow
// down. Keys can't be guessed, so this only keeps a broken script from filling
// the log and from asking the database all day: right keys go on working from
// the same network, and what can't be a key at all is refused without counting.
const (
	badKeysPerMinute = 60
	// badKeyNetworks bounds the memory of one replica.
	badKeyNetworks = 10_000
)

// countBadKey counts a wrong key that might have been one. Until the network is
// at its limit the answer is the same as ever.
func (s *Server) countBadKey(ctx context.Context, presented string, refusal error) error {
	if models.KindOf(refusal) != models.Unauthenticated {
		return refusal
	}
	if _, possible := models.ParseSecret(presented); !possible {
		return refusal
	}
	if slow := s.badKeys.count(models.RequestFrom(ctx).Address); slow != nil {
		return slow
	}
	return refusal
}

// badKeys counts wrong keys by network.
type badKeys struct {
	now func() time.Time

	mu       sync.Mutex
	networks map[string]*rate.Limiter
	others   *rate.Limiter // of all networks for which there is no room
	swept    time.Time

	// calm is when each network may go on again, in nanoseconds, 0 while all may.
	// Who is asked about every call looks there first.
	calm atomic.Int64
}

func newBadKeys(now func() time.Time) *badKeys {
	return &badKeys{now: now, networks: map[string]*rate.Limiter{}, others: badKeyLimiter()}
}

func badKeyLimiter() *rate.Limiter {
	return rate.NewLimiter(rate.Every(time.Minute/badKeysPerMinute), badKeysPerMinute)
}

// count counts a wrong key and returns what to answer to it: nil while the
// network may go on.
func (b *badKeys) count(address string) *models.Error {
	now := b.now()
	limiter := b.limiter(models.AddressPrefix(address), now)
	allowed, left := limiter.AllowN(now, 1), limiter.TokensAt(now)
	if left < 1 {
		b.calm.Store(now.Add(time.Minute / badKeysPerMinute).UnixNano())
	}
	if allowed {
		return nil
	}
	wait := time.Duration(math.Ceil((1-left)/float64(limiter.Limit()))) * time.Second
	return &models.Error{Kind: models.TooMany, RetryAfter: max(wait, time.Second), Message: "Too many wrong API keys came from your network. Check the key, and wait before you try again."}
}

// over reports whether a network is at its limit: its next wrong key is too many.
// To ask counts nothing.
func (b *badKeys) over(address string) bool {
	calm := b.calm.Load()
	if calm == 0 {
		return false
	}
	now := b.now()
	if now.UnixNano() >= calm {
		b.calm.CompareAndSwap(calm, 0)
		return false
	}
	b.mu.Lock()
	limiter, known := b.networks[models.AddressPrefix(address)]
	if !known && len(b.networks) >= badKeyNetworks {
		limiter, known = b.others, true
	}
	b.mu.Unlock()
	return known && limiter.TokensAt(now) < 1
}

// limiter returns the limiter of a network. One that is at its limit is never
// dropped to make room: whoever filled the table would be let off.
func (b *badKeys) limiter(network string, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.networks[network]; ok {
		return known
	}
	if len(b.networks) >= badKeyNetworks && now.Sub(b.swept) >= time.Second {
		b.swept = now
		b.sweep(now)
	}
	if len(b.networks) >= badKeyNetworks {
		return b.others
	}
	fresh := badKeyLimiter()
	b.networks[network] = fresh
	return fresh
}

// sweep drops networks that have rested: a new limiter is no different.
func (b *badKeys) sweep(now time.Time) {
	for name, l := range b.networks {
		if l.TokensAt(now) >= badKeysPerMinute {
			delete(b.networks, name)
		}
	}
}
