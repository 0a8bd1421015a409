package models_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestParseDate(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // "" when refused
	}{
		{"usual", "2026-02-03", "2026-02-03"},
		{"leap day", "2028-02-29", "2028-02-29"},
		{"first year", "0001-01-01", "0001-01-01"},
		{"last year", "9999-12-31", "9999-12-31"},
		{"no leap year", "2026-02-29", ""},
		{"30 February", "2026-02-30", ""},
		{"31 April", "2026-04-31", ""},
		{"month 13", "2026-13-01", ""},
		{"day 0", "2026-01-00", ""},
		{"one digit", "2026-2-3", ""},
		{"empty", "", ""},
		{"year 0", "0000-01-01", ""},
		{"year of five digits", "12026-01-01", ""},
		{"negative year", "-2026-01-01", ""},
		{"blank before", " 2026-02-03", ""},
		{"blank after", "2026-02-03 ", ""},
		{"with time", "2026-02-03T00:00:00Z", ""},
		{"other order", "03-02-2026", ""},
		{"slashes", "2026/02/03", ""},
		{"full-width digits", "２０２６-02-03", ""},
		{"NUL", "2026-02-03\x00", ""},
		{"invalid UTF-8", "2026-02-0\xff", ""},
		{"long", strings.Repeat("2", 1<<20), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := models.ParseDate(tt.in)
			got := d.String()
			if err != nil {
				got = ""
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDate(t *testing.T) {
	d := date(t, "2027-05-22")
	if got, want := d.Words(), "22 May 2027"; got != want {
		t.Errorf("Words: got %q, want %q", got, want)
	}
	if got, want := d.Weekday(), "Sat 22 May 2027"; got != want {
		t.Errorf("Weekday: got %q, want %q", got, want)
	}
	if got, want := date(t, "2027-12-31").AddDays(60).String(), "2028-02-29"; got != want {
		t.Errorf("AddDays: got %q, want %q", got, want)
	}
	if got, want := date(t, "2028-03-01").AddDays(-1).String(), "2028-02-29"; got != want {
		t.Errorf("AddDays: got %q, want %q", got, want)
	}
	if !d.Before(date(t, "2027-05-23")) || d.Before(d) || d.Before(date(t, "2026-12-31")) {
		t.Error("Before: wrong order")
	}
	at := instant(t, "2026-11-23T23:30:00Z")
	if got, want := models.DateIn(at, zone(t, "Asia/Tokyo")).String(), "2026-11-24"; got != want {
		t.Errorf("DateIn: got %q, want %q", got, want)
	}
}

// The first refused instant of days on which a simpler formula goes wrong.
var endOfDay = []struct {
	name, zone, day string
	want            string // "" when the day does not exist
}{
	{"usual", "Europe/Berlin", "2027-01-15", "2027-01-15T23:00:00Z"},
	{"UTC", "UTC", "2027-01-15", "2027-01-16T00:00:00Z"},
	{"clock jumps at midnight, Santiago", "America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z"},
	{"clock jumps at midnight, Havana", "America/Havana", "2026-03-07", "2026-03-08T05:00:00Z"},
	{"hour repeats before midnight", "America/Santiago", "2026-04-04", "2026-04-05T04:00:00Z"},
	{"short day", "America/New_York", "2026-03-08", "2026-03-09T04:00:00Z"},
	{"long day", "America/New_York", "2026-11-01", "2026-11-02T05:00:00Z"},
	{"next day lacks midnight", "Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00Z"},
	{"quarter of an hour", "Asia/Kathmandu", "2026-08-01", "2026-08-01T18:15:00Z"},
	{"furthest east", "Pacific/Kiritimati", "2026-08-01", "2026-08-01T10:00:00Z"},
	{"furthest west", "Etc/GMT+12", "2026-08-01", "2026-08-02T12:00:00Z"},
	{"half an hour of summer time", "Australia/Lord_Howe", "2026-10-03", "2026-10-03T13:30:00Z"},
	{"before the skipped day", "Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"},
	{"skipped day, Apia", "Pacific/Apia", "2011-12-30", ""},
	{"after the skipped day", "Pacific/Apia", "2011-12-31", "2011-12-31T10:00:00Z"},
	{"skipped day, Kwajalein", "Pacific/Kwajalein", "1993-08-21", ""},
	{"skipped day, Kiritimati", "Pacific/Kiritimati", "1994-12-31", ""},
	{"date runs twice, Newfoundland", "America/St_Johns", "2006-10-28", "2006-10-29T03:30:00Z"},
	{"day after the repeat", "America/St_Johns", "2006-10-29", "2006-10-30T03:30:00Z"},
	{"one minute into summer time", "America/St_Johns", "2006-04-02", "2006-04-03T02:30:00Z"},
	{"31 December of a leap year", "America/New_York", "2028-12-31", "2029-01-01T05:00:00Z"},
	{"31 December of a leap year, far", "Europe/Berlin", "2096-12-31", "2096-12-31T23:00:00Z"},
	{"31 December of a leap year, south", "Australia/Sydney", "2028-12-31", "2028-12-31T13:00:00Z"},
	{"last day of all", "Asia/Tokyo", "9999-12-31", "9999-12-31T15:00:00Z"},
	{"first day of all", "America/New_York", "0001-01-01", "0001-01-02T04:56:02Z"},
}

func TestDateEndIn(t *testing.T) {
	shipped := shippedZones(t)
	for source, load := range map[string]zoneLoader{"this machine's zones": zone, "shipped zones": shipped} {
		for _, tt := range endOfDay {
			t.Run(source+"/"+tt.name, func(t *testing.T) {
				end, exists := date(t, tt.day).EndIn(load(t, tt.zone))
				if got, want := exists, tt.want != ""; got != want {
					t.Fatalf("exists: got %v, want %v", got, want)
				}
				if got := end.Format(time.RFC3339); exists && got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		}
	}
}

// In every zone and through all that clocks did and will do from 2010 to 2035,
// the end of a day is where the day is over for good.
func TestDateEndInEveryZone(t *testing.T) {
	load := shippedZones(t)
	for _, name := range models.Zones() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := load(t, name)
			for _, d := range days(2010, 2035, loc) {
				checkEnd(t, d, loc)
			}
		})
	}
}

// Newfoundland set its clocks back at 00:01 from 1987 to 2011, so that the day
// before ran on for another hour.
func TestDateEndInNewfoundland(t *testing.T) {
	loc := shippedZones(t)(t, "America/St_Johns")
	last := date(t, "2011-12-31")
	for d := date(t, "1987-01-01"); d.Before(last); d = d.AddDays(1) {
		checkEnd(t, d, loc)
	}
}

// days chooses the days worth a look: those around every change of the clocks
// and every turn of a year, and a random tenth of all others.
func days(from, to int, loc *time.Location) []models.Date {
	random := rand.New(rand.NewPCG(26, 11))
	var chosen []models.Date
	offset := func(at time.Time) int { _, seconds := at.In(loc).Zone(); return seconds }
	end := time.Date(to+1, 1, 2, 0, 0, 0, 0, time.UTC)
	for at := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.Add(day) {
		changes := offset(at.Add(-2*day)) != offset(at.Add(3*day))
		if turn := at.YearDay() > 363 || at.YearDay() < 3; changes || turn || random.IntN(30) == 0 {
			chosen = append(chosen, models.DateIn(at, time.UTC))
		}
	}
	return chosen
}

func checkEnd(t *testing.T, d models.Date, loc *time.Location) {
	t.Helper()
	end, exists := d.EndIn(loc)
	if !exists {
		for at := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(-day); at.Before(end.Add(3 * day)); at = at.Add(time.Hour) {
			if models.DateIn(at, loc) == d {
				t.Fatalf("%s is said not to exist, but %s lies in it", d, at)
			}
		}
		return
	}
	if got := models.DateIn(end.Add(-time.Microsecond), loc); got != d {
		t.Fatalf("the instant before the end of %s (%s): got date %s", d, end, got)
	}
	for at, step := end, 20*time.Minute; at.Before(end.Add(7 * day)); at = at.Add(step) {
		if models.DateIn(at, loc) == d {
			t.Fatalf("%s ends at %s, but %s still lies in it", d, end, at)
		}
		if at.Sub(end) > 26*time.Hour {
			step = 3 * time.Hour
		}
	}
}
