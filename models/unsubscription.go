package models

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
)

// Unsubscribe makes the token in a mail by which its reader wants no more of the
// kind. It needs no sign-in, and does nothing but this.
func (r *Keyring) Unsubscribe(userID, subscriptionID int64) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(userID))
	b = binary.BigEndian.AppendUint64(b, uint64(subscriptionID))
	return base64.RawURLEncoding.EncodeToString(append(b, mac(r.generations[0].link, append([]byte("unsubscribe\x00"), b...))...))
}

// ParseUnsubscribe reads such a token; those of older master keys count too.
func (r *Keyring) ParseUnsubscribe(token string) (userID, subscriptionID int64, ok bool) {
	const ids = 16
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != ids+32 {
		return 0, 0, false
	}
	for _, g := range r.generations {
		if hmac.Equal(b[ids:], mac(g.link, append([]byte("unsubscribe\x00"), b[:ids]...))) {
			return int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:])), true
		}
	}
	return 0, 0, false
}
