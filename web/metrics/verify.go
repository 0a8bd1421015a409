package metrics

import (
	"sync"
	"sync/atomic"
	"time"
)

// Outcome is what a verification ends with.
type Outcome uint8

// The outcomes, see outcomeNames.
const (
	Allowed Outcome = iota
	Unauthorized
	Forbidden
	Limited
	Unavailable
	Malformed
	outcomes
)

// outcomeNames are the values of the label.
var outcomeNames = [outcomes]string{"allowed", "unauthorized", "forbidden", "limited", "unavailable", "malformed"}

// verifyBounds are the upper bounds of the histogram: from a key that is
// remembered to a database that is given up on.
var verifyBounds = [...]time.Duration{
	5 * time.Microsecond, 10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
	time.Second, 5 * time.Second,
}

// shards spread the counting over cache lines, so that cores don't wait for each
// other.
const shards = 64

// verifyShard is a part of the counts.
type verifyShard struct {
	outcomes [outcomes]atomic.Uint64
	buckets  [len(verifyBounds) + 1]atomic.Uint64
	nanos    atomic.Uint64
	_        [64]byte // no two shards share a cache line
}

// verifications counts what /verify answers. Counting one waits for nobody and
// takes no memory: a service waits for each of them.
type verifications struct {
	shards [shards]verifyShard
	next   atomic.Uint32
	// own has the shard that this core used last: a pool keeps what was put into it
	// apart by cores. That one is missing now and then does no harm, nor that two
	// cores may come to share one.
	own sync.Pool
}

func (v *verifications) count(o Outcome, took time.Duration) {
	i := 0
	for i < len(verifyBounds) && took > verifyBounds[i] {
		i++
	}
	s, ok := v.own.Get().(*verifyShard)
	if !ok {
		s = &v.shards[v.next.Add(1)%shards]
	}
	s.outcomes[o].Add(1)
	s.buckets[i].Add(1)
	s.nanos.Add(uint64(max(took, 0)))
	v.own.Put(s)
}

// sum adds the shards up. buckets are cumulative, as Prometheus has them.
func (v *verifications) sum() (byOutcome [outcomes]uint64, buckets map[float64]uint64, n uint64, seconds float64) {
	var counts [len(verifyBounds) + 1]uint64
	var nanos uint64
	for i := range v.shards {
		s := &v.shards[i]
		for o := range s.outcomes {
			byOutcome[o] += s.outcomes[o].Load()
		}
		for b := range s.buckets {
			counts[b] += s.buckets[b].Load()
		}
		nanos += s.nanos.Load()
	}
	buckets = map[float64]uint64{}
	for b, c := range counts {
		n += c
		if b < len(verifyBounds) {
			buckets[verifyBounds[b].Seconds()] = n
		}
	}
	return byOutcome, buckets, n, time.Duration(nanos).Seconds()
}
