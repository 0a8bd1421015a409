package models

import (
	"crypto/hmac"
	"encoding/binary"
	"time"
)

// ChainStart is the MAC before the first event of a chain.
var ChainStart = make([]byte, 32)

// AuditHead is the newest link of the chain of events.
type AuditHead struct {
	EventID int64
	MAC     []byte
}

// AuditCheckpoint says where a chain begins whose first part was removed: after
// which event, and what that event's MAC was. Retention seals each one; the one
// without a seal stands for the events from before there was a chain.
type AuditCheckpoint struct {
	EventID   int64 `gorm:"primaryKey;autoIncrement:false"`
	MAC       []byte
	MACKey    *int64
	Seal      []byte
	CreatedAt time.Time
}

// ChainedBytes are all facts of an event, in a form that has exactly one
// reading. references and differences are the texts as they are stored.
func (e Event) ChainedBytes(references, differences string) []byte {
	b := make([]byte, 1, 512)
	b[0] = 1 // version of this list
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	optional := func(n *int64) {
		if n == nil {
			b = append(b, 0)
			return
		}
		b = append(b, 1)
		number(*n)
	}
	number(e.ID)
	text(string(e.Category))
	number(e.OccurredAt.UnixMicro())
	optional(e.UserID)
	text(e.Username)
	b = append(b, boolByte(e.IsService))
	for _, s := range []string{e.IdentifiedBy, e.APIKeyID, e.APIKeyPrefix, e.Address, e.UserAgent, e.RequestID, e.Message, references, differences, e.DocumentType, e.DocumentID} {
		text(s)
	}
	optional(e.RelatedUserID)
	return b
}

func boolByte(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// ChainKey returns the id of the generation that new events are chained with.
func (r *Keyring) ChainKey() int64 { return r.generations[0].id }

// Chain returns the MAC of an event that follows the one with the MAC before. It
// returns nil when the generation is not on the ring.
func (r *Keyring) Chain(keyID int64, before, event []byte) []byte {
	for _, g := range r.generations {
		if g.id == keyID {
			return mac(g.audit, append(append([]byte("event\x00"), before...), event...))
		}
	}
	return nil
}

// SealCheckpoint authenticates where a chain begins.
func (r *Keyring) SealCheckpoint(keyID int64, c AuditCheckpoint) []byte {
	for _, g := range r.generations {
		if g.id == keyID {
			b := binary.BigEndian.AppendUint64([]byte("checkpoint\x00"), uint64(c.EventID))
			b = binary.BigEndian.AppendUint64(b, uint64(c.CreatedAt.UnixMicro()))
			return mac(g.audit, append(b, c.MAC...))
		}
	}
	return nil
}

// Sealed reports whether a checkpoint is one that Keyport wrote.
func (r *Keyring) Sealed(c AuditCheckpoint) bool {
	return c.MACKey != nil && hmac.Equal(c.Seal, r.SealCheckpoint(*c.MACKey, c))
}
