package models

import "time"

// MaxDigest is how many events one mail tells of, Octopus's figure.
const MaxDigest = 100

// digestEpoch is a Monday from which days are counted, so that weekly letters go
// out as Mondays begin.
var digestEpoch = Date{1970, time.January, 5}

// NextDigest returns when mail goes out that is sent every so often: at the same
// moments for everybody, so that what comes in between is gathered. Days begin at
// midnight of the zone, and parts of a day are counted from there. With 0 it is
// at once.
func NextDigest(now time.Time, every time.Duration, zone *time.Location) time.Time {
	switch {
	case every <= 0:
		return now
	case every < day:
		return nextPartOfDay(now, every, zone)
	case every%day != 0: // a clock of its own, such as every 36 hours
		return now.Truncate(every).Add(every)
	}
	today, days := DateIn(now, zone), int(every/day)
	past := int(today.utc().Sub(digestEpoch.utc())/day) % days
	if past < 0 {
		past += days
	}
	next := today.AddDays(-past).startIn(zone)
	if !next.After(now) {
		next = today.AddDays(days - past).startIn(zone)
	}
	return next
}

// nextPartOfDay counts from the last midnight. A day that is longer or shorter
// than others has more parts, or fewer; the next one begins anew.
func nextPartOfDay(now time.Time, every time.Duration, zone *time.Location) time.Time {
	today := DateIn(now, zone)
	if today.startIn(zone).After(now) { // clocks go back at midnight: the day before isn't over
		today = today.AddDays(-1)
	}
	start, end := today.startIn(zone), today.AddDays(1).startIn(zone)
	next := start.Add(now.Sub(start).Truncate(every) + every)
	if next.After(end) {
		return end
	}
	return next
}

// startIn returns when a day begins in a zone: when the one before it is over
// that the zone has not skipped.
func (d Date) startIn(zone *time.Location) time.Time {
	for {
		d = d.AddDays(-1)
		if end, exists := d.EndIn(zone); exists {
			return end
		}
	}
}
