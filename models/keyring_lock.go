package models

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"strconv"
)

// Place is where a locked text is stored. It is part of the lock: a text that
// is moved to another row, column or table does not open there.
type Place struct{ Table, Column, Row string }

// RowPlace names a place by the row's number.
func RowPlace(table, column string, row int64) Place {
	return Place{table, column, strconv.FormatInt(row, 10)}
}

// ErrLocked is what Open returns for a text that it can't open: changed, moved,
// or locked with a master key that is not on the ring.
var ErrLocked = errors.New("the stored secret can't be opened: it was changed or moved, or its master key is missing")

const generationSize = 8 // bytes of the id that a locked text begins with

// Lock encrypts a secret that must be read again, such as the password of a
// mail server: with AES-256-GCM, under the newest generation. What must only be
// recognised is stored as a digest instead.
func (r *Keyring) Lock(plain []byte, place Place) []byte {
	g := r.generations[0]
	aead := g.aead()
	locked := binary.BigEndian.AppendUint64(nil, uint64(g.id))
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // never fails: crypto/rand ends the program instead
	locked = append(locked, nonce...)
	return aead.Seal(locked, nonce, plain, place.bytes(g.id))
}

// Open returns what was locked for this place.
func (r *Keyring) Open(locked []byte, place Place) ([]byte, error) {
	id, ok := LockedBy(locked)
	if !ok {
		return nil, ErrLocked
	}
	for _, g := range r.generations {
		if g.id != id {
			continue
		}
		aead, rest := g.aead(), locked[generationSize:]
		if len(rest) < aead.NonceSize() {
			return nil, ErrLocked
		}
		plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], place.bytes(id))
		if err != nil {
			return nil, ErrLocked
		}
		return plain, nil
	}
	return nil, ErrLocked
}

// LockedBy returns the id of the generation that a text was locked with.
func LockedBy(locked []byte) (id int64, ok bool) {
	if len(locked) < generationSize {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(locked)), true
}

// bytes are the place and the generation, each part with its length, so that no
// two places run together.
func (p Place) bytes(generation int64) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(generation))
	for _, part := range []string{p.Table, p.Column, p.Row} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// aead can't fail for a key of 32 bytes.
func (g generation) aead() cipher.AEAD {
	block, err := aes.NewCipher(g.vault)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
