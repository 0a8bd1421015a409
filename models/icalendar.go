package models

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ICalendar writes a calendar by RFC 5545. An event lasts the quarter of an hour
// before a key ends: keys mostly end at midnight, and an event that began then
// would stand on the day after the last one on which the key works.
//
// The text depends on nothing but the calendar, so that programs which ask
// again can be told that nothing has changed. address gives each end its page.
func ICalendar(c Calendar, host string, address func(KeyEnd) string) []byte {
	w := &icalWriter{}
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Keyport//API keys//EN")
	w.line("CALSCALE", "GREGORIAN")
	w.text("X-WR-CALNAME", "API keys of "+c.Name)
	w.line("REFRESH-INTERVAL;VALUE=DURATION", "PT6H")
	w.line("X-PUBLISHED-TTL", "PT6H")
	for _, end := range c.Ends {
		w.end(end, c.Team != "", host, address(end))
	}
	w.line("END", "VCALENDAR")
	return []byte(w.b.String())
}

// beforeEnd is how long an event lasts.
const beforeEnd = 15 * time.Minute

func (w *icalWriter) end(e KeyEnd, ofTeam bool, host, page string) {
	summary := "API key “" + e.Key.Purpose + "” ends"
	if ofTeam {
		summary = "API key “" + e.Key.Purpose + "” of " + e.Owner.Name() + " ends"
	}
	w.line("BEGIN", "VEVENT")
	w.text("UID", e.Key.ID+"@"+host)
	w.line("DTSTAMP", icalTime(e.ChangedAt())) // the same as LAST-MODIFIED where a calendar is published
	w.line("LAST-MODIFIED", icalTime(e.ChangedAt()))
	w.line("SEQUENCE", strconv.Itoa(e.Replaced))
	w.line("DTSTART", icalTime(e.Key.ExpiresAt.Add(-beforeEnd)))
	w.line("DTEND", icalTime(e.Key.ExpiresAt))
	w.text("SUMMARY", summary)
	w.text("DESCRIPTION", "The key "+e.Key.Hint()+" of "+e.Owner.Name()+" works until then. Rotate it before, and put the new one where this one is used.\n"+page)
	w.line("URL", page)
	w.line("TRANSP", "TRANSPARENT") // nobody is busy because of it
	w.line("END", "VEVENT")
}

// icalTime writes an instant in UTC, to the second.
func icalTime(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

type icalWriter struct{ b strings.Builder }

// icalEscapes are what RFC 5545, section 3.3.11, wants in a text. What lines
// are made of can't come in by a purpose, and is left out if it does.
var icalEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", "")

// text writes a property whose value people have typed.
func (w *icalWriter) text(name, value string) {
	w.line(name, icalEscapes.Replace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, value)))
}

// line writes a property, folded so that no line has more than 75 octets and no
// character is cut in two.
func (w *icalWriter) line(name, value string) {
	const most = 75
	rest, room := name+":"+value, most
	for len(rest) > room {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.b.WriteString(rest[:cut] + "\r\n ")
		rest, room = rest[cut:], most-1
	}
	w.b.WriteString(rest + "\r\n")
}
