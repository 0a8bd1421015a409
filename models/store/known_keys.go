package store

import (
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
)

// knownKeys know of every key that is stored that it is. They are believed only
// while that is certain: from when all were read until the feed is lost. What is
// made in between is added by whoever made it, before anybody is given the key,
// or as the feed brings it.
//
// Keys are never taken out. One that has ended is looked up, as is one that is
// mistaken for another: to say "unknown" is what must be right.
type knownKeys struct {
	believed atomic.Pointer[keyFilter] // nil while some key may be missing

	mu       sync.Mutex // of whoever adds or exchanges
	gathered *keyFilter // the next one, while all keys are read
	again    chan struct{}
	pause    time.Duration // between two times that all keys are read

	refused atomic.Int64 // keys that were certainly unknown
}

func newKnownKeys() *knownKeys {
	return &knownKeys{again: make(chan struct{}, 1), pause: knownKeysPause}
}

// add makes a key known.
func (k *knownKeys) add(pieces ...uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	believed := k.believed.Load()
	for _, f := range []*keyFilter{believed, k.gathered} {
		for i := 0; f != nil && i < len(pieces); i++ {
			f.add(pieces[i])
		}
	}
	if believed != nil && believed.full() && k.gathered == nil {
		k.renew()
	}
}

// gather begins a filter into which all keys go that are read, and those that are
// made meanwhile.
func (k *knownKeys) gather(room int64) *keyFilter {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.again: // by this
	default:
	}
	k.gathered = newKeyFilter(room)
	return k.gathered
}

// believe takes a filter into use that holds all keys, unless one was missed
// since it was begun. It reports whether it did.
func (k *knownKeys) believe(f *keyFilter) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gathered != f {
		return false
	}
	k.believed.Store(f)
	k.gathered = nil
	if f.full() {
		k.renew()
	}
	return true
}

// forget ends all belief: keys may have been made of which nothing was heard.
func (k *knownKeys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.believed.Store(nil)
	k.gathered = nil
	k.renew()
}

// renew asks for all keys to be read.
func (k *knownKeys) renew() {
	select {
	case k.again <- struct{}{}:
	default:
	}
}

// hear takes in what the database tells of new keys. What is not understood is
// about many.
func (k *knownKeys) hear(told string) {
	digest, err := hex.DecodeString(told)
	if err != nil || len(digest) != 8 {
		k.forget()
		return
	}
	k.add(keyPiece(digest))
}

// CertainlyUnknown reports that a presented key has the form of one and is none:
// known without a question to the database. It says so only while every change is
// heard of; a key that another replica made less than a second ago may not have
// been heard of yet. False says nothing.
func (s *Store) CertainlyUnknown(presented string) bool {
	secret, ok := models.ParseSecret(presented)
	return ok && s.certainlyUnknown(secret)
}

func (s *Store) certainlyUnknown(secret models.Secret) bool {
	if !s.changes.started.Load() {
		s.changes.start(s.followChanges)
	}
	if !s.changes.fresh() {
		return false
	}
	known := s.known.believed.Load()
	if known == nil {
		return false
	}
	digests := s.keyring.Digests(secret)
	for i := range digests {
		if known.mayHold(keyPiece(digests[i].Sum[:])) {
			return false
		}
	}
	count(&s.known.refused)
	return true
}

// KnownKeysStats tells how keys are refused without looking them up.
type KnownKeysStats struct {
	Known   int64 // keys, 0 while some may be missing
	Bytes   int64 // of memory
	Refused int64 // keys that were certainly unknown, since the store was opened
}

// KnownKeysStats returns the state of what is known of all keys.
func (s *Store) KnownKeysStats() KnownKeysStats {
	stats := KnownKeysStats{Refused: s.known.refused.Load()}
	if f := s.known.believed.Load(); f != nil {
		stats.Known, stats.Bytes = f.held.Load(), int64(len(f.lines))*filterLineBits/8
	}
	return stats
}
