package models

import "time"

// Verified is what a service learns of a key that opens something: whose it is
// and how far it goes. It says nothing that the holder of the key may not know.
type Verified struct {
	KeyID     string
	UserID    int64
	Username  string
	IsService bool
	Expires   time.Time
	Access    Access

	// What answers say, made once for a key and not for each of its calls.
	UserText, ExpiresText string // UserID as "Users-7", and Expires by RFC 3339

	Found time.Time // when the key was found to be good
	Place uint32    // where the store remembers the key, 0 for nowhere
}

// SetTexts writes the texts of answers.
func (v *Verified) SetTexts() {
	v.UserText, v.ExpiresText = UserID(v.UserID), v.Expires.UTC().Format(time.RFC3339)
}
