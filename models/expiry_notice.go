package models

import "time"

// staleNotice is how long after its end a key is still worth an event: after a
// stop of weeks nobody is helped by mail about keys that ended long ago.
const staleNotice = 7 * day

// threshold is a moment of a key's life that people are told of.
type threshold struct {
	before   time.Duration // before the end
	category Category
}

// thresholds, the least urgent first.
var thresholds = []threshold{
	{WarningDays * day, APIKeyTwentyDayWarning},
	{UrgentDays * day, APIKeyTenDayWarning},
	{0, APIKeyExpired},
}

// NextNotice returns the first moment after one at which people are told of the
// end of a key, nil when there is none. A key that was made within its last ten
// days gets no warning of twenty: whoever made it knows.
func NextNotice(expires, after time.Time) *time.Time {
	for _, t := range thresholds {
		if at := expires.Add(-t.before); at.After(after) {
			return &at
		}
	}
	return nil
}

// DueNotice decides what a key whose moment has come is told about, and when its
// next moment is. Of several that were missed only the most urgent counts, and
// none when the key ended too long ago: category is "" then. Whether people were
// told already is for the store to know.
func DueNotice(created, expires, now time.Time) (category Category, next *time.Time) {
	for _, t := range thresholds {
		if at := expires.Add(-t.before); at.After(created) && !at.After(now) {
			category = t.category
		}
	}
	if now.Sub(expires) > staleNotice {
		category = ""
	}
	return category, NextNotice(expires, now)
}
