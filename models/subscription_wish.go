package models

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Limits of a subscription.
const (
	MaxSubscriptions    = 100
	MaxSubscriptionName = 200
	MaxFilterEntries    = 200 // of one list
	MaxFilterEntry      = 200 // characters of an id in a filter
	MaxWebhookURL       = 2000
	MaxHeaderName       = 100
	MaxHeaderValue      = 4000
	MaxEmailEvery       = 31 * day
	MaxWebhookTimeout   = 15 * time.Second
)

// SubscriptionWish is what a subscription shall be.
type SubscriptionWish struct {
	Name       string
	IsDisabled bool
	Filter     EventFilter

	EmailTeamIDs  []int64
	EmailEvery    time.Duration
	EmailPriority EmailPriority // "" for PriorityNormal
	EmailTimeZone string        // "" for UTC

	WebhookURL         string
	WebhookTeamIDs     []int64
	WebhookTimeout     time.Duration // 0 for ten seconds, Octopus's
	WebhookHeader      string
	WebhookHeaderValue *string // nil keeps the stored value, "" removes it
}

const usualWebhookTimeout = 10 * time.Second

// Check cleans the wish and returns all that is wrong with it. Whether the
// webhook's address may be called is not decided here, because that needs the
// operator's list of networks.
func (w SubscriptionWish) Check() (SubscriptionWish, []Problem) {
	var problems []Problem
	add := func(field, message string) {
		if message != "" {
			problems = append(problems, Problem{field, message})
		}
	}
	var message string
	if w.Name, message = CleanText(w.Name, "The name", MaxSubscriptionName); message == "" && w.Name == "" {
		message = "Enter a name for the subscription."
	}
	add("Name", message)
	add("Filter", w.Filter.problem())
	w.fillIn()
	add("EmailFrequencyPeriod", within(w.EmailEvery, 0, MaxEmailEvery, "Choose how often mail is sent, from at once (00:00:00) to every 31 days."))
	add("WebhookTimeout", within(w.WebhookTimeout, time.Second, MaxWebhookTimeout, "Give the webhook a timeout from 00:00:01 to 00:00:15."))
	if !slices.Contains([]EmailPriority{PriorityLow, PriorityNormal, PriorityHigh}, w.EmailPriority) {
		add("EmailPriority", "Choose one of the priorities Low, Normal and High.")
	}
	if _, ok := ParseZone(w.EmailTimeZone); !ok {
		add("EmailShowDatesInTimeZoneId", "Choose a time zone from the list, such as UTC or Europe/Berlin.")
	}
	w.WebhookURL, message = CheckWebhookURL(w.WebhookURL)
	add("WebhookURI", message)
	add("WebhookHeaderKey", w.headerProblem())
	return w, problems
}

// fillIn sets what was left open.
func (w *SubscriptionWish) fillIn() {
	if w.EmailPriority == "" {
		w.EmailPriority = PriorityNormal
	}
	if w.EmailTimeZone == "" {
		w.EmailTimeZone = "UTC"
	}
	if w.WebhookTimeout == 0 {
		w.WebhookTimeout = usualWebhookTimeout
	}
	w.WebhookHeader = strings.TrimSpace(w.WebhookHeader)
}

func within(d, least, most time.Duration, message string) string {
	if d < least || d > most {
		return message
	}
	return ""
}

func (f EventFilter) problem() string {
	for _, list := range f.lists() {
		if len(*list) > MaxFilterEntries {
			return "A list of the filter has more than 200 entries. Choose fewer, or none to ask for all."
		}
		for _, entry := range *list {
			if clean, problem := CleanText(entry, "An entry of the filter", MaxFilterEntry); problem != "" {
				return problem
			} else if clean == "" {
				return "An entry of the filter is empty. Remove it."
			}
		}
	}
	return ""
}

// CheckWebhookURL cleans the address of a webhook and says what is wrong with
// it, "" when nothing is. An empty address is none.
func CheckWebhookURL(address string) (clean, problem string) {
	clean, problem = CleanText(address, "The webhook's address", MaxWebhookURL)
	if problem != "" || clean == "" {
		return clean, problem
	}
	u, err := url.Parse(clean)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.Opaque != "":
		return clean, "Enter the webhook's whole address, such as https://hooks.example.com/keyport."
	case u.User != nil:
		return clean, "Take the user name and password out of the webhook's address: addresses get into logs. Send them in a header instead."
	case u.Fragment != "":
		return clean, "Take the part after # out of the webhook's address: it is never sent."
	}
	return clean, ""
}

// reservedHeaders are set by Keyport itself, or decide how a request is read.
var reservedHeaders = []string{"connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "webhook-id", "webhook-signature", "webhook-timestamp"}

func (w SubscriptionWish) headerProblem() string {
	value := ""
	if w.WebhookHeaderValue != nil {
		value = *w.WebhookHeaderValue
	}
	switch {
	case w.WebhookHeader == "" && value != "":
		return "Name the header that the value is for, such as Authorization."
	case w.WebhookHeader == "":
		return ""
	case len(w.WebhookHeader) > MaxHeaderName || !isToken(w.WebhookHeader):
		return "A header's name has up to 100 letters, digits and hyphens, such as X-Webhook-Key."
	case slices.Contains(reservedHeaders, strings.ToLower(w.WebhookHeader)):
		return "Keyport sets the header " + w.WebhookHeader + " itself. Choose another name."
	case len(value) > MaxHeaderValue || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r > 0xff }):
		return "The header's value has up to 4,000 characters, and no line breaks. Enter it again."
	}
	return ""
}

// isToken reports whether a text can be the name of a header (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
