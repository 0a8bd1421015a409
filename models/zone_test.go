package models_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestParseZone(t *testing.T) {
	for _, name := range models.Zones() {
		if _, ok := models.ParseZone(name); !ok {
			t.Errorf("%s is on the list but is no zone", name)
		}
	}
	tests := []struct {
		name string
		want bool
	}{
		{"UTC", true}, {"Asia/Calcutta", true}, {"Etc/GMT+12", true}, {"America/Argentina/ComodRivadavia", true},
		{"", false}, {"Local", false}, {"localtime", false}, {"right/UTC", false}, {"posixrules", false},
		{"Europe", false}, {"europe/berlin", false}, {"Mars/Olympus", false}, {"../../etc/passwd", false},
		{"/etc/localtime", false}, {"Europe/../../localtime", false}, {"Europe/Berlin\x00", false},
		{strings.Repeat("A", 65), false}, {"Ｅurope/Berlin", false},
	}
	for _, tt := range tests {
		if _, got := models.ParseZone(tt.name); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestZoneOr(t *testing.T) {
	tests := []struct {
		name  string
		names []string
		want  string
	}{
		{"profile first", []string{"Europe/Berlin", "Asia/Tokyo"}, "Europe/Berlin"},
		{"browser when there is no profile", []string{"", "Asia/Tokyo"}, "Asia/Tokyo"},
		{"nonsense is passed over", []string{"Mars/Olympus", "Local"}, "UTC"},
		{"nothing", nil, "UTC"},
	}
	for _, tt := range tests {
		if got := models.ZoneOr(tt.names...).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
