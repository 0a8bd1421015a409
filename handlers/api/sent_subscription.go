package api

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/keyport/keyport/models"
)

// sentSubscription is what clients send of a subscription. They send it whole,
// so what is missing or null has its default; what the server owns (Id, Links,
// the last-processed members) is ignored.
type sentSubscription struct {
	Name                          string
	Type                          *string
	IsDisabled                    *bool
	EventNotificationSubscription *sentNotification
}

type sentNotification struct {
	Filter                     *models.EventFilter
	EmailTeams                 []string
	EmailFrequencyPeriod       *string
	EmailPriority              *string
	EmailShowDatesInTimeZoneId *string
	WebhookURI                 *string
	WebhookTeams               []string
	WebhookTimeout             *string
	WebhookHeaderKey           *string
	WebhookHeaderValue         sentSecret
	SlackChannelIds            []string
}

// usualEmailEvery is how often mail goes out when nothing is said, Octopus's.
const usualEmailEvery = time.Hour

// wish reads the subscription that was sent.
func (s sentSubscription) wish() (models.SubscriptionWish, error) {
	wish := models.SubscriptionWish{Name: s.Name, IsDisabled: s.IsDisabled != nil && *s.IsDisabled, EmailEvery: usualEmailEvery}
	if kind := text(s.Type); kind != "" && kind != "Event" {
		return wish, models.InvalidField("Type", "Keyport has subscriptions to events only. Leave Type out, or send Event.")
	}
	if s.EventNotificationSubscription == nil {
		return wish, nil
	}
	return wish, s.EventNotificationSubscription.fill(&wish)
}

func (n sentNotification) fill(wish *models.SubscriptionWish) (err error) {
	if len(n.SlackChannelIds) > 0 {
		return models.InvalidField("SlackChannelIds", "Keyport sends nothing to Slack by itself. Use an incoming webhook of Slack as WebhookURI, and send SlackChannelIds empty.")
	}
	if n.Filter != nil {
		wish.Filter = *n.Filter
	}
	wish.EmailPriority, wish.EmailTimeZone = models.EmailPriority(text(n.EmailPriority)), text(n.EmailShowDatesInTimeZoneId)
	wish.WebhookURL, wish.WebhookHeader, wish.WebhookHeaderValue = text(n.WebhookURI), text(n.WebhookHeaderKey), n.WebhookHeaderValue.value
	if wish.EmailTeamIDs, err = readIDs(n.EmailTeams, models.ParseTeamID, "EmailTeams"); err != nil {
		return err
	}
	if wish.WebhookTeamIDs, err = readIDs(n.WebhookTeams, models.ParseTeamID, "WebhookTeams"); err != nil {
		return err
	}
	if err = readTimespan(n.EmailFrequencyPeriod, &wish.EmailEvery, "EmailFrequencyPeriod"); err != nil {
		return err
	}
	return readTimespan(n.WebhookTimeout, &wish.WebhookTimeout, "WebhookTimeout")
}

func readTimespan(sent *string, into *time.Duration, field string) error {
	if text(sent) == "" {
		return nil
	}
	d, ok := parseTimespan(*sent)
	if !ok {
		return models.InvalidField(field, "Give "+field+" as hours, minutes and seconds, like 01:00:00.")
	}
	*into = d
	return nil
}

// sentSecret is a secret as clients send it: a text, or an object with a
// NewValue, or with HasValue false to remove what is stored. Absent, null and
// the empty text, which is what Octopus's Go client makes of the null that it
// has read, say nothing.
type sentSecret struct{ value *string }

// UnmarshalJSON reads any of these forms.
func (s *sentSecret) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		var object struct {
			HasValue *bool
			NewValue *string
		}
		if err := json.Unmarshal(b, &object); err != nil {
			return wrongSecret()
		}
		s.value = object.NewValue
		if s.value == nil && object.HasValue != nil && !*object.HasValue {
			s.value = new(string)
		}
		return nil
	}
	var sent *string
	if err := json.Unmarshal(b, &sent); err != nil {
		return wrongSecret()
	}
	if sent != nil && *sent != "" {
		s.value = sent
	}
	return nil
}

func wrongSecret() error {
	return models.InvalidField("WebhookHeaderValue", "Give WebhookHeaderValue as a text, or leave it out to keep the stored one.")
}
