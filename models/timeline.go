package models

import "time"

// TimelineWeeks is how far ahead the timeline of ending keys looks.
const TimelineWeeks = 26

// Week is seven days of the timeline. Its keys end after After and not after
// Until, so that a key counts to the last day on which it works.
type Week struct {
	DateRange
	After, Until time.Time
}

// Weeks returns weeks one after the other, from today on. The first one leaves
// out what of today is over.
func Weeks(now time.Time, zone *time.Location, n int) []Week {
	weeks := make([]Week, n)
	first, after := DateIn(now, zone), now
	for i := range weeks {
		w := Week{DateRange: DateRange{first, first.AddDays(6)}, After: after}
		w.Until = w.To.lastInstant(zone)
		first, after = w.To.AddDays(1), w.Until
		weeks[i] = w
	}
	return weeks
}

// Bounded is a number that was counted up to a limit: with More it is the limit,
// and there are more.
type Bounded struct {
	N    int
	More bool
}

// CountLimit is how far keys are counted. Counting a million of them on each
// visit would cost more than anybody's curiosity is worth.
const CountLimit = 10_000

// KeyTotals are the figures above the list of all keys.
type KeyTotals struct {
	Live, Soon, Urgent, NeverUsed, OverMaximum Bounded
}

// AllKeys is one page of all keys.
type AllKeys struct {
	Keys           []OwnedKey
	Total          Bounded    // keys that match
	First          int        // how many keys are in front of the page
	Previous, Next *KeyCursor // nil where there is no such page
}
