package models_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

var totpSecret = []byte("12345678901234567890")

// The vectors of RFC 6238, appendix B, of which apps show the last six digits.
func TestTOTPVectors(t *testing.T) {
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := models.TOTPCode(totpSecret, models.TOTPStepAt(time.Unix(unix, 0))); got != want[2:] {
			t.Errorf("code at %d = %s, want %s", unix, got, want[2:])
		}
	}
}

func TestTOTPMatches(t *testing.T) {
	now := time.Unix(1234567890, 0)
	step := models.TOTPStepAt(now)
	code := func(offset int64) string { return models.TOTPCode(totpSecret, step+offset) }
	tests := []struct {
		name, typed string
		last        int64
		want        bool
	}{
		{"now", code(0), 0, true},
		{"with a blank", code(0)[:3] + " " + code(0)[3:], 0, true},
		{"clock behind", code(-1), 0, true},
		{"clock ahead", code(1), 0, true},
		{"two steps behind", code(-2), 0, false},
		{"two steps ahead", code(2), 0, false},
		{"used", code(0), step, false},
		{"older than the last used", code(-1), step, false},
		{"newer than the last used", code(1), step, true},
		{"empty", "", 0, false},
		{"short", code(0)[:5], 0, false},
		{"long", code(0) + "0", 0, false},
		{"huge", strings.Repeat(code(0), 1000), 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			used, ok := models.TOTPMatches(totpSecret, tt.typed, now, tt.last)
			if ok != tt.want || ok && (used < step-1 || used > step+1) {
				t.Errorf("matches = %t at step %d, want %t", ok, used-step, tt.want)
			}
		})
	}
}

func TestTOTPLink(t *testing.T) {
	link := models.TOTPLink(totpSecret, "keyport.example.com", "maya lind:qvist")
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Keyport (keyport.example.com):maya lind:qvist" || strings.Contains(link, "+") {
		t.Errorf("link = %s", link)
	}
	if got := u.Query(); got.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || got.Get("issuer") != "Keyport (keyport.example.com)" {
		t.Errorf("query = %v", got)
	}
	if got, want := models.TOTPText(totpSecret), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestRecoveryCodes(t *testing.T) {
	codes := models.NewRecoveryCodes()
	if len(codes) != models.RecoveryCodes || len(slices.Compact(slices.Sorted(slices.Values(codes)))) != models.RecoveryCodes {
		t.Fatalf("codes = %v, want %d different ones", codes, models.RecoveryCodes)
	}
	for _, code := range codes {
		for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + " "} {
			if got, ok := models.CleanRecoveryCode(typed); !ok || got != code {
				t.Errorf("CleanRecoveryCode(%q) = %q, %t, want %q", typed, got, ok, code)
			}
		}
		if models.LooksLikeTOTP(code) {
			t.Errorf("%q looks like a code of an app", code)
		}
	}
	for _, typed := range []string{"", "AAAA-BBBB", "AAAA-BBBB-CCCC-DDDD", "AAAA-BBBB-CCC0", "AAAA-BBBB-CCÇC", strings.Repeat("A", 12000)} {
		if _, ok := models.CleanRecoveryCode(typed); ok {
			t.Errorf("CleanRecoveryCode(%.30q) was taken", typed)
		}
	}
	if !models.LooksLikeTOTP("123 456") || models.LooksLikeTOTP("12345") || models.LooksLikeTOTP("12345a") {
		t.Error("LooksLikeTOTP is wrong about 123 456, 12345 or 12345a")
	}
}
