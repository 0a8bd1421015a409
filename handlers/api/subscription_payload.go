package api

import (
	"time"

	"github.com/keyport/keyport/models"
)

// subscriptionPayload is what a webhook receives, in Octopus's form.
type subscriptionPayload struct {
	Timestamp timestamp
	EventType string
	Payload   eventPayload
}

type eventPayload struct {
	ServerUri           *string // null when nobody said where the server is
	ServerAuditUri      *string
	BatchProcessingDate timestamp
	Subscription        subscriptionResource
	Event               eventResource
	BatchId             string
	TotalEventsInBatch  int
	EventNumberInBatch  int
}

// SubscriptionPayload returns the body of a webhook. Octopus gathers events in
// batches, of which one call that fails ends the rest; here each event is a
// batch of its own.
func SubscriptionPayload(e models.Event, s models.Subscription, serverURL, basePath string, now time.Time, batch string) any {
	l := linker{basePath}
	p := eventPayload{BatchProcessingDate: timestamp(now), Subscription: l.subscription(s), Event: l.event(e), BatchId: batch, TotalEventsInBatch: 1, EventNumberInBatch: 1}
	if serverURL != "" {
		audit := serverURL + "/configuration/audit"
		p.ServerUri, p.ServerAuditUri = &serverURL, &audit
	}
	return subscriptionPayload{Timestamp: timestamp(now), EventType: "SubscriptionPayload", Payload: p}
}
