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

// macWork is what one sum needs. The message is copied into it, and wiped, so
// that the caller's may stay on the stack.
type macWork struct {
	hash    hash.Hash
	message []byte
	sum     [sha256.Size]byte
}

func newMACKey(key []byte) *macKey {
	return &macKey{sync.Pool{New: func() any { return &macWork{hash: hmac.New(sha256.New, key)} }}}
}

func (k *macKey) sum(message []byte) (sum [sha256.Size]byte) {
	w := k.ready.Get().(*macWork)
	w.message = append(w.message[:0], message...)
	w.hash.Write(w.message)
	w.hash.Sum(w.sum[:0])
	w.hash.Reset()
	sum = w.sum
	clear(w.message)
	k.ready.Put(w)
	return sum
}
