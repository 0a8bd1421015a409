package models

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestNextDigest(t *testing.T) {
	for _, c := range []struct {
		name  string
		zone  string
		every time.Duration
		now   string
		want  string
	}{
		{"hourly", "UTC", time.Hour, "2026-11-26T12:34:56Z", "2026-11-26T13:00:00Z"},
		{"hourly where the hours are others", "Asia/Kolkata", time.Hour, "2026-11-26T12:00:00Z", "2026-11-26T12:30:00Z"},
		{"at the moment itself the next", "UTC", time.Hour, "2026-11-26T13:00:00Z", "2026-11-26T14:00:00Z"},
		{"every 6 hours", "America/New_York", 6 * time.Hour, "2026-11-26T12:00:00Z", "2026-11-26T17:00:00Z"},
		{"parts that do not fill the day", "UTC", 7 * time.Hour, "2026-11-26T22:00:00Z", "2026-11-27T00:00:00Z"},
		{"daily", "UTC", day, "2026-11-26T12:34:56Z", "2026-11-27T00:00:00Z"},
		{"daily, east", "Asia/Tokyo", day, "2026-11-26T12:34:56Z", "2026-11-26T15:00:00Z"},
		{"daily, west", "America/Los_Angeles", day, "2026-11-26T12:34:56Z", "2026-11-27T08:00:00Z"},
		{"the night before summer time", "Europe/Stockholm", day, "2027-03-27T12:00:00Z", "2027-03-27T23:00:00Z"},
		{"the short day", "Europe/Stockholm", day, "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"},
		{"the long day", "Europe/Stockholm", day, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"the last hour of the long day", "Europe/Stockholm", time.Hour, "2026-10-25T22:30:00Z", "2026-10-25T23:00:00Z"},
		{"6 hours on the short day", "Europe/Stockholm", 6 * time.Hour, "2027-03-28T21:00:00Z", "2027-03-28T22:00:00Z"},
		{"no midnight", "America/Havana", day, "2027-03-13T12:00:00Z", "2027-03-14T05:00:00Z"},
		{"midnight twice", "America/Havana", day, "2026-11-01T03:00:00Z", "2026-11-01T04:00:00Z"},
		{"the evening comes again", "America/Asuncion", day, "2024-03-24T02:30:00Z", "2024-03-24T04:00:00Z"},
		{"hourly while the evening comes again", "America/Asuncion", time.Hour, "2024-03-24T03:30:00Z", "2024-03-24T04:00:00Z"},
		{"a day that never was", "Pacific/Apia", day, "2011-12-30T09:00:00Z", "2011-12-30T10:00:00Z"},
		{"weekly, on Monday", "Europe/Stockholm", 7 * day, "2026-11-26T12:00:00Z", "2026-11-29T23:00:00Z"},
		{"weekly, across a change", "Europe/Stockholm", 7 * day, "2026-10-21T12:00:00Z", "2026-10-25T23:00:00Z"},
		{"36 hours", "Europe/Stockholm", 36 * time.Hour, "2026-11-26T12:00:00Z", "2026-11-28T00:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, _ := time.Parse(time.RFC3339, c.now)
		if got := NextDigest(now, c.every, zone).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Whenever somebody asks, the next letter lies ahead, no further than its period
// and what a change of the clocks adds, and asking again in between gives the same.
func TestNextDigestLiesAhead(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Stockholm", "America/Havana", "America/Asuncion", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, every := range []time.Duration{time.Hour, 6 * time.Hour, day, 7 * day, 31 * day} {
			for now, n := time.Date(2024, 1, 1, 0, 7, 0, 0, time.UTC), 0; n < 800; now, n = now.Add(13*time.Hour+31*time.Minute), n+1 {
				next := NextDigest(now, every, zone)
				if !next.After(now) || next.Sub(now) > every+2*time.Hour {
					t.Fatalf("%s, every %s, at %s: %s", name, every, now, next)
				}
				if again := NextDigest(now.Add(next.Sub(now)/2), every, zone); !again.Equal(next) {
					t.Fatalf("%s, every %s, at %s: %s, and then %s", name, every, now, next, again)
				}
			}
		}
	}
}
