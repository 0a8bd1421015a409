package web

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/keyport/keyport/models"
)

// serviceRateKeys bounds the memory of one replica: so many keys may be on their
// way to a limit at a time.
const serviceRateKeys = 100_000

// keyAtService is whose calls are counted: those of a key to a service.
type keyAtService struct {
	key     string
	service int64
}

// serviceRates holds keys to the rate of the services that they call. A key may
// use up its minute at once and then goes on evenly. Each replica counts what it
// is asked itself, so behind a proxy that spreads its questions over three of
// them a key may call up to three times as often: no call waits for another
// machine to count it.
type serviceRates struct {
	now func() time.Time

	mu     sync.Mutex
	calls  map[keyAtService]*rate.Limiter
	others map[int64]*rate.Limiter // by service, of all keys for which there is no room
	swept  time.Time
}

func newServiceRates(now func() time.Time) *serviceRates {
	return &serviceRates{now: now, calls: map[keyAtService]*rate.Limiter{}, others: map[int64]*rate.Limiter{}}
}

// take counts a call and returns how long to wait before the next, 0 when this
// one may pass.
func (s *serviceRates) take(key string, service models.Service) time.Duration {
	if service.RatePerMinute <= 0 {
		return 0
	}
	now := s.now()
	limiter := s.limiter(keyAtService{key, service.ID}, service.RatePerMinute, now)
	if limiter.AllowN(now, 1) {
		return 0
	}
	wait := time.Duration(math.Ceil((1-limiter.TokensAt(now))/float64(limiter.Limit()))) * time.Second
	return max(wait, time.Second)
}

// limiter returns the limiter of a key, with the rate that the service has now.
// One that is in use is never dropped to make room: a key could get a fresh
// minute by having others called.
func (s *serviceRates) limiter(who keyAtService, perMinute int64, now time.Time) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	limiter := s.calls[who]
	if limiter == nil {
		limiter = s.admit(who, perMinute, now)
	}
	if limiter.Burst() != int(perMinute) {
		limiter.SetLimitAt(now, perSecond(perMinute))
		limiter.SetBurstAt(now, int(perMinute))
	}
	return limiter
}

func (s *serviceRates) admit(who keyAtService, perMinute int64, now time.Time) *rate.Limiter {
	if len(s.calls) >= serviceRateKeys && now.Sub(s.swept) >= time.Second {
		s.swept = now
		s.sweep(now)
	}
	fresh := rate.NewLimiter(perSecond(perMinute), int(perMinute))
	if len(s.calls) < serviceRateKeys {
		s.calls[who] = fresh
		return fresh
	}
	if s.others[who.service] == nil {
		s.others[who.service] = fresh
	}
	return s.others[who.service]
}

// sweep drops keys that have rested: a new limiter is no different.
func (s *serviceRates) sweep(now time.Time) {
	for who, l := range s.calls {
		if l.TokensAt(now) >= float64(l.Burst()) {
			delete(s.calls, who)
		}
	}
}

func perSecond(perMinute int64) rate.Limit { return rate.Limit(float64(perMinute) / 60) }
