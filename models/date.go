package models

import (
	"errors"
	"strings"
	"time"
)

// Date is a day of the Gregorian calendar, without time or zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// errDate is what ParseDate returns; callers word their own message.
var errDate = errors.New("not a date of the form 2006-01-02")

// ParseDate reads the value of an <input type="date">: exactly 2006-01-02.
// Days that the calendar does not have, such as 30 February, are refused.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, errDate
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

// DateIn returns the date that a calendar on the wall shows at t in a zone.
func DateIn(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// AddDays returns the date n calendar days later.
func (d Date) AddDays(n int) Date { return DateIn(d.utc().AddDate(0, 0, n), time.UTC) }

// Before reports whether d comes before e.
func (d Date) Before(e Date) bool { return d.utc().Before(e.utc()) }

// String returns the form that <input type="date"> wants: 2027-05-22.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// Words returns the form for people: 22 May 2027.
func (d Date) Words() string { return d.utc().Format("2 Jan 2006") }

// Weekday returns the form for people with the day of the week: Sat 22 May 2027.
func (d Date) Weekday() string { return d.utc().Format("Mon 2 Jan 2006") }

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// EndIn returns the first instant after the day in a zone, in UTC; exists is
// false when the zone skipped the day.
//
// Neither "midnight of the next day" nor "23:59:59" finds it: clocks may jump
// at midnight, so that the day ends where the next one begins at 01:00, or an
// hour may repeat before it. So every span of constant offset near the day is
// asked which part of the day it holds, and the latest end wins.
func (d Date) EndIn(zone *time.Location) (end time.Time, exists bool) {
	const widest = 15 * time.Hour // no zone is further from UTC
	midnight, next := d.utc(), d.utc().Add(day)
	for t := midnight.Add(-widest); ; {
		local := t.In(zone)
		_, offset := local.Zone()
		_, until := local.ZoneBounds()
		if !until.IsZero() && !until.After(t) {
			// Beyond the transitions that a zone lists, the time package cuts
			// spans at the ends of years, and counts 365 days in every year. So
			// on 31 December of a leap year it names a span that is over; the
			// offset stays until the year ends. (The beginning it names may lie
			// before the last transition of the list, and is not used at all.)
			until = t.Truncate(day).Add(day)
		}
		shift := -time.Duration(offset) * time.Second
		begin, stop := midnight.Add(shift), next.Add(shift)
		if begin.Before(t) {
			begin = t
		}
		if !until.IsZero() && until.Before(stop) {
			stop = until
		}
		if begin.Before(stop) {
			end, exists = stop.UTC(), true
		}
		if until.IsZero() || until.After(next.Add(widest)) {
			return end, exists
		}
		t = until
	}
}

// Instant writes a point in time for messages of the REST API: RFC 3339, UTC.
func Instant(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// ParseInstant reads a date and time with offset as RFC 3339 defines it. It is
// stricter than the standard library in what it accepts (offsets beyond 14
// hours or with 60 minutes, an hour of one digit, a comma before the fraction
// and the year 0 are refused) and as free as the RFC (t and z may be small).
func ParseInstant(s string) (time.Time, error) {
	const form, longest = "2006-01-02T15:04:05Z", 40
	switch {
	case len(s) < len(form) || len(s) > longest,
		s[13] != form[13], // the colon after an hour of two digits
		strings.Contains(s, ","), strings.HasSuffix(s, ":60"):
		return time.Time{}, errInstant
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(s))
	if err != nil {
		return time.Time{}, errInstant
	}
	_, offset := t.Zone()
	if offset < -14*3600 || offset > 14*3600 || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, errInstant
	}
	return t, nil
}

var errInstant = errors.New("not a date and time with offset")
