package models

import (
	"crypto/hmac"
	"encoding/binary"
	"strconv"
)

// SignDevice signs the text by which a browser is known again.
func (r *Keyring) SignDevice(text string) []byte {
	return mac(r.generations[0].device, []byte(text))
}

// DeviceSigned reports whether a text was signed here.
func (r *Keyring) DeviceSigned(text string, signature []byte) bool {
	for _, g := range r.generations {
		if hmac.Equal(mac(g.device, []byte(text)), signature) {
			return true
		}
	}
	return false
}

// CodeDigests returns every digest under which a user's recovery code may be
// stored, newest first. It holds the user, so that the same code of two people
// has two digests.
func (r *Keyring) CodeDigests(userID int64, code string) [][]byte {
	digests := make([][]byte, len(r.generations))
	for i, g := range r.generations {
		digests[i] = mac(g.code, []byte(strconv.FormatInt(userID, 10)+"/"+code))
	}
	return digests
}

// CounterName returns the name under which tries are counted. It can't be read
// backwards: people type passwords where the user name goes.
func (r *Keyring) CounterName(parts ...string) []byte {
	var text []byte
	for _, part := range parts {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	return mac(r.generations[0].tries, text)[:16]
}
