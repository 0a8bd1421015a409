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
}
