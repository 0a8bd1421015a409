package models

import (
	"fmt"
	"time"
)

// Limits of the expiry policy, in days. The default and maximum are those of a
// new installation; the ceiling is what an administrator may raise the maximum
// to. All three are Octopus's figures.
const (
	InitialDefaultDays = 180
	InitialMaximumDays = 366
	CeilingDays        = 1096
)

// day is 24 hours: a lifetime in days is a number of these, whatever the clocks
// do. Calendar days appear only where a person chose a date.
const day = 24 * time.Hour

// PresetDays are the lifetimes that the New API key form offers besides the
// default and the maximum.
var PresetDays = []int{7, 30, 60, 90}

// Policy is the pair of limits that decides how long a new key may live.
type Policy struct {
	DefaultDays int // lifetime of a key whose maker did not choose, in days
	MaximumDays int // longest lifetime that may be chosen, in days
}

// Wish is what somebody asked for as the end of a key. The zero value asks for
// the default.
type Wish struct {
	kind wishKind
	at   time.Time
	date Date
	days int
	zone *time.Location
	told string
}

type wishKind int

const (
	wishDefault wishKind = iota
	wishMaximum
	wishInstant
	wishDate
	wishDays
	wishUnreadable
)

// DefaultExpiry asks for the default lifetime: a REST call without Expires.
func DefaultExpiry() Wish { return Wish{} }

// MaximumExpiry asks for the longest lifetime allowed: a REST call with
// "Expires": null (Octopus's reference gives null this meaning).
func MaximumExpiry() Wish { return Wish{kind: wishMaximum} }

// ExpiresAt asks for an exact instant: a REST call with Expires.
func ExpiresAt(t time.Time) Wish { return Wish{kind: wishInstant, at: t} }

// ExpiresOn asks for the end of a calendar day in a zone: a custom date.
func ExpiresOn(d Date, zone *time.Location) Wish {
	return Wish{kind: wishDate, date: d, zone: zone}
}

// ExpiresInDays asks for the end of the day that is n days after today in a
// zone: a preset of the form. n is checked against the ceiling before any
// arithmetic, so that no number of days can wrap around.
func ExpiresInDays(n int, zone *time.Location) Wish {
	return Wish{kind: wishDays, days: n, zone: zone}
}

// UnreadableExpiry is the wish of somebody whose input can't be read as a date;
// message says what to write instead. It is always refused, together with
// whatever else is wrong with the input.
func UnreadableExpiry(message string) Wish { return Wish{kind: wishUnreadable, told: message} }

// Resolve turns a wish into the first instant at which the key is refused, in
// UTC. It is the one place where an expiry is decided.
//
// now is the time of the call. ceiling is the end of the key or token that makes
// the call, zero when none does: what was not asked for explicitly is cut to it,
// what was asked for explicitly is refused beyond it. A chosen date may be as
// late as the day that lies the maximum after today, to the end of that day;
// an instant may be as late as exactly the maximum after now.
//
// Refusals are of kind Invalid about the field Expires.
func (p Policy) Resolve(w Wish, now, ceiling time.Time) (time.Time, error) {
	if w.kind == wishDays {
		if w.days < 1 || w.days > CeilingDays {
			return time.Time{}, expiryProblem(fmt.Sprintf("Choose a number of days from 1 to %d.", p.MaximumDays))
		}
		w.kind, w.date = wishDate, DateIn(now, w.zone).AddDays(w.days)
	}
	switch w.kind {
	case wishUnreadable:
		return time.Time{}, expiryProblem(w.told)
	case wishDefault:
		return earlier(now.Add(time.Duration(p.DefaultDays)*day), ceiling).UTC(), nil
	case wishMaximum:
		return earlier(now.Add(time.Duration(p.MaximumDays)*day), ceiling).UTC(), nil
	case wishDate:
		return p.resolveDate(w, now, ceiling)
	default:
		return p.resolveInstant(w.at, now, ceiling)
	}
}

func (p Policy) resolveInstant(at, now, ceiling time.Time) (time.Time, error) {
	at = at.UTC().Truncate(time.Microsecond) // PostgreSQL's precision
	limit := now.Add(time.Duration(p.MaximumDays) * day)
	switch {
	case !at.After(now):
		return at, expiryProblem("The expiry is in the past. Choose a date and time after " + Instant(now) + ".")
	case at.After(limit):
		return at, expiryProblem(fmt.Sprintf("The expiry is past the %d-day maximum. Choose a date and time up to %s.", p.MaximumDays, Instant(limit)))
	case !ceiling.IsZero() && at.After(ceiling):
		return at, expiryProblem("A key can't outlive the key or token that creates it. Choose a date and time up to " + Instant(ceiling) + ".")
	}
	return at, nil
}

func (p Policy) resolveDate(w Wish, now, ceiling time.Time) (time.Time, error) {
	last := p.LastDay(now, w.zone)
	end, exists := w.date.EndIn(w.zone)
	switch {
	case last.Before(w.date):
		return end, expiryProblem(fmt.Sprintf("%s is past the %d-day maximum. Choose a date on or before %s.", w.date.Words(), p.MaximumDays, last.Words()))
	case w.date.Before(DateIn(now, w.zone)):
		return end, expiryProblem(w.date.Words() + " is in the past. Choose today or a later date.")
	case !exists:
		return end, expiryProblem(w.date.Words() + " does not exist in " + w.zone.String() + ": the clocks skipped that day. Choose another date.")
	case !ceiling.IsZero() && end.After(ceiling):
		return end, expiryProblem("A key can't outlive the key or token that creates it, which ends at " + Instant(ceiling) + ". Choose an earlier date.")
	}
	return end, nil
}

// LastDay returns the latest date that may be chosen in a zone: the maximum
// number of calendar days after today.
func (p Policy) LastDay(now time.Time, zone *time.Location) Date {
	return DateIn(now, zone).AddDays(p.MaximumDays)
}

// Presets returns the lifetimes to offer, in days, shortest first and each
// once: the usual ones up to the maximum, the default and the maximum.
func (p Policy) Presets() []int {
	var days []int
	add := func(n int) {
		if n <= p.MaximumDays && (len(days) == 0 || n > days[len(days)-1]) {
			days = append(days, n)
		}
	}
	defaultDone := false
	for _, n := range PresetDays {
		if !defaultDone && p.DefaultDays <= n {
			add(p.DefaultDays)
			defaultDone = true
		}
		add(n)
	}
	if !defaultDone {
		add(p.DefaultDays)
	}
	add(p.MaximumDays)
	return days
}

func earlier(t, ceiling time.Time) time.Time {
	if !ceiling.IsZero() && ceiling.Before(t) {
		return ceiling
	}
	return t
}

func expiryProblem(message string) error { return InvalidField("Expires", message) }
