package models

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func calendarOf(purpose string) string {
	at := time.Date(2027, 5, 22, 22, 0, 0, 0, time.UTC)
	c := Calendar{Name: "Alice", Ends: []KeyEnd{{Key: APIKey{ID: "apikeys-x", Purpose: purpose, Prefix: "API-FSX", CreatedAt: at.Add(-9 * day), ExpiresAt: at}, Owner: User{Username: "alice"}}}}
	return string(ICalendar(c, "keys.example.com", func(KeyEnd) string { return "https://keys.example.com/account/apikeys/apikeys-x" }))
}

func TestICalendar(t *testing.T) {
	got := calendarOf("Back; up, \\ all")
	for _, want := range []string{"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "UID:apikeys-x@keys.example.com\r\n", "DTSTAMP:20270513T220000Z\r\nLAST-MODIFIED:20270513T220000Z\r\nSEQUENCE:0\r\n",
		"DTSTART:20270522T214500Z\r\n", "DTEND:20270522T220000Z\r\n", `SUMMARY:API key “Back\; up\, \\ all” ends` + "\r\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the calendar lacks %q:\n%s", want, got)
		}
	}
}

// FuzzICalendar holds that no purpose adds a line of its own, cuts a character
// in two or makes a line too long.
func FuzzICalendar(f *testing.F) {
	for _, s := range []string{"", "a", strings.Repeat("ä", 200), strings.Repeat("🗝", 60), "a\r\nBEGIN:VALARM", "\x00\xff\u2028", `\;,:"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, purpose string) {
		got := calendarOf(purpose)
		lines := strings.Split(strings.TrimSuffix(got, "\r\n"), "\r\n")
		for _, line := range lines {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("a line that no calendar may have: %q", line)
			}
		}
		if got, want := len(strings.Split(strings.ReplaceAll(got, "\r\n ", ""), "\r\n")), 21; got != want {
			t.Fatalf("%d lines, want %d, for the purpose %q", got, want, purpose)
		}
	})
}
