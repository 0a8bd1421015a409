package store

import (
	"context"
	"strings"
	"unicode/utf16"

	"github.com/keyport/keyport/models"
)

// eventColumns are all columns of an event.
const eventColumns = `id, category, occurred_at, user_id, username, is_service, identified_by, api_key_id, api_key_prefix,
	address, user_agent, request_id, message, refs, differences, document_type, document_id, related_user_id, mac, mac_key`

// system is the name of Keyport itself in events, Octopus's word.
const system = "system"

// Events returns a page of the audit trail, newest first, to those who may read
// it.
func (s *Store) Events(ctx context.Context, p models.Page) ([]models.Event, error) {
	actor := models.ActorFrom(ctx)
	switch p = p.Clamp(); {
	case actor == nil:
		return nil, models.Unauthorized()
	case !actor.May(models.EventView):
		return nil, models.Denied("You can't read the audit trail. Ask an administrator for the right to view events.")
	case p.Take == 0:
		return []models.Event{}, nil
	}
	var events []models.Event
	err := s.read.WithContext(ctx).Select(eventColumns).Order("id DESC").
		Offset(p.Skip).Limit(p.Take).Find(&events).Error
	return events, s.failure("events", err)
}

// record adds an event to the transaction. What was done and the words for
// it come from the caller; who, when and from where come from here. actor is
// nil when Keyport itself acts.
func (t *tx) record(actor *models.Actor, e models.Event, message *message) error {
	t.events = append(t.events, t.event(actor, e, message))
	return nil
}

// event completes an event by who, when and from where.
func (t *tx) event(actor *models.Actor, e models.Event, message *message) models.Event {
	e.OccurredAt = t.now
	e.Message, e.References = message.String(), message.references
	request := models.RequestFrom(t.db.Statement.Context)
	e.Address, e.UserAgent, e.RequestID = request.Address, request.UserAgent, request.ID
	if actor != nil {
		describe(&e, actor)
	}
	if e.Username == "" {
		e.Username = system
	}
	e.Address, e.UserAgent, e.RequestID = fact(e.Address), fact(e.UserAgent), fact(e.RequestID)
	return e
}

// describe notes who acted.
func describe(e *models.Event, actor *models.Actor) {
	if actor.Via != models.ViaConsole {
		id := actor.User.ID
		e.UserID, e.Username, e.IsService = &id, actor.User.Username, actor.User.IsService
	}
	if e.IdentifiedBy == "" {
		e.IdentifiedBy = actor.IdentifiedBy()
	}
	if actor.Via == models.ViaKey && actor.Key != nil {
		e.APIKeyID, e.APIKeyPrefix = actor.Key.ID, actor.Key.Prefix
	}
	if actor.Address != "" {
		e.Address = actor.Address
	}
	if actor.UserAgent != "" {
		e.UserAgent = actor.UserAgent
	}
	if actor.RequestID != "" {
		e.RequestID = actor.RequestID
	}
}

// message is the sentence of an event, with marks where it names documents.
type message struct {
	b          strings.Builder
	length     int // in UTF-16 units
	references []models.Reference
}

// said begins a message.
func said(s string) *message { return new(message).text(s) }

func (m *message) text(s string) *message {
	m.b.WriteString(s)
	for _, r := range s {
		m.length += max(1, utf16.RuneLen(r))
	}
	return m
}

// document adds words that name a document.
func (m *message) document(words, id string) *message {
	start := m.length
	m.text(words)
	m.references = append(m.references, models.Reference{DocumentID: id, Start: start, Length: m.length - start})
	return m
}

func (m *message) user(u models.User) *message { return m.document(u.Username, u.PublicID()) }

func (m *message) key(k models.APIKey) *message {
	return m.document(`"`+k.Purpose+`"`, k.ID).text(" (" + k.Hint() + ")")
}

// String returns the sentence.
func (m *message) String() string { return m.b.String() }
