package store

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
)

// keyFilter says of a key that it is certainly not among those that were added,
// or that it may be: a Bloom filter whose bits of a key share one line of memory.
// It holds no pointers, so the collector has nothing to walk. Many may ask while
// one adds.
type keyFilter struct {
	lines []filterLine
	room  int64 // keys, for which few others are mistaken for one of them
	held  atomic.Int64
}

type filterLine [filterLineBits / 64]uint64

const (
	filterLineBits = 512
	// filterBits of each key, of which filterProbes are looked at: of a thousand
	// keys that nobody made seven are looked up when the filter is full.
	filterBits   = 12
	filterProbes = 6
)

// keyPiece is what a filter takes of a digest: random bits, which nobody without
// the master key can choose.
func keyPiece(digest []byte) uint64 { return binary.BigEndian.Uint64(digest) }

func newKeyFilter(room int64) *keyFilter {
	return &keyFilter{lines: make([]filterLine, room*filterBits/filterLineBits+1), room: room}
}

// place returns the line of a piece, and where in it its bits are.
func (f *keyFilter) place(piece uint64) (line *filterLine, probes uint64) {
	n, _ := bits.Mul64(piece, uint64(len(f.lines)))
	probes = piece * 0x9e3779b97f4a7c15 // so that keys of one line differ in all bits
	return &f.lines[n], (probes ^ probes>>32) * 0xd6e8feb86659fd93 >> (64 - 9*filterProbes)
}

// add makes the filter hold a key. Only one may add at a time.
func (f *keyFilter) add(piece uint64) {
	line, probes := f.place(piece)
	fresh := false
	for range filterProbes {
		word, bit := &line[probes>>6%8], uint64(1)<<(probes%64)
		fresh = atomic.OrUint64(word, bit)&bit == 0 || fresh
		probes >>= 9
	}
	if fresh {
		f.held.Add(1)
	}
}

// mayHold reports whether a key may have been added.
func (f *keyFilter) mayHold(piece uint64) bool {
	line, probes := f.place(piece)
	for range filterProbes {
		if atomic.LoadUint64(&line[probes>>6%8])&(1<<(probes%64)) == 0 {
			return false
		}
		probes >>= 9
	}
	return true
}

// full reports that more was added than the filter was made for.
func (f *keyFilter) full() bool { return f.held.Load() > f.room }
