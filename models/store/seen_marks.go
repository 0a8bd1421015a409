package store

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyport/keyport/models"
)

// seenMarks gathers when and from where keys were used, so that using one costs
// no write. They lie in parts, so that calls at the same time seldom meet.
type seenMarks struct {
	seed   maphash.Seed
	parts  [seenParts]seenPart
	gather func() // brings in what is noted elsewhere
}

// seenParts is a power of two.
const seenParts = 64

// seenPart is a part of the marks. There may be 100,000 of them between two
// writes, so they hold no pointers, and the garbage collector has nothing to
// walk: clients, of which there are few, are numbers.
type seenPart struct {
	mu      sync.Mutex
	places  map[seenID]uint32 // in marks
	marks   []seenMark
	numbers map[seenClient]uint32 // in clients
	clients []seenClient
	roomy   int      // how many clients there may be before those without a mark are dropped
	_       [64]byte // two processors never share a cache line for two parts
}

// seenID is a key's id; none is longer.
type seenID struct {
	length uint8
	text   [47]byte
}

// seenClient is from where a key was used, and by what program.
type seenClient struct{ address, userAgent string }

// seenMark is the use of a key by its newest clients, newest first, each once.
type seenMark struct {
	n    int
	uses [models.MaxKeyUses]struct {
		at     int64 // microseconds
		client uint32
	}
}

func newSeenMarks() *seenMarks { return &seenMarks{seed: maphash.MakeSeed(), gather: func() {}} }

// note notes a use. For a client that the key is known to have, which is how
// nearly every call goes, it makes nothing.
func (m *seenMarks) note(keyID string, c seenClient, at int64) {
	id := seenID{length: uint8(len(keyID))}
	if copy(id.text[:], keyID) != len(keyID) {
		return
	}
	p := &m.parts[maphash.String(m.seed, keyID)&(seenParts-1)]
	p.mu.Lock()
	defer p.mu.Unlock()
	place, known := p.places[id]
	if !known {
		if !storable(keyID) {
			return
		}
		place = p.room(id)
	}
	mark := &p.marks[place]
	for i := range mark.n {
		if p.clients[mark.uses[i].client] == c {
			mark.use(i, at)
			return
		}
	}
	mark.add(p.number(c), at)
	if len(p.clients) > p.roomy {
		p.dropClients()
	}
}

func (p *seenPart) room(id seenID) uint32 {
	if p.places == nil {
		p.places, p.numbers, p.roomy = map[seenID]uint32{}, map[seenClient]uint32{}, seenClients
	}
	place := uint32(len(p.marks))
	p.marks = append(p.marks, seenMark{})
	p.places[id] = place
	return place
}

// number is the number of a client. The texts are copied: a header's text is a
// piece of all that a call sent, its key included, which must not stay in memory
// for so long.
func (p *seenPart) number(c seenClient) uint32 {
	if n, known := p.numbers[c]; known {
		return n
	}
	c = seenClient{strings.Clone(fact(c.address)), strings.Clone(fact(c.userAgent))}
	n, known := p.numbers[c]
	if !known {
		n = uint32(len(p.clients))
		p.clients, p.numbers[c] = append(p.clients, c), n
	}
	return n
}

// seenClients is how many clients a part may have before it looks for those that
// no mark needs any more: whoever has one key could name himself differently in
// each call.
const seenClients = 256

func (p *seenPart) dropClients() {
	old := p.clients
	p.clients, p.numbers = nil, map[seenClient]uint32{}
	for i := range p.marks {
		mark := &p.marks[i]
		for j := range mark.n {
			mark.uses[j].client = p.number(old[mark.uses[j].client])
		}
	}
	p.roomy = 2*len(p.clients) + seenClients
}

// use moves the i-th use forward in time, never back.
func (m *seenMark) use(i int, at int64) {
	m.uses[i].at = max(m.uses[i].at, at)
	for ; i > 0 && m.uses[i-1].at < m.uses[i].at; i-- {
		m.uses[i-1], m.uses[i] = m.uses[i], m.uses[i-1]
	}
}

// add adds a use, and drops the oldest when there are too many.
func (m *seenMark) add(client uint32, at int64) {
	for i := range m.n {
		if m.uses[i].client == client { // by a text that was not storable as it came
			m.use(i, at)
			return
		}
	}
	if m.n < len(m.uses) {
		m.n++
	} else if m.uses[m.n-1].at >= at {
		return
	}
	m.uses[m.n-1].client, m.uses[m.n-1].at = client, at
	m.use(m.n-1, at)
}

// take hands all marks over, by the ids of their keys.
func (m *seenMarks) take() map[string]mark {
	m.gather()
	all := map[string]mark{}
	for i := range m.parts {
		p := &m.parts[i]
		p.mu.Lock()
		places, marks, clients := p.places, p.marks, p.clients
		p.places, p.marks, p.clients, p.numbers = nil, nil, nil, nil
		p.mu.Unlock()
		for id, place := range places {
			keyID := string(id.text[:id.length])
			for _, use := range marks[place].uses[:marks[place].n] {
				c := clients[use.client]
				all[keyID] = append(all[keyID], models.KeyUse{KeyID: keyID, Address: c.address, UserAgent: c.userAgent, UsedAt: time.UnixMicro(use.at).UTC()})
			}
		}
	}
	return all
}

// putBack keeps marks for the next time.
func (m *seenMarks) putBack(marks map[string]mark, ids []string) {
	for _, id := range ids {
		for _, use := range slices.Backward(marks[id]) {
			m.note(id, seenClient{use.Address, use.UserAgent}, use.UsedAt.UnixMicro())
		}
	}
}
