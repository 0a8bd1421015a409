package handlers

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// eventDays groups events, which come newest first, by the days of the reader.
func eventDays(events []models.Event, now time.Time, zone *time.Location) (days []views.EventDay) {
	for _, e := range events {
		date := models.DateIn(e.OccurredAt, zone)
		if n := len(days); n == 0 || days[n-1].Day.Machine != date.String() {
			days = append(days, views.EventDay{ID: e.PublicID(), Day: views.Moment{Machine: date.String(), Text: dayName(date, models.DateIn(now, zone))}})
		}
		last := &days[len(days)-1]
		last.Rows = append(last.Rows, eventRow(e, zone))
	}
	return days
}

func dayName(d, today models.Date) string {
	switch d {
	case today:
		return "Today"
	case today.AddDays(-1):
		return "Yesterday"
	}
	return d.Weekday()
}

func eventRow(e models.Event, zone *time.Location) views.EventRow {
	row := views.EventRow{
		ID: e.PublicID(), Icon: eventIcon(e), Tone: eventTones[e.Category], Message: eventWords(e), Facts: eventFacts(e, zone),
		At: views.Moment{Machine: machine(e.OccurredAt), Text: e.OccurredAt.In(zone).Format("15:04")},
	}
	row.By = doer(e)
	for _, d := range e.Differences {
		row.Changes = append(row.Changes, views.Change{Name: strings.TrimPrefix(d.Path, "/"), Before: plainValue(d.Before), After: plainValue(d.After)})
	}
	return row
}

// doer names who did it. Sign-ins and refusals name their person in the message.
func doer(e models.Event) string {
	switch {
	case e.Category == models.LoginSucceeded, e.Category == models.LoginFailed, e.Category == models.AccessDenied:
		return ""
	case e.UserID == nil && e.IdentifiedBy == "":
		return "Keyport"
	}
	return e.Username
}

var eventTones = map[models.Category]views.Tone{
	models.LoginFailed: views.ToneBad, models.AccessDenied: views.ToneWarn, models.APIKeyExpired: views.ToneBad,
	models.APIKeyTenDayWarning: views.ToneBad, models.APIKeyTwentyDayWarning: views.ToneWarn,
}

var documentIcons = map[string]views.Icon{
	models.DocumentAPIKeys: "key", models.DocumentUsers: "user", models.DocumentTeams: "team", models.DocumentConfiguration: "gear", models.DocumentRevocations: "key",
}

func eventIcon(e models.Event) views.Icon {
	switch icon, ok := documentIcons[e.DocumentType]; {
	case e.Category == models.LoginFailed, e.Category == models.AccessDenied:
		return "alert"
	case e.Category == models.LoginSucceeded:
		return "sign-in"
	case slices.Contains(models.CategoriesOf([]string{"ApiKeyExpiry"}), e.Category):
		return "clock"
	case ok:
		return icon
	}
	return "info"
}

// eventWords cuts the message at the documents that it names. Places are counted
// in UTF-16 units; one that can't be is left out.
func eventWords(e models.Event) (words []views.Words) {
	text, at := utf16.Encode([]rune(e.Message)), 0
	add := func(to int, strong bool) {
		if to > at {
			words = append(words, views.Words{Text: string(utf16.Decode(text[at:to])), Strong: strong})
			at = to
		}
	}
	references := slices.Clone(e.References)
	slices.SortFunc(references, func(a, b models.Reference) int { return a.Start - b.Start })
	for _, r := range references {
		if r.Start >= at && r.Length > 0 && r.Start+r.Length <= len(text) {
			add(r.Start, false)
			add(r.Start+r.Length, true)
		}
	}
	add(len(text), false)
	return words
}

// plainValue writes a value of a difference for people.
func plainValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case string:
		if v == "" {
			return "nothing"
		}
		return v
	case []any:
		return plainList(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

func plainList(list []any) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = plainValue(v)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// eventFacts are the details of an event. Who, what and which key lead to all
// that is known of them.
func eventFacts(e models.Event, zone *time.Location) (facts []views.LinkedFact) {
	add := func(label, text, path string) {
		if text != "" {
			facts = append(facts, views.LinkedFact{Label: label, Text: text, Path: path})
		}
	}
	who := auditFor(models.ParamPerson, e.Username)
	if e.UserID != nil {
		who = auditFor(models.ParamPerson, models.UserID(*e.UserID))
	}
	add("When", e.OccurredAt.In(zone).Format("2 Jan 2006, 15:04:05 (UTC-07:00)"), "")
	add("Who", e.Username, who)
	add("Identified by", e.IdentifiedBy, "")
	if e.APIKeyID != "" {
		add("With the key", models.Hint(e.APIKeyPrefix), auditFor(models.ParamKey, e.APIKeyID))
	}
	for _, id := range e.Documents() {
		add("About", id, auditFor(models.ParamDocument, id))
	}
	add("From", e.Address, "")
	add("Program", e.UserAgent, "")
	add("Request", e.RequestID, "")
	add("Event", e.PublicID(), "")
	return facts
}
