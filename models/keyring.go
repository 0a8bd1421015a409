package models

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// Keyring holds the keys derived from the master keys, newest first. A master
// key never leaves this file; what is derived from it has one use each.
type Keyring struct{ generations []generation }

type generation struct {
	id     int64
	pepper *macKey
	seal   *macKey
	link   []byte
	vault  []byte // locks secrets, see Lock
	device []byte // signs the cookie of a known browser
	code   []byte // digests of recovery codes
	tries  []byte // names of the counters of tries to sign in
	audit  []byte // chains events
	backup []byte // authenticates backups
}

// Digest is what is stored of a secret: HMAC-SHA-256 under the pepper that
// PepperID names. A copy of the database can neither be searched for a key
// found elsewhere nor be given a row for a key of somebody's own.
type Digest struct {
	PepperID int64
	Sum      [sha256.Size]byte
}

// NewKeyring derives the keys from master keys of 32 bytes, newest first. New
// digests use the first one; the others still open what was made under them.
func NewKeyring(masters ...[]byte) (*Keyring, error) {
	if len(masters) == 0 {
		return nil, errors.New("no master key")
	}
	ring := &Keyring{}
	for _, master := range masters {
		if len(master) != MasterKeySize {
			return nil, fmt.Errorf("a master key has %d bytes; it must have %d", len(master), MasterKeySize)
		}
		id := binary.BigEndian.Uint64(derive(master, "generation-id")) >> 1 // fits a signed column
		ring.generations = append(ring.generations, generation{
			id: int64(id), pepper: newMACKey(derive(master, "apikey-pepper")), seal: newMACKey(derive(master, "row-seal")), link: derive(master, "one-time-link"),
			vault: derive(master, "stored-secret"), device: derive(master, "known-device"),
			code: derive(master, "recovery-code"), tries: derive(master, "sign-in-counter"), audit: derive(master, "audit-chain"), backup: derive(master, "backup"),
		})
	}
	return ring, nil
}

// ParseMasterKeys reads master keys, one on a line, newest first, each 32 bytes
// in hexadecimal or base64. Empty lines and lines that begin with # are
// skipped. The error never holds any part of the text.
func ParseMasterKeys(text string) ([][]byte, error) {
	var masters [][]byte
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		master, err := decodeMaster(line)
		if err != nil {
			return nil, err
		}
		masters = append(masters, master)
	}
	if len(masters) == 0 {
		return nil, errors.New("the master key is empty; it must be 32 bytes in hexadecimal or base64")
	}
	return masters, nil
}

func decodeMaster(line string) ([]byte, error) {
	if b, err := hex.DecodeString(line); err == nil && len(b) == MasterKeySize {
		return b, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(line, "="))
	if err != nil || len(b) != MasterKeySize {
		return nil, errors.New("the master key must be 32 bytes in hexadecimal (64 characters) or base64 (44 characters)")
	}
	return b, nil
}

// IDs returns the generations' ids, newest first. An id tells nothing about
// its key and may be stored.
func (r *Keyring) IDs() []int64 {
	ids := make([]int64, len(r.generations))
	for i, g := range r.generations {
		ids[i] = g.id
	}
	return ids
}

// Digest returns what to store of a new secret.
func (r *Keyring) Digest(s Secret) Digest { return r.generations[0].digest(s) }

// Digests returns every digest under which s may be stored, newest first.
func (r *Keyring) Digests(s Secret) []Digest {
	digests := make([]Digest, len(r.generations))
	for i, g := range r.generations {
		digests[i] = g.digest(s)
	}
	return digests
}

// Seal authenticates a row with the generation that made its digest, so that a
// row edited behind our back is refused. It returns nil when the generation is
// not on the ring.
func (r *Keyring) Seal(pepperID int64, row []byte) []byte {
	for _, g := range r.generations {
		if g.id == pepperID {
			sum := g.seal.sum(row)
			return sum[:]
		}
	}
	return nil
}

// Seals reports whether a key's seal is that of its row. It allocates nothing
// for a key whose access is whole.
func (r *Keyring) Seals(k *APIKey) bool {
	for i := range r.generations {
		if g := &r.generations[i]; g.id == k.PepperID {
			var room [sealedRoom]byte
			sum := g.seal.sum(k.appendSealed(room[:0]))
			return hmac.Equal(sum[:], k.Seal)
		}
	}
	return false
}

// LinkDigest returns what to store of a one-time link's token.
func (r *Keyring) LinkDigest(token string) []byte { return mac(r.generations[0].link, []byte(token)) }

func (g generation) digest(s Secret) Digest {
	return Digest{PepperID: g.id, Sum: g.pepper.sum([]byte(s.text))}
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// derive makes a subkey for one use. It can't fail for 32 bytes of SHA-256.
func derive(master []byte, use string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "keyport/"+use, sha256.Size)
	if err != nil {
		panic(err)
	}
	return key
}
