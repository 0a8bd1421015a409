package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestInstant(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 30, 15, 987654321, time.FixedZone("", 2*3600))
	if got, want := models.Instant(at), "2026-11-23T10:30:15Z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseInstant(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // UTC, "" when refused
	}{
		{"UTC", "2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z"},
		{"offset", "2026-12-31T23:59:59+05:30", "2026-12-31T18:29:59Z"},
		{"offset across midnight", "2026-12-31T23:59:59-00:30", "2027-01-01T00:29:59Z"},
		{"furthest east", "2026-12-31T23:59:59+14:00", "2026-12-31T09:59:59Z"},
		{"furthest west", "2026-12-31T23:59:59-14:00", "2027-01-01T13:59:59Z"},
		{"unknown offset", "2026-12-31T23:59:59-00:00", "2026-12-31T23:59:59Z"},
		{"small letters", "2026-12-31t23:59:59z", "2026-12-31T23:59:59Z"},
		{"fraction", "2026-12-31T23:59:59.1234567Z", "2026-12-31T23:59:59.1234567Z"},
		{"as .NET writes it", "2027-05-22T21:59:59.9999999+00:00", "2027-05-22T21:59:59.9999999Z"},
		{"as Octopus's clients write it", "2027-05-22T00:00:00.000+00:00", "2027-05-22T00:00:00Z"},
		{"offset of 24 hours", "2026-12-31T23:59:59+24:00", ""},
		{"offset beyond 14 hours", "2026-12-31T23:59:59+14:01", ""},
		{"offset beyond -14 hours", "2026-12-31T23:59:59-14:01", ""},
		{"offset of 60 minutes", "2026-12-31T23:59:59+13:60", ""},
		{"offset without colon", "2026-12-31T23:59:59+0100", ""},
		{"offset of hours", "2026-12-31T23:59:59+01", ""},
		{"no offset", "2026-12-31T23:59:59", ""},
		{"no offset, fraction", "2026-12-31T23:59:59.000000", ""},
		{"comma", "2026-12-31T23:59:59,5Z", ""},
		{"empty fraction", "2026-12-31T23:59:59.Z", ""},
		{"leap second", "2026-12-31T23:59:60Z", ""},
		{"hour 24", "2026-12-31T24:00:00Z", ""},
		{"hour of one digit", "2026-12-31T3:59:59.5Z", ""},
		{"minute of one digit", "2026-12-31T13:9:59.5Z", ""},
		{"30 February", "2026-02-30T00:00:00Z", ""},
		{"year 0", "0000-12-31T23:59:59Z", ""},
		{"year 0 by offset", "0001-01-01T00:00:00+01:00", ""},
		{"year 10000 by offset", "9999-12-31T23:59:59-01:00", ""},
		{"blank for T", "2026-12-31 23:59:59Z", ""},
		{"blank around", " 2026-12-31T23:59:59Z ", ""},
		{"two dates", "2026-12-31T23:59:59ZZ", ""},
		{"date alone", "2026-12-31", ""},
		{"words", "never", ""},
		{"number", "1798761599", ""},
		{"empty", "", ""},
		{"full-width", "２０２６-12-31T23:59:59Z", ""},
		{"NUL", "2026-12-31T23:59:59Z\x00", ""},
		{"300 digits", "2026-12-31T23:59:59." + strings.Repeat("1", 300) + "Z", ""},
		{"a megabyte", strings.Repeat("9", 1<<20), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, err := models.ParseInstant(tt.in)
			got := at.UTC().Format(time.RFC3339Nano)
			if err != nil {
				got = ""
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzParseInstant(f *testing.F) {
	for _, s := range []string{"2026-12-31T23:59:59Z", "2026-12-31T23:59:59.5+13:59", "2026-12-31t3:59:59.5z", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := models.ParseInstant(s)
		if err != nil {
			return
		}
		again, err := models.ParseInstant(at.Format(time.RFC3339Nano))
		if err != nil || !again.Equal(at) {
			t.Errorf("%q reads as %s, which reads as %s, %v", s, at, again, err)
		}
	})
}
