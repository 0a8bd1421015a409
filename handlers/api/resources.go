package api

import (
	"bytes"
	"time"

	"github.com/keyport/keyport/models"
)

// Links are a resource's addresses by name. Clients follow them as they stand,
// so they hold the path under which the portal is published.
type Links map[string]string

// timestamp writes an instant as Octopus does: with an offset, always. The
// official Go client can't read a date without one.
type timestamp time.Time

func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

func timestampOf(t *time.Time) *timestamp {
	if t == nil {
		return nil
	}
	stamp := timestamp(*t)
	return &stamp
}

// sensitiveValue stands for a secret in everything but the one answer that
// shows it.
type sensitiveValue struct {
	HasValue bool
	NewValue *string // always null in answers
	Hint     string
}

// apiKeyResource is an API key as listed and read.
type apiKeyResource struct {
	Id                       string
	Purpose                  string
	UserId                   string
	ApiKey                   sensitiveValue
	Created                  timestamp
	Expires                  timestamp
	LastUsedTimeStamp        *timestamp
	IsLastUsedTimestampKnown bool
	AccessLevel              string
	Services                 []string // ours, like the two below
	AllowedNetworks          []string
	DeniedNetworks           []string
	ActorType                string
	Links                    Links
}

// apiKeyCreated is the answer to the call that makes a key: ApiKey is the key
// itself, as plain text, this once.
type apiKeyCreated struct {
	Id      string
	Purpose string
	UserId  string
	ApiKey  string
	Created timestamp
	Expires timestamp
	Links   Links
}

func (l linker) apiKey(k models.APIKey) apiKeyResource {
	return apiKeyResource{
		Id: k.ID, Purpose: k.Purpose, UserId: models.UserID(k.UserID),
		ApiKey:  sensitiveValue{HasValue: true, Hint: k.Hint()},
		Created: timestamp(k.CreatedAt), Expires: timestamp(k.ExpiresAt),
		LastUsedTimeStamp: timestampOf(k.LastUsedAt), IsLastUsedTimestampKnown: true,
		AccessLevel: string(k.Level), Services: append([]string{}, k.Services...),
		AllowedNetworks: k.Allowed.Texts(), DeniedNetworks: k.Denied.Texts(), ActorType: "User",
		Links: l.apiKeyLinks(k),
	}
}

func (l linker) apiKeyCreated(k models.APIKey, secret models.Secret) apiKeyCreated {
	return apiKeyCreated{Id: k.ID, Purpose: k.Purpose, UserId: models.UserID(k.UserID), ApiKey: secret.Reveal(),
		Created: timestamp(k.CreatedAt), Expires: timestamp(k.ExpiresAt), Links: l.apiKeyLinks(k)}
}

func (l linker) apiKeyLinks(k models.APIKey) Links {
	return Links{"Self": l.to("/api/users/" + models.UserID(k.UserID) + "/apikeys/" + k.ID)}
}

// linker builds addresses below the path where the portal is published.
type linker struct{ base string }

func (l linker) to(path string) string { return l.base + path }

// optionalTime tells an absent member from a null and from a value.
type optionalTime struct {
	given, null bool
	text        string
	notText     bool
}

// UnmarshalJSON notes what was given. It refuses nothing, so that all problems
// of a request can be told together.
func (o *optionalTime) UnmarshalJSON(b []byte) error {
	o.given, o.null = true, bytes.Equal(b, []byte("null"))
	if o.null {
		return nil
	}
	if len(b) < 2 || b[0] != '"' || bytes.ContainsRune(b, '\\') {
		o.notText = true // nothing in a date needs escaping
		return nil
	}
	o.text = string(b[1 : len(b)-1])
	return nil
}
