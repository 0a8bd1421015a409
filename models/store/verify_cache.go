package store

import (
	"crypto/rand"
	"crypto/sha256"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// verifyCache holds what was found about good keys. Whatever changes what keys
// open makes old what was asked for before it: a look-up carries the number of
// the moment at which it began, so one that was under way can't bring a key back.
//
// Only good keys have a place. Wrong ones, however many, push nothing out.
type verifyCache struct {
	salt   [16]byte // so that nobody can choose keys that share a set
	ages   cacheAges
	sets   atomic.Pointer[[cacheSets]cacheSet] // made when it is first needed
	access accessTable
	uses   cachedUses
}

const (
	cacheWays = 16
	// cacheSets bounds the cache: 163,840 keys, about 33 MB. Sets fill unevenly, so
	// a key that finds its own one full may have a place in another, and there is
	// more room than for the 100,000 keys that are to be in use at a time.
	cacheSets = 10_240
)

func newVerifyCache(marks *seenMarks) *verifyCache {
	c := &verifyCache{}
	_, _ = rand.Read(c.salt[:])
	c.ages.now.Store(1)
	c.uses.begin(marks)
	return c
}

// sum is the name of what was presented. It is no digest that the database
// holds, and another one in each process.
func (c *verifyCache) sum(presented string) cacheSum {
	var text [len(c.salt) + models.SecretLength]byte
	copy(text[:], c.salt[:])
	copy(text[len(c.salt):], presented)
	whole := sha256.Sum256(text[:])
	return cacheSum(whole[:len(cacheSum{})])
}

// get returns a key that was found, unless something has changed since or it has
// ended, and whether it was.
func (c *verifyCache) get(sum *cacheSum, now time.Time) (v models.Verified, known bool) {
	all := c.sets.Load()
	if all == nil {
		return v, false
	}
	for _, n := range sum.sets() {
		if i := all[n].get(sum, now, c, &v); i >= 0 {
			v.Found, v.Place = now, placeOf(n, i)
			return v, true
		}
	}
	return v, false
}

// placeOf numbers the places of all sets from 1 on.
func placeOf(set, i int) uint32 { return uint32(set*cacheWays + i + 1) }

// at returns the key at a place, which is there, and its set.
func (c *verifyCache) at(place uint32) (*cacheSet, *cachedKey) {
	set := &c.sets.Load()[(place-1)/cacheWays]
	return set, &set.keys[(place-1)%cacheWays]
}

// put keeps what was found by a look-up that began at an age, and adds to it what
// get would tell: its texts and its place. What has no room, such as a very long
// name, is looked up each time.
func (c *verifyCache) put(sum *cacheSum, age uint64, v *models.Verified) {
	v.SetTexts()
	access, ok := c.access.number(v.Access)
	if length := len(v.KeyID) + len(v.UserText) + expiresText + len(v.Username); !ok || length > textRoom || len(v.ExpiresText) != expiresText {
		return
	}
	sets := sum.sets()
	if c.putIn(sets[0], sum, age, v, access, false) || c.putIn(sets[1], sum, age, v, access, false) {
		return
	}
	c.putIn(sets[0], sum, age, v, access, true)
}

// putIn keeps a key in a set, and reports whether it has a place there. Another
// one loses its own for it only if it must.
func (c *verifyCache) putIn(n int, sum *cacheSum, age uint64, v *models.Verified, access uint16, must bool) bool {
	set := &c.made()[n]
	set.mu.Lock()
	defer set.mu.Unlock()
	i := set.free(sum, &c.ages)
	if i < 0 && must {
		i = set.leastUsed()
	}
	if i < 0 {
		return false
	}
	c.uses.handOver(&set.keys[i])
	set.marks[i] = sum.mark()
	set.keys[i].keep(v, access)
	set.keys[i].sum, set.keys[i].age = *sum, age
	v.Place = placeOf(n, i)
	return true
}

// all are the sets, none before there is a key.
func (c *verifyCache) all() []cacheSet {
	if made := c.sets.Load(); made != nil {
		return made[:]
	}
	return nil
}

// made returns the sets. They are one piece of memory: the system hands out its
// pages as they are written to, and the collector, which runs when the heap has
// grown by a part of what is in use, runs as often with few keys as with many.
func (c *verifyCache) made() *[cacheSets]cacheSet {
	if all := c.sets.Load(); all != nil {
		return all
	}
	c.sets.CompareAndSwap(nil, new([cacheSets]cacheSet))
	return c.sets.Load()
}

// answered is how many keys were found.
func (c *verifyCache) answered() (n int64) {
	all := c.all()
	for i := range all {
		set := &all[i]
		set.mu.Lock()
		n += set.answered
		set.mu.Unlock()
	}
	return n
}
