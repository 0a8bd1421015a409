package models

import "time"

// MaxKeyUses is how many clients are remembered for each key.
const MaxKeyUses = 5

// KeyUse says when a key was last used from an address by a program. It is what
// a person needs to tell his own use from somebody else's.
type KeyUse struct {
	KeyID     string `gorm:"primaryKey"`
	Address   string `gorm:"primaryKey"`
	UserAgent string `gorm:"primaryKey"`
	UsedAt    time.Time
}

// TableName names the table for GORM, which would split the abbreviation.
func (KeyUse) TableName() string { return "api_key_uses" }
