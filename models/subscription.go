package models

import (
	"strconv"
	"strings"
	"time"
)

// DocumentSubscriptions is the document type of subscriptions in events.
const DocumentSubscriptions = "Subscriptions"

// Subscription says which events are sent to whom, in Octopus's terms.
type Subscription struct {
	ID         int64 `gorm:"primaryKey"`
	Name       string
	NameFold   string // Fold(Name), unique
	IsDisabled bool
	BuiltIn    SubscriptionKind
	OwnerID    *int64      // who made it, nil for Keyport itself: it sends what its owner may see
	Filter     EventFilter `gorm:"serializer:json"`

	EmailTeamIDs  []int64       `gorm:"serializer:json;column:email_teams"`
	EmailEvery    time.Duration // 0 sends each event at once; stored in nanoseconds
	EmailPriority EmailPriority
	EmailTimeZone string // IANA name

	WebhookURL       string        // "" for none
	WebhookTeamIDs   []int64       `gorm:"serializer:json;column:webhook_teams"`
	WebhookTimeout   time.Duration // of one attempt; stored in nanoseconds
	WebhookHeader    string        // name of a header that is sent along, "" for none
	WebhookHeaderBox []byte        // its value, locked, see Keyring.Lock; nil for none

	SecretBox      []byte // what webhooks are signed with, locked; nil without a webhook
	OldSecretBox   []byte // the secret before, which signs as well until OldSecretUntil
	OldSecretUntil *time.Time

	CreatedAt time.Time
	Version   int64 // grows with each change
}

// SubscriptionKind tells the subscription that Keyport brings along from those
// that people make, whose kind is "".
type SubscriptionKind string

// OwnKeys is the subscription by which owners learn of the ends of their keys.
// It can be disabled, but not deleted.
const OwnKeys SubscriptionKind = "own-keys"

// EmailPriority is how a mail program shows a letter.
type EmailPriority string

// The priorities, by Octopus's names.
const (
	PriorityLow    EmailPriority = "Low"
	PriorityNormal EmailPriority = "Normal"
	PriorityHigh   EmailPriority = "High"
)

const subscriptionIDPrefix = DocumentSubscriptions + "-"

// PublicID returns the id as the REST API writes it: "Subscriptions-3".
func (s Subscription) PublicID() string { return subscriptionIDPrefix + strconv.FormatInt(s.ID, 10) }

// ParseSubscriptionID reads "Subscriptions-3" without regard to case. Each
// subscription has one id.
func ParseSubscriptionID(s string) (id int64, ok bool) {
	if len(s) <= len(subscriptionIDPrefix) || !strings.EqualFold(s[:len(subscriptionIDPrefix)], subscriptionIDPrefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(subscriptionIDPrefix):], 10, 64)
	return id, err == nil && id > 0 && len(Subscription{ID: id}.PublicID()) == len(s)
}

// HeaderPlace is where the value of the webhook's header is locked.
func (s Subscription) HeaderPlace() Place {
	return RowPlace("subscriptions", "webhook_header_box", s.ID)
}

// SecretPlace is where the secret of webhooks is locked.
func (s Subscription) SecretPlace() Place { return RowPlace("subscriptions", "secret_box", s.ID) }

// OldSecretPlace is the place of the secret before.
func (s Subscription) OldSecretPlace() Place {
	return RowPlace("subscriptions", "old_secret_box", s.ID)
}

// MaySeeSubscriptions decides who may look at subscriptions.
func MaySeeSubscriptions(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(SubscriptionView) && !actor.May(SubscriptionEdit):
		return Denied("You can't see subscriptions. Ask an administrator for the right to view subscriptions.")
	}
	return nil
}

// MayEditSubscriptions decides who may make, change and remove them. Whoever
// does sends events out of the house, so he must be allowed to read them.
func MayEditSubscriptions(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(SubscriptionEdit):
		return Denied("You can't change subscriptions. Ask an administrator for the right to edit subscriptions.")
	case !actor.May(EventView):
		return Denied("A subscription sends events, and you may not read them. Ask an administrator for the right to view events.")
	}
	return nil
}

// MayDeleteSubscription decides who may remove one.
func MayDeleteSubscription(s Subscription, actor *Actor) error {
	if err := MayEditSubscriptions(actor); err != nil {
		return err
	}
	if s.BuiltIn != "" {
		return Denied("The subscription " + s.Name + " comes with Keyport and can't be deleted. You can disable it.")
	}
	return nil
}

// SubscriptionQuery chooses subscriptions, which are listed by name.
type SubscriptionQuery struct {
	ByID bool
	IDs  []int64 // only these, with ByID
	Part string  // part of the name
}
