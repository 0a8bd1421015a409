package store

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
)

// cacheSet is a handful of keys. It holds no pointers, so the collector has
// nothing to walk. What a search reads first lies in one line of memory, and what
// it reads of the key that it finds in the next few: with many keys in use, each
// line is one that the processor has to wait for.
type cacheSet struct {
	mu       sync.Mutex
	answered int64 // how often a key was found here
	marks    [cacheWays]uint16
	_        [16]byte
	keys     [cacheWays]cachedKey
}

// cacheSum is the name of a key in the cache: as many bits as are random in it.
type cacheSum [16]byte

// sets are the numbers of the sets in which the key may have its place; nearly
// all keys have it in the first.
func (s *cacheSum) sets() [2]int {
	return [2]int{int(binary.BigEndian.Uint32(s[:]) % cacheSets), int(binary.BigEndian.Uint32(s[4:]) % cacheSets)}
}

// mark is a piece that the numbers of the sets have no use for; 0 marks a place
// that never held a key.
func (s *cacheSum) mark() uint16 { return max(1, binary.BigEndian.Uint16(s[8:])) }

// cachedKey is three lines of memory, and the third is for long user names.
type cachedKey struct {
	sum       cacheSum
	age       uint64 // when the look-up began; 0 for a place that never held a key
	userID    int64
	expires   int64 // microseconds
	usedAt    int64 // see cachedUses
	usedBy    uint32
	usedEpoch uint16
	access    uint16
	idEnd     uint8 // where each text ends; the last is the user name
	userEnd   uint8
	end       uint8
	flags     uint8
	text      [textRoom]byte
}

// textRoom is enough for a user name of 64 ASCII characters.
const textRoom = 128

const (
	ofService   = 1 << iota                        // the key is a service account's
	usedOfLate                                     // since room was last needed in the set
	expiresText = len(time.RFC3339) - len("07:00") // "2006-01-02T15:04:05Z"
)

// get tells of a key and returns its number, -1 when nothing is known here.
func (s *cacheSet) get(sum *cacheSum, now time.Time, c *verifyCache, v *models.Verified) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(sum)
	if i < 0 {
		return i
	}
	k := &s.keys[i]
	if !c.ages.holds(k.age, k.userID) || k.expires <= now.UnixMicro() {
		return -1
	}
	if k.flags&usedOfLate == 0 { // two cores share what nobody writes
		k.flags |= usedOfLate
	}
	if Noting {
		s.answered++
	}
	k.tell(v, &c.access)
	return i
}

// find returns the number of a key, -1 when it is not here.
func (s *cacheSet) find(sum *cacheSum) int {
	mark := sum.mark()
	for i := range s.marks {
		if s.marks[i] == mark && s.keys[i].sum == *sum {
			return i
		}
	}
	return -1
}

// tell reads the entry. All texts are one, made at once.
func (k *cachedKey) tell(v *models.Verified, access *accessTable) {
	text := string(k.text[:k.end])
	v.KeyID, v.UserText, v.ExpiresText, v.Username = text[:k.idEnd], text[k.idEnd:k.userEnd], text[k.userEnd:][:expiresText], text[int(k.userEnd)+expiresText:]
	v.UserID, v.IsService, v.Expires, v.Access = k.userID, k.flags&ofService != 0, time.UnixMicro(k.expires).UTC(), access.at(k.access)
}

// keep writes the entry, for which there is room.
func (k *cachedKey) keep(v *models.Verified, access uint16) {
	*k = cachedKey{userID: v.UserID, expires: v.Expires.UnixMicro(), access: access, flags: usedOfLate}
	if v.IsService {
		k.flags |= ofService
	}
	text := append(append(append(append(k.text[:0], v.KeyID...), v.UserText...), v.ExpiresText...), v.Username...)
	k.idEnd, k.userEnd, k.end = uint8(len(v.KeyID)), uint8(len(v.KeyID)+len(v.UserText)), uint8(len(text))
}

// free returns the key's own place, or one that holds nothing that counts; -1
// when there is none. It looks into the keys, each of which is another line of
// memory, only once no place is left that never held one.
func (s *cacheSet) free(sum *cacheSum, ages *cacheAges) int {
	if i := s.find(sum); i >= 0 {
		return i
	}
	if i := slices.Index(s.marks[:], 0); i >= 0 {
		return i
	}
	for i := range s.keys {
		if k := &s.keys[i]; !ages.holds(k.age, k.userID) {
			return i
		}
	}
	return -1
}

// leastUsed returns the place of a key that was not used since room was last
// needed.
func (s *cacheSet) leastUsed() int {
	for i := 0; ; i = (i + 1) % cacheWays {
		if s.keys[i].flags&usedOfLate == 0 {
			return i
		}
		s.keys[i].flags &^= usedOfLate
	}
}
