package models

import (
	"slices"
	"time"
)

// Channel is the way on which a delivery goes.
type Channel string

// The channels.
const (
	ChannelWebhook Channel = "webhook"
	ChannelEmail   Channel = "email"
)

// DeliveryState is what has become of a delivery.
type DeliveryState string

// The states. Dropped deliveries were overtaken: by a subscription that was
// disabled, or a reader who may no longer see the event.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"
	DeliveryDropped   DeliveryState = "dropped"
)

// Delivery is one event on its way to one receiver. It is made in the
// transaction that looks at the event, so none is forgotten, and there is one
// for each subscription, event, channel and recipient, so none is sent twice on
// purpose.
type Delivery struct {
	ID             int64 `gorm:"primaryKey"`
	SubscriptionID int64
	EventID        int64
	Channel        Channel
	RecipientID    int64 // the user that gets the mail, 0 for a webhook
	State          DeliveryState
	Attempts       int
	NextAttemptAt  time.Time
	ClaimedUntil   *time.Time // somebody works on it, and is taken for dead after this
	CreatedAt      time.Time
	AttemptedAt    *time.Time // of the newest attempt
	Code           int        // what the receiver answered: a status of HTTP or SMTP, 0 for no answer
	Millis         int64      // how long it took
	Problem        string     // why the newest attempt failed, in a sentence; never what the receiver wrote
}

// Receipt is how one attempt went.
type Receipt struct {
	Delivered  bool
	Code       int
	Took       time.Duration
	Problem    string
	RetryAfter time.Duration // what the receiver asked for
	GiveUp     bool          // trying again is of no use
	Gone       bool          // the receiver wants nothing any more (410)
	Dropped    bool          // nothing was sent, because it is no longer wanted
}

// attemptPlan is how long to wait after each attempt: the plan of Standard
// Webhooks. After the last one the delivery has failed.
var attemptPlan = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// MaxAttempts is how often a delivery is tried.
var MaxAttempts = len(attemptPlan) + 1

// longestWish is the longest wait that a receiver can ask for.
const longestWish = time.Hour

// NextAttempt returns how long to wait after so many attempts, a tenth longer or
// shorter by jitter, which is from 0 to 1; more is false when there was the last.
func NextAttempt(attempts int, wish time.Duration, jitter float64) (wait time.Duration, more bool) {
	if attempts < 1 || attempts > len(attemptPlan) {
		return 0, false
	}
	wait = attemptPlan[attempts-1]
	wait += time.Duration((jitter - 0.5) / 5 * float64(wait))
	return max(wait, min(wish, longestWish)), true
}

// After returns the delivery after an attempt.
func (d Delivery) After(r Receipt, now time.Time, jitter float64) Delivery {
	d.AttemptedAt, d.Code, d.Millis, d.Problem, d.ClaimedUntil = &now, r.Code, r.Took.Milliseconds(), r.Problem, nil
	wait, more := NextAttempt(d.Attempts, r.RetryAfter, jitter)
	switch {
	case r.Delivered:
		d.State = DeliveryDelivered
	case r.Dropped:
		d.State = DeliveryDropped
	case r.GiveUp, r.Gone, !more:
		d.State = DeliveryFailed
	default:
		d.NextAttemptAt = now.Add(wait)
	}
	return d
}

// Wants reports whether a subscription sends an event. It never tells of its own
// failures: each of these would fail the same way.
func (s Subscription) Wants(e Event) bool {
	if s.IsDisabled || e.Category == DeliveryFailedEvent && e.DocumentID == s.PublicID() {
		return false
	}
	return s.Filter.Matches(e)
}

// DeliveryFilter chooses deliveries of a subscription.
type DeliveryFilter struct {
	State  DeliveryState // "" for all
	Before int64         // only older ones, for walking on; 0 for the newest
}

// ShownDelivery is a delivery with what it tells of.
type ShownDelivery struct {
	Delivery
	Event     Event  // zero when it is no longer kept
	Recipient string // user name of who gets the mail
}

// HasChannel reports whether the subscription sends on a channel.
func (s Subscription) HasChannel(c Channel) bool {
	if c == ChannelWebhook {
		return s.WebhookURL != ""
	}
	return s.BuiltIn == OwnKeys || len(s.EmailTeamIDs) > 0
}

// Recipients are the users who get mail of an event: each once, and only those
// who may see it. Owners may see what becomes of their own keys.
func Recipients(candidates []User, own bool) []User {
	var chosen []User
	for _, u := range candidates {
		switch {
		case !u.IsActive, u.IsService, u.Email == "", !own && !u.Permissions.Has(EventView):
		case slices.ContainsFunc(chosen, func(c User) bool { return c.ID == u.ID }):
		default:
			chosen = append(chosen, u)
		}
	}
	return chosen
}
