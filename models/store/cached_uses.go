package store

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/keyport/keyport/models"
)

// cachedUses keeps the last use of a cached key beside the key, where the
// verification has just been: when, and by which client. The marks get it when
// another client comes, when the key loses its place, and before they are
// written.
type cachedUses struct {
	marks             *seenMarks
	handing           sync.Mutex // of all to the marks, one after the other
	clients, previous atomic.Pointer[clientList]
}

func (u *cachedUses) begin(marks *seenMarks) {
	u.marks = marks
	u.clients.Store(newClientList(0))
	u.previous.Store(newClientList(0))
}

// clientList numbers clients. There is a new one for each time that uses are
// written, so that those who call no more are forgotten.
type clientList struct {
	epoch   uint16
	mu      sync.Mutex
	numbers map[seenClient]uint32
	list    atomic.Pointer[[]seenClient] // whoever reads it never waits
}

// maxClients bounds the memory of a list. Uses by others go to the marks at once.
const maxClients = 4096

func newClientList(epoch uint16) *clientList {
	l := &clientList{epoch: epoch, numbers: map[seenClient]uint32{}}
	l.list.Store(&[]seenClient{})
	return l
}

func (l *clientList) at(n uint32) seenClient { return (*l.list.Load())[n] }

// number is the number of a client, false when there is no room. The texts are
// copied: those of a call are pieces of all that it sent, its key included.
func (l *clientList) number(c seenClient) (n uint32, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, ok = l.numbers[c]; ok {
		return n, true
	}
	c = seenClient{strings.Clone(fact(c.address)), strings.Clone(fact(c.userAgent))}
	if n, ok = l.numbers[c]; ok {
		return n, true
	}
	list := *l.list.Load()
	if len(list) >= maxClients {
		return 0, false
	}
	n, list = uint32(len(list)), append(list, c)
	l.numbers[c] = n
	l.list.Store(&list)
	return n, true
}

// useStep is by how many microseconds a use must be later than the one before to
// be noted. A key that is used all the time is not worth a write to memory that
// two cores share for each of its calls.
const useStep = 1000

// use notes the use of a key at its place, and reports false when the key has
// lost it or the client has no number.
func (c *verifyCache) use(v *models.Verified, client seenClient) bool {
	if v.Place == 0 {
		return false
	}
	set, k := c.at(v.Place)
	set.mu.Lock()
	defer set.mu.Unlock()
	if string(k.text[:k.idEnd]) != v.KeyID {
		return false
	}
	at := v.Found.UnixMicro()
	clients := c.uses.clients.Load() // with the set locked, see handOverAll
	if same := k.usedAt != 0 && k.usedEpoch == clients.epoch; same && clients.at(k.usedBy) == client {
		if at-k.usedAt >= useStep {
			k.usedAt = at
		}
		return true
	}
	n, ok := clients.number(client)
	if !ok {
		return false
	}
	c.uses.handOver(k)
	k.usedAt, k.usedBy, k.usedEpoch = at, n, clients.epoch
	return true
}

// handOver gives the marks what is noted beside a key, whose set is locked.
func (u *cachedUses) handOver(k *cachedKey) {
	if k.usedAt == 0 {
		return
	}
	clients := u.clients.Load()
	if k.usedEpoch != clients.epoch {
		clients = u.previous.Load()
	}
	u.marks.note(string(k.text[:k.idEnd]), clients.at(k.usedBy), k.usedAt)
	k.usedAt = 0
}

// handOverAll gives the marks all uses. The new list comes first: whoever still
// has the old one has locked a set before this does, so that afterwards nothing
// has a number of the old one.
func (c *verifyCache) handOverAll() {
	u := &c.uses
	u.handing.Lock()
	defer u.handing.Unlock()
	old := u.clients.Load()
	u.previous.Store(old)
	u.clients.Store(newClientList(old.epoch + 1))
	all := c.all()
	for i := range all {
		set := &all[i]
		set.mu.Lock()
		for j := range set.keys {
			u.handOver(&set.keys[j])
		}
		set.mu.Unlock()
	}
}
