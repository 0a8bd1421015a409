package models

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
)

// BackupMAC returns what authenticates a backup that was made under a generation:
// a file that was cut off or changed, or belongs to another master key, is told by
// it. It is nil when the generation is not on the ring. use keeps the different
// kinds of files apart.
func (r *Keyring) BackupMAC(keyID int64, use string) hash.Hash {
	for _, g := range r.generations {
		if g.id == keyID {
			h := hmac.New(sha256.New, g.backup)
			h.Write([]byte(use + "\x00"))
			return h
		}
	}
	return nil
}
