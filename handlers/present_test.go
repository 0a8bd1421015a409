package handlers

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, ok := models.ParseZone(name)
	if !ok {
		t.Fatalf("no zone %s", name)
	}
	return loc
}

func TestEndsOnShowsTheChosenDay(t *testing.T) {
	tests := []struct {
		name, end, zone, want string
	}{
		{"end of day", "2027-05-22T22:00:00Z", "Europe/Stockholm", "22 May 2027"},
		{"end of day, read in another zone", "2027-05-22T22:00:00Z", "America/New_York", "22 May 2027, 18:00"},
		{"day that ends at one", "2026-09-06T04:00:00Z", "America/Santiago", "5 Sep 2026"},
		{"an instant", "2027-05-22T10:30:00Z", "UTC", "22 May 2027, 10:30"},
		{"midnight in UTC", "2027-05-23T00:00:00Z", "UTC", "22 May 2027"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := endsOn(at(t, test.end), zone(t, test.zone), "2 Jan 2006"); got.Text != test.want {
				t.Errorf("got %q, want %q", got.Text, test.want)
			}
		})
	}
}

func TestRelativeTimes(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00Z")
	tests := []struct {
		name string
		at   string
		past bool
		want string
	}{
		{"seconds ago", "2026-11-23T11:59:30Z", true, "Just now"},
		{"minutes ago", "2026-11-23T11:56:00Z", true, "4 minutes ago"},
		{"one hour ago", "2026-11-23T11:00:00Z", true, "1 hour ago"},
		{"this morning", "2026-11-23T01:00:00Z", true, "11 hours ago"},
		{"last evening", "2026-11-22T20:00:00Z", true, "Yesterday"},
		{"three days ago", "2026-11-20T20:00:00Z", true, "3 days ago"},
		{"in seconds", "2026-11-23T12:00:30Z", false, "In less than a minute"},
		{"in minutes", "2026-11-23T12:20:00Z", false, "In 20 minutes"},
		{"end of today", "2026-11-24T00:00:00Z", false, "In 12 hours"},
		{"end of tomorrow", "2026-11-25T00:00:00Z", false, "Tomorrow"},
		{"end of a week from now", "2026-12-01T00:00:00Z", false, "In 7 days"},
		{"far", "2029-11-23T12:00:00Z", false, "In 1,096 days"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := until(at(t, test.at), now, time.UTC)
			if test.past {
				got = ago(at(t, test.at), now, time.UTC)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestKeyRow(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00Z")
	revoked := at(t, "2026-10-30T12:00:00Z")
	key := func(end string) models.APIKey {
		return models.APIKey{ID: "apikeys-x", Purpose: "p", Prefix: "API-FSX", CreatedAt: at(t, "2026-09-01T00:00:00Z"), ExpiresAt: at(t, end)}
	}
	gone := key("2027-01-01T00:00:00Z")
	gone.RevokedAt = &revoked
	tests := []struct {
		name     string
		key      models.APIKey
		badge    string
		tone     views.Tone
		relative string
		canEnd   bool
	}{
		{"healthy", key("2027-05-01T00:00:00Z"), "", views.ToneNone, "In 158 days", true},
		{"soon", key("2026-12-10T00:00:00Z"), "", views.ToneWarn, "In 16 days", true},
		{"very soon", key("2026-12-01T00:00:00Z"), "", views.ToneBad, "In 7 days", true},
		{"expired", key("2026-11-17T12:00:00Z"), "Expired", views.ToneNone, "Expired 6 days ago", false},
		{"revoked", gone, "Revoked", views.ToneNone, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			row := keyRow(test.key, now, time.UTC, KeysPath)
			if row.Badge != test.badge || row.Tone != test.tone || row.Relative != test.relative || (row.RevokePath != "") != test.canEnd {
				t.Errorf("got %+v, want badge %q, tone %q, relative %q, revocable %t", row, test.badge, test.tone, test.relative, test.canEnd)
			}
		})
	}
}

func TestBrowserName(t *testing.T) {
	tests := []struct{ name, agent, want string }{
		{"firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"},
		{"chrome", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0 Safari/537.36", "Chrome on Windows"},
		{"edge", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0 Safari/537.36 Edg/147.0", "Edge on Windows"},
		{"safari", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari on iPhone"},
		{"nothing", "", "Unknown browser"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := browserName(test.agent); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"Maya Lindqvist": "ML", "admin": "A", "maya.lindqvist@example.com": "MC", "": "?", "Åsa Öberg": "ÅÖ", "...": "?"} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q): got %q, want %q", name, got, want)
		}
	}
}
