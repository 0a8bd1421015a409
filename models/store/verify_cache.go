package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"sync"
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
	locks  [cacheLocks]sync.Mutex
	sets   []*cacheSet // each is made when it is first needed
	access accessTable
}

const (
	cacheWays  = 16
	cacheLocks = 256
	// cacheSets bounds the cache: 131,072 keys, about 24 MB. Sets fill unevenly;
	// 100,000 keys in use find room in so many.
	cacheSets = 8192
)

// cacheSet is a handful of keys. It holds no pointers, so the collector has
// nothing to walk. The marks lie in one line of memory, so a search seldom reads
// more than one key.
type cacheSet struct {
	marks [cacheWays]uint16
	keys  [cacheWays]cachedKey
}

// markOf is a piece of a key's sum that place has no use for.
func markOf(sum *[sha256.Size]byte) uint16 { return binary.BigEndian.Uint16(sum[2:]) }

type cachedKey struct {
	sum       [sha256.Size]byte
	age       uint64 // when the look-up began; 0 for a place that is free
	userID    int64
	expires   int64 // microseconds
	access    uint32
	idLength  uint8
	length    uint8 // of the text that is in use
	isService bool
	used      bool      // since room was last needed here
	text      [110]byte // the key's id and the user name
}

func newVerifyCache() *verifyCache {
	c := &verifyCache{sets: make([]*cacheSet, cacheSets)}
	_, _ = rand.Read(c.salt[:])
	c.ages.now.Store(1)
	return c
}

// sum is the name of a key in the cache. It is no digest that the database
// holds, and another one in each process.
func (c *verifyCache) sum(s models.Secret) [sha256.Size]byte {
	var text [len(c.salt) + models.SecretLength]byte
	copy(text[:], c.salt[:])
	copy(text[len(c.salt):], s.Reveal())
	return sha256.Sum256(text[:])
}

func (c *verifyCache) place(sum *[sha256.Size]byte) (set int, lock *sync.Mutex) {
	set = (int(sum[0])<<8 | int(sum[1])) % len(c.sets)
	return set, &c.locks[set%cacheLocks]
}

// get returns a key that was found, unless something has changed since or it has
// ended, and whether it was.
func (c *verifyCache) get(sum *[sha256.Size]byte, now time.Time) (v models.Verified, known bool) {
	n, lock := c.place(sum)
	lock.Lock()
	defer lock.Unlock()
	set := c.sets[n]
	if set == nil {
		return v, false
	}
	mark := markOf(sum)
	for i := range set.marks {
		if set.marks[i] != mark {
			continue
		}
		if k := &set.keys[i]; k.age != 0 && k.sum == *sum {
			if !c.ages.holds(k.age, k.userID) || k.expires <= now.UnixMicro() {
				return v, false
			}
			k.used = true
			return k.verified(&c.access), true
		}
	}
	return v, false
}

// verified reads the entry. The two texts are one, made at once.
func (k *cachedKey) verified(access *accessTable) models.Verified {
	text := string(k.text[:k.length])
	return models.Verified{KeyID: text[:k.idLength], UserID: k.userID, Username: text[k.idLength:], IsService: k.isService,
		Expires: time.UnixMicro(k.expires).UTC(), Access: access.at(k.access)}
}

// put keeps what was found by a look-up that began at an age. What has no room,
// such as a very long name, is looked up each time.
func (c *verifyCache) put(sum *[sha256.Size]byte, age uint64, v models.Verified) {
	access, ok := c.access.number(v.Access)
	if length := len(v.KeyID) + len(v.Username); !ok || length > len(cachedKey{}.text) {
		return
	}
	n, lock := c.place(sum)
	lock.Lock()
	defer lock.Unlock()
	if c.sets[n] == nil {
		c.sets[n] = new(cacheSet)
	}
	set := c.sets[n]
	i := set.room(sum, &c.ages)
	k := &set.keys[i]
	set.marks[i] = markOf(sum)
	*k = cachedKey{sum: *sum, age: age, userID: v.UserID, expires: v.Expires.UnixMicro(), access: access,
		idLength: uint8(len(v.KeyID)), length: uint8(len(v.KeyID) + len(v.Username)), isService: v.IsService, used: true}
	copy(k.text[copy(k.text[:], v.KeyID):], v.Username)
}

// room finds a place: the key's own, one that holds nothing that counts, or that
// of a key which was not used since room was last needed.
func (s *cacheSet) room(sum *[sha256.Size]byte, ages *cacheAges) int {
	free := -1
	for i := range s.keys {
		switch k := &s.keys[i]; {
		case k.sum == *sum:
			return i
		case !ages.holds(k.age, k.userID):
			free = i
		}
	}
	for i := 0; free < 0; i = (i + 1) % cacheWays {
		if !s.keys[i].used {
			free = i
		}
		s.keys[i].used = false
	}
	return free
}

// accessTable keeps each access once: most keys share a few. Readers never wait.
type accessTable struct {
	mu     sync.Mutex
	known  map[string]uint32
	access atomic.Pointer[[]models.Access]
}

// maxAccesses bounds the table.
const maxAccesses = 4096

func (t *accessTable) at(n uint32) models.Access { return (*t.access.Load())[n] }

func (t *accessTable) number(a models.Access) (n uint32, ok bool) {
	name := accessName(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []models.Access
	if list := t.access.Load(); list != nil {
		all = *list
	}
	if n, ok := t.known[name]; ok || len(all) >= maxAccesses {
		return n, ok
	}
	if t.known == nil {
		t.known = map[string]uint32{}
	}
	n, all = uint32(len(all)), append(all, a)
	t.known[name] = n
	t.access.Store(&all)
	return n, true
}

// accessName is a text that two accesses share only if they are alike.
func accessName(a models.Access) string {
	return strings.Join([]string{string(a.Level), strings.Join(a.Services, " "), strings.Join(a.Allowed.Texts(), " "), strings.Join(a.Denied.Texts(), " ")}, "\n")
}
