package models

import "time"

// Category is what kind of thing happened, by Octopus's id where it has one.
type Category string

// The categories.
const (
	Created        Category = "Created"
	Modified       Category = "Modified"
	Deleted        Category = "Deleted"
	LoginSucceeded Category = "LoginSucceeded"
	LoginFailed    Category = "LoginFailed"
)

// Document types, by the names Octopus gives to the collections.
const (
	DocumentAPIKeys       = "ApiKeys"
	DocumentUsers         = "Users"
	DocumentTeams         = "Teams"
	DocumentInvitations   = "Invitations"
	DocumentConfiguration = "Configuration"
)

// AuthenticationSettingsID is the id of the settings document in events.
const AuthenticationSettingsID = "authentication"

// Event is one row of the audit trail. It is written in the transaction of the
// change it tells of, and never changed.
type Event struct {
	ID            int64 `gorm:"primaryKey"`
	Category      Category
	OccurredAt    time.Time
	UserID        *int64 // nil for Keyport itself
	Username      string
	IsService     bool
	IdentifiedBy  string // Actor.IdentifiedBy
	APIKeyID      string // the key of the call, "" without one
	APIKeyPrefix  string
	Address       string
	UserAgent     string
	RequestID     string
	Message       string
	References    []Reference  `gorm:"serializer:json;column:refs"`
	Differences   []Difference `gorm:"serializer:json"`
	DocumentType  string       // DocumentAPIKeys …
	DocumentID    string       // the document that changed
	RelatedUserID *int64       // the user it is about, when that is not the document
}

// Reference marks the part of a message that names a document; Start and Length
// count UTF-16 units, as Octopus's portal does.
type Reference struct {
	DocumentID string
	Start      int
	Length     int
}

// Difference is one member of a document before and after a change. Secrets
// never stand in either.
type Difference struct {
	Path   string
	Before any
	After  any
}
