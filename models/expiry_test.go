package models_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

var initial = models.Policy{DefaultDays: models.InitialDefaultDays, MaximumDays: models.InitialMaximumDays}

func TestResolve(t *testing.T) {
	const us = time.Microsecond
	berlin, utc := zone(t, "Europe/Berlin"), time.UTC
	limit := now.Add(366 * day)
	parent := now.Add(10 * day) // 2026-12-03T10:30:15.123456Z
	on := func(s string, in *time.Location) models.Wish { return models.ExpiresOn(date(t, s), in) }
	tests := []struct {
		name    string
		wish    models.Wish
		ceiling time.Time
		want    time.Time
		problem string
	}{
		{name: "default", wish: models.DefaultExpiry(), want: now.Add(180 * day)},
		{name: "zero value is the default", wish: models.Wish{}, want: now.Add(180 * day)},
		{name: "default, cut to the parent", wish: models.DefaultExpiry(), ceiling: parent, want: parent},
		{name: "default below the parent", wish: models.DefaultExpiry(), ceiling: now.Add(200 * day), want: now.Add(180 * day)},
		{name: "maximum", wish: models.MaximumExpiry(), want: limit},
		{name: "maximum, cut to the parent", wish: models.MaximumExpiry(), ceiling: parent, want: parent},

		{name: "instant", wish: models.ExpiresAt(now.Add(day)), want: now.Add(day)},
		{name: "instant with offset", wish: models.ExpiresAt(now.Add(day).In(berlin)), want: now.Add(day)},
		{name: "instant beyond microseconds is cut", wish: models.ExpiresAt(now.Add(day + 999)), want: now.Add(day)},
		{name: "instant in 1 µs", wish: models.ExpiresAt(now.Add(us)), want: now.Add(us)},
		{name: "instant is now", wish: models.ExpiresAt(now), problem: "The expiry is in the past. Choose a date and time after 2026-11-23T10:30:15Z."},
		{name: "instant less than 1 µs ahead", wish: models.ExpiresAt(now.Add(us - 1)), problem: "The expiry is in the past. Choose a date and time after 2026-11-23T10:30:15Z."},
		{name: "instant 1 µs ago", wish: models.ExpiresAt(now.Add(-us)), problem: "The expiry is in the past. Choose a date and time after 2026-11-23T10:30:15Z."},
		{name: "no instant", wish: models.ExpiresAt(time.Time{}), problem: "The expiry is in the past. Choose a date and time after 2026-11-23T10:30:15Z."},
		{name: "instant at the maximum", wish: models.ExpiresAt(limit), want: limit},
		{name: "instant 1 µs beyond the maximum", wish: models.ExpiresAt(limit.Add(us)), problem: "The expiry is past the 366-day maximum. Choose a date and time up to 2027-11-24T10:30:15Z."},
		{name: "instant in the year 9999", wish: models.ExpiresAt(instant(t, "9999-12-31T23:59:59Z")), problem: "The expiry is past the 366-day maximum. Choose a date and time up to 2027-11-24T10:30:15Z."},
		{name: "instant at the parent's end", wish: models.ExpiresAt(parent), ceiling: parent, want: parent},
		{name: "instant 1 µs beyond the parent", wish: models.ExpiresAt(parent.Add(us)), ceiling: parent, problem: "A key can't outlive the key or token that creates it. Choose a date and time up to 2026-12-03T10:30:15Z."},
		{name: "instant beyond the parent and the maximum", wish: models.ExpiresAt(limit.Add(us)), ceiling: parent, problem: "The expiry is past the 366-day maximum. Choose a date and time up to 2027-11-24T10:30:15Z."},

		{name: "today", wish: on("2026-11-23", berlin), want: instant(t, "2026-11-23T23:00:00Z")},
		{name: "date", wish: on("2027-05-22", berlin), want: instant(t, "2027-05-22T22:00:00Z")},
		{name: "yesterday", wish: on("2026-11-22", berlin), problem: "22 Nov 2026 is in the past. Choose today or a later date."},
		{name: "first day of all", wish: on("0001-01-01", berlin), problem: "1 Jan 0001 is in the past. Choose today or a later date."},
		{name: "today in the west", wish: on("2026-11-22", zone(t, "Etc/GMT+12")), want: instant(t, "2026-11-23T12:00:00Z")},
		{name: "today in the east", wish: on("2026-11-24", zone(t, "Pacific/Kiritimati")), want: instant(t, "2026-11-24T10:00:00Z")},
		{name: "today is over in the east", wish: on("2026-11-23", zone(t, "Pacific/Kiritimati")), problem: "23 Nov 2026 is in the past. Choose today or a later date."},
		{name: "last day", wish: on("2027-11-24", utc), want: instant(t, "2027-11-25T00:00:00Z")},
		{name: "day after the last", wish: on("2027-11-25", utc), problem: "25 Nov 2027 is past the 366-day maximum. Choose a date on or before 24 Nov 2027."},
		{name: "last day in the east", wish: on("2027-11-25", zone(t, "Pacific/Kiritimati")), want: instant(t, "2027-11-25T10:00:00Z")},
		{name: "far future", wish: on("9999-12-31", berlin), problem: "31 Dec 9999 is past the 366-day maximum. Choose a date on or before 24 Nov 2027."},
		{name: "far future, leap year", wish: on("2040-12-31", berlin), problem: "31 Dec 2040 is past the 366-day maximum. Choose a date on or before 24 Nov 2027."},
		{name: "date that ends with the parent", wish: on("2026-12-02", utc), ceiling: instant(t, "2026-12-03T00:00:00Z"), want: instant(t, "2026-12-03T00:00:00Z")},
		{name: "date beyond the parent", wish: on("2026-12-03", utc), ceiling: parent, problem: "A key can't outlive the key or token that creates it, which ends at 2026-12-03T10:30:15Z. Choose an earlier date."},

		{name: "days", wish: models.ExpiresInDays(7, berlin), want: instant(t, "2026-11-30T23:00:00Z")},
		{name: "one day", wish: models.ExpiresInDays(1, berlin), want: instant(t, "2026-11-24T23:00:00Z")},
		{name: "days up to the maximum", wish: models.ExpiresInDays(366, utc), want: instant(t, "2027-11-25T00:00:00Z")},
		{name: "days beyond the maximum", wish: models.ExpiresInDays(367, utc), problem: "25 Nov 2027 is past the 366-day maximum. Choose a date on or before 24 Nov 2027."},
		{name: "days beyond the parent", wish: models.ExpiresInDays(10, utc), ceiling: parent, problem: "A key can't outlive the key or token that creates it, which ends at 2026-12-03T10:30:15Z. Choose an earlier date."},

		{name: "unreadable", wish: models.UnreadableExpiry("Choose a date."), problem: "Choose a date."},
	}
	for _, n := range []int{0, -1, 1097, 106752, 213504, 213684, 1 << 31, 1 << 40, math.MaxInt, math.MinInt} {
		tests = append(tests, struct {
			name    string
			wish    models.Wish
			ceiling time.Time
			want    time.Time
			problem string
		}{name: fmt.Sprint(n, " days"), wish: models.ExpiresInDays(n, berlin), problem: "Choose a number of days from 1 to 366."})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := initial.Resolve(tt.wish, now, tt.ceiling)
			if got := problem(t, err, "Expires"); got != tt.problem {
				t.Fatalf("problem: got %q, want %q", got, tt.problem)
			}
			if tt.problem == "" && (!got.Equal(tt.want) || got.Location() != time.UTC) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A date is held to the end that its calendar gives it, whatever clocks do.
func TestResolveEndOfDay(t *testing.T) {
	for _, tt := range endOfDay {
		t.Run(tt.name, func(t *testing.T) {
			loc, d := zone(t, tt.zone), date(t, tt.day)
			morning := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(-2 * day)
			got, err := initial.Resolve(models.ExpiresOn(d, loc), morning, time.Time{})
			if tt.want == "" {
				want := d.Words() + " does not exist in " + tt.zone + ": the clocks skipped that day. Choose another date."
				if got := problem(t, err, "Expires"); got != want {
					t.Errorf("problem: got %q, want %q", got, want)
				}
				return
			}
			if err != nil || got.Format(time.RFC3339) != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// Whatever is granted lies after now and not beyond the last day's end; every
// preset is granted, in every zone, at every hour of the year.
func TestResolvePresetsInEveryZone(t *testing.T) {
	policy := models.Policy{DefaultDays: 180, MaximumDays: models.CeilingDays}
	for i, name := range models.Zones() {
		loc := zone(t, name)
		for hour := i % 24; hour < 366*24; hour += 24*13 + 1 {
			at := now.Add(time.Duration(hour) * time.Hour)
			last, _ := policy.LastDay(at, loc).EndIn(loc)
			for _, n := range policy.Presets() {
				got, err := policy.Resolve(models.ExpiresInDays(n, loc), at, time.Time{})
				if err != nil || !got.After(at) || got.After(last) {
					t.Fatalf("%d days from %s in %s: got %s, %v", n, at, name, got, err)
				}
				if got, want := models.DateIn(got.Add(-1), loc), models.DateIn(at, loc).AddDays(n); got != want {
					t.Fatalf("%d days from %s in %s: ends on %s, want %s", n, at, name, got, want)
				}
			}
		}
	}
}

func TestPresets(t *testing.T) {
	tests := []struct {
		def, max int
		want     []int
	}{
		{180, 366, []int{7, 30, 60, 90, 180, 366}},
		{30, 30, []int{7, 30}},
		{1, 1, []int{1}},
		{45, 1096, []int{7, 30, 45, 60, 90, 1096}},
		{180, 180, []int{7, 30, 60, 90, 180}},
		{7, 8, []int{7, 8}},
		{1, 366, []int{1, 7, 30, 60, 90, 366}},
		{90, 90, []int{7, 30, 60, 90}},
		{1096, 1096, []int{7, 30, 60, 90, 1096}},
	}
	for _, tt := range tests {
		if got := (models.Policy{DefaultDays: tt.def, MaximumDays: tt.max}).Presets(); !slices.Equal(got, tt.want) {
			t.Errorf("default %d, maximum %d: got %v, want %v", tt.def, tt.max, got, tt.want)
		}
	}
}

func TestPresetsOfEveryPolicy(t *testing.T) {
	for maximum := 1; maximum <= models.CeilingDays; maximum++ {
		for def := 1; def <= maximum; def++ {
			got := models.Policy{DefaultDays: def, MaximumDays: maximum}.Presets()
			ordered := slices.IsSorted(got) && len(slices.Compact(slices.Clone(got))) == len(got)
			if !ordered || got[0] < 1 || got[len(got)-1] != maximum || !slices.Contains(got, def) {
				t.Fatalf("default %d, maximum %d: got %v", def, maximum, got)
			}
		}
	}
}

func TestLastDay(t *testing.T) {
	policy := models.Policy{DefaultDays: 1, MaximumDays: 1}
	if got, want := policy.LastDay(now, zone(t, "Pacific/Kiritimati")).String(), "2026-11-25"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
