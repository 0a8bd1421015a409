package delivery

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// subjectPart is how much of a text stands in a subject, in bytes: two parts and
// the words around them are well within what mail servers take.
const subjectPart = 180

// words says what happened.
func (n *Notices) words(l letter) views.Mail {
	if o := l.told[0]; len(l.told) == 1 && o.Key != nil {
		return n.keyWords(o)
	}
	return n.digestWords(l)
}

// keyWords tells of one key that ends, with what the reader can do about it.
func (n *Notices) keyWords(o store.Outgoing) views.Mail {
	key, zone := *o.Key, zoneOf(o)
	when := endWords(key.ExpiresAt, o.Event.OccurredAt)
	m := views.Mail{
		Subject: "API key “" + cutWords(key.Purpose, subjectPart) + "” " + when, Preview: "Make a new one before something stops working.",
		Title: "An API key " + when, Text: "Whatever uses this key is refused from then on. Rotate it, and put the new key where the old one is.",
		Facts: []views.Fact{{Label: "Purpose", Text: key.Purpose}, {Label: "Key", Text: key.Hint()}, {Label: "Owner", Text: key.Owner.Name()},
			{Label: "Ends", Text: moment(key.ExpiresAt, zone)}, {Label: "Last used", Text: lastUse(key.APIKey, zone)}},
		Action: "Rotate this key", Link: n.rotation(key),
		After: "It asks you to sign in. Once the key has ended, and for 30 days, the link offers a new key with the same purpose and access.",
		Why:   "You get this because you look after this key.",
	}
	if o.Event.Category == models.APIKeyExpired {
		m.Preview, m.Text = "Whatever uses it is refused.", "Whatever uses this key is refused now. If something still needs one, make a new key."
		m.Action, m.After = "Make a new key", "The link works for 30 days. It asks you to sign in, and offers a new key with the same purpose and access."
	}
	if !key.Owner.IsService && key.Owner.ID != o.Recipient.ID { // nobody makes a key for another person
		m.Action, m.Link, m.After = "Look at the key", n.keyPage(key), "Only "+key.Owner.Name()+" can rotate it."
	}
	if o.Subscription.BuiltIn != models.OwnKeys {
		m.Why = "You get this because of the subscription “" + o.Subscription.Name + "”."
	}
	return m
}

// endWords say when a key ends, as seen from a moment.
func endWords(end, now time.Time) string {
	left := end.Sub(now)
	switch days := int(left.Hours()+23) / 24; {
	case left <= 0:
		return "has expired"
	case days <= 1:
		return "ends within a day"
	default:
		return "ends in " + strconv.Itoa(days) + " days"
	}
}

func moment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04") + " " + zone.String()
}

func lastUse(k models.APIKey, zone *time.Location) string {
	switch {
	case k.LastUsedAt == nil:
		return "never"
	case k.LastUsedIP == "":
		return moment(*k.LastUsedAt, zone)
	}
	return moment(*k.LastUsedAt, zone) + ", from " + k.LastUsedIP
}

// rotation is the address at which the owner, or whoever looks after a service
// account, puts a new key in the place of this one.
func (n *Notices) rotation(k models.OwnedKey) string {
	if k.Owner.IsService {
		return n.keyPage(k) + "/rotation"
	}
	return n.PublicURL.JoinPath("account/apikeys", k.ID, "rotation").String()
}

// keyPage is the address of the key, for others than the person it belongs to.
func (n *Notices) keyPage(k models.OwnedKey) string {
	return n.PublicURL.JoinPath("configuration/users", k.Owner.PublicID(), "apikeys", k.ID).String()
}

// zoneOf is the reader's zone, else the subscription's.
func zoneOf(o store.Outgoing) *time.Location {
	return models.ZoneOr(o.Recipient.TimeZone, o.Subscription.EmailTimeZone)
}

// digestWords lists what happened in a while, and counts what is too much for a
// letter.
func (n *Notices) digestWords(l letter) views.Mail {
	first, all := l.told[0], len(l.told)+len(l.rest)
	zone := models.ZoneOr(first.Subscription.EmailTimeZone)
	m := views.Mail{
		Subject: cutWords(first.Subscription.Name, subjectPart) + ": " + events(all), Preview: first.Event.Message,
		Title: events(all), Text: "This happened since the last mail of the subscription “" + first.Subscription.Name + "”.",
		Action: "Open the audit trail", Link: n.trail(l),
		Why: "You get this because of the subscription “" + first.Subscription.Name + "”.",
	}
	if all == 1 {
		m.Subject, m.Text = cutWords(first.Subscription.Name, subjectPart)+": "+cutWords(first.Event.Message, subjectPart), "This happened just now."
	}
	if more := len(l.rest); more > 0 {
		m.Text += " The first " + strconv.Itoa(len(l.told)) + " are below."
		m.After = "There are " + strconv.Itoa(more) + " more. The audit trail has all of them."
		if more == 1 {
			m.After = "There is 1 more. The audit trail has all of them."
		}
	}
	for _, o := range l.told {
		who := o.Event.Username
		m.Events = append(m.Events, views.Fact{Label: moment(o.Event.OccurredAt, zone), Text: o.Event.Message + " (" + who + ")"})
	}
	return m
}

// trail is the address of the audit page, on the days of the letter, and for what
// the subscription chooses as far as the page can choose it.
func (n *Notices) trail(l letter) string {
	first, zone := l.told[0], zoneOf(l.told[0])
	f := first.Subscription.Filter
	search := models.EventSearch{Days: models.DateRange{From: models.DateIn(first.Event.OccurredAt, zone), To: models.DateIn(l.last(), zone)}}
	switch {
	case len(f.EventGroups) == 1 && len(f.EventCategories) == 0:
		search.Group = f.EventGroups[0]
	case len(f.EventGroups) == 0 && len(f.EventCategories) == 1:
		search.Category = models.Category(f.EventCategories[0])
	}
	if len(f.DocumentTypes) == 1 {
		search.DocumentType = f.DocumentTypes[0]
	}
	u := n.PublicURL.JoinPath("configuration/audit")
	u.RawQuery = search.Values().Encode()
	return u.String()
}

func events(n int) string {
	if n == 1 {
		return "1 event"
	}
	return strconv.Itoa(n) + " events"
}

// cutWords shortens a text to so many bytes for a subject, and takes out what
// breaks lines.
func cutWords(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	for i := range s {
		if i > most {
			return s[:i] + "…"
		}
	}
	return s
}
