package models_test

import (
	"math"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestParseDays(t *testing.T) {
	tests := []struct {
		name, in string
		want     int
	}{
		{"usual", "180", 180}, {"blanks", " 7 ", 7}, {"zeros before", "0180", 180}, {"most", "9999", 9999}, {"zero", "0", 0},
		{"five digits", "99999", 0}, {"five digits, small", "00007", 0}, {"empty", "", 0}, {"blank", " ", 0},
		{"negative", "-1", 0}, {"plus", "+7", 0}, {"exponent", "1e3", 0}, {"fraction", "180.0", 0}, {"comma", "1,5", 0},
		{"hexadecimal", "0x7", 0}, {"underscore", "1_0", 0}, {"words", "all", 0}, {"full-width", "１８０", 0}, {"Arabic digits", "١٨", 0},
		{"wraps to 180 days", "213684", 0}, {"wraps to negative", "106752", 0}, {"2^31", "2147483648", 0}, {"2^63", "9223372036854775808", 0},
		{"NUL", "7\x00", 0}, {"invalid UTF-8", "7\xff", 0}, {"inner blank", "1 8", 0}, {"a megabyte", strings.Repeat("1", 1<<20), 0},
	}
	for _, tt := range tests {
		if got := models.ParseDays(tt.in); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestAuthSettingsValidate(t *testing.T) {
	const (
		badMaximum = "Enter a maximum from 1 to 1096 days."
		badDefault = "Enter a default from 1 day up to the maximum."
	)
	tests := []struct {
		name             string
		def, max         int
		wantDef, wantMax string
	}{
		{"a new installation's", models.InitialDefaultDays, models.InitialMaximumDays, "", ""},
		{"smallest", 1, 1, "", ""},
		{"largest", 1096, 1096, "", ""},
		{"default is the maximum", 366, 366, "", ""},
		{"default above the maximum", 367, 366, "The default (367) is longer than the maximum (366). Use 366 or fewer.", ""},
		{"maximum below a usual default", 180, 30, "The default (180) is longer than the maximum (30). Use 30 or fewer.", ""},
		{"maximum above the ceiling", 180, 1097, "", badMaximum},
		{"both above the ceiling", 1097, 1097, badDefault, badMaximum},
		{"no default", 0, 366, badDefault, ""},
		{"no maximum", 180, 0, "", badMaximum},
		{"neither", 0, 0, badDefault, badMaximum},
		{"negative", -1, -1, badDefault, badMaximum},
		{"numbers that wrap around as durations", 213684, 106752, badDefault, badMaximum},
		{"largest integers", math.MaxInt, math.MaxInt, badDefault, badMaximum},
		{"smallest integers", math.MinInt, math.MinInt, badDefault, badMaximum},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := models.InvalidInput(models.AuthSettings{APIKeyDefaultDays: tt.def, APIKeyMaximumDays: tt.max}.Validate())
			var gotDef, gotMax string
			if err != nil {
				gotDef, gotMax = err.Problem("ApiKeyDefaultExpiryDays"), err.Problem("ApiKeyMaxExpiryDays")
			}
			if gotDef != tt.wantDef || gotMax != tt.wantMax {
				t.Errorf("got %q and %q, want %q and %q", gotDef, gotMax, tt.wantDef, tt.wantMax)
			}
		})
	}
}

func TestAuthSettingsPolicy(t *testing.T) {
	got := models.AuthSettings{APIKeyDefaultDays: 30, APIKeyMaximumDays: 90}.Policy()
	if want := (models.Policy{DefaultDays: 30, MaximumDays: 90}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
