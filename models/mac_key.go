package models

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// macKey is a key that is used with every call: what HMAC works out of the key
// alone is kept, which is half of the work for short messages.
type macKey struct{ ready sync.Pool }

func newMACKey(key []byte) *macKey {
	return &macKey{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (k *macKey) sum(message []byte) (sum [sha256.Size]byte) {
	h := k.ready.Get().(hash.Hash)
	h.Write(message)
	h.Sum(sum[:0])
	h.Reset()
	k.ready.Put(h)
	return sum
}
