package store

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// endedKeys remember, for a short time, keys that were presented in a flood and
// that the database knows as revoked or expired: one that is sent over and over is
// looked up once. Such a key never opens anything again; still, what is remembered
// counts only as long as a good key would in the cache, so that whatever is changed
// about the user's keys, by whomever, is looked up.
//
// Places are few, and of two keys that share one the last one has it. Nobody can
// choose keys that do, see verifyCache.sum.
type endedKeys struct {
	places  [endedPlaces]endedKey
	refused atomic.Int64 // keys that were refused without a look-up
}

const (
	endedPlaces = 1024 // 64 KB
	endedLife   = 10 * time.Second
)

// endedKey is one line of memory, without pointers. Times are microseconds.
type endedKey struct {
	mu           sync.Mutex
	sum          cacheSum
	age          uint64 // when the look-up began; 0 for a place that is free
	userID       int64
	ended, noted int64
}

// errNotOpen refuses a key that the database knows.
var errNotOpen error = models.Unauthorized()

// notOpen refuses a key and tells whose it is and when it ends, or was ended.
func notOpen(key *models.APIKey) (models.Verified, error) {
	ends := key.ExpiresAt
	if key.RevokedAt != nil {
		ends = *key.RevokedAt
	}
	return models.Verified{UserID: key.UserID, Expires: ends}, errNotOpen
}

func (e *endedKeys) place(sum *cacheSum) *endedKey { return &e.places[sum.sets()[0]%endedPlaces] }

// note remembers a key for which notOpen was answered to a look-up that began at
// an age. One that has not ended, such as that of a user who is switched off, may
// open something in a moment.
func (e *endedKeys) note(sum *cacheSum, age uint64, v models.Verified, now time.Time) {
	if v.Expires.After(now) {
		return
	}
	k := e.place(sum)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sum, k.age, k.userID, k.ended, k.noted = *sum, age, v.UserID, v.Expires.UnixMicro(), now.UnixMicro()
}

// holds reports that a key was found to have ended, while every change is heard of.
func (e *endedKeys) holds(sum *cacheSum, now time.Time, ages *cacheAges) bool {
	k, at := e.place(sum), now.UnixMicro()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.age == 0 || k.sum != *sum || at < k.ended || at < k.noted || at-k.noted >= endedLife.Microseconds() || !ages.holds(k.age, k.userID) {
		return false
	}
	count(&e.refused)
	return true
}
