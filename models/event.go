package models

import (
	"slices"
	"strconv"
	"time"
)

// Category is what kind of thing happened, by Octopus's id where it has one.
type Category string

// The categories.
const (
	Created        Category = "Created"
	Modified       Category = "Modified"
	Deleted        Category = "Deleted"
	LoginSucceeded Category = "LoginSucceeded"
	LoginFailed    Category = "LoginFailed"
	AccessDenied   Category = "AccessDenied" // ours: somebody asked for what they may not do
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

	MAC    []byte // over this event and the one before it, see ChainedBytes; nil for events from before there was a chain
	MACKey *int64 // the generation of the master key that it was made with
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

// PublicID returns the id as the REST API writes it: "Events-3".
func (e Event) PublicID() string { return "Events-" + strconv.FormatInt(e.ID, 10) }

// Documents lists the ids of all documents that the event is about, each once:
// the one that changed, the user it belongs to, and those that the message names.
func (e Event) Documents() []string {
	ids := []string{}
	add := func(id string) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add(e.DocumentID)
	if e.RelatedUserID != nil {
		add(UserID(*e.RelatedUserID))
	}
	for _, r := range e.References {
		add(r.DocumentID)
	}
	return ids
}
