package models_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestAssertionCheck(t *testing.T) {
	tests := []struct {
		name, issuer, subject string
		ok                    bool
	}{
		{"usual", "https://login.example.com", "248289761001", true},
		{"longest", "https://login.example.com", strings.Repeat("x", 255), true},
		{"too long", "https://login.example.com", strings.Repeat("x", 256), false},
		{"no subject", "https://login.example.com", "", false},
		{"no issuer", "", "1", false},
		{"blank", "https://login.example.com", "a b", false},
		{"NUL", "https://login.example.com", "a\x00", false},
		{"other letters", "https://login.example.com", "ä", false},
		{"not UTF-8", "https://login.example.com", "\xff", false},
	}
	for _, tt := range tests {
		err := models.Assertion{Issuer: tt.issuer, Subject: tt.subject}.Check()
		if (err == nil) != tt.ok {
			t.Errorf("%s: error = %v, want accepted %t", tt.name, err, tt.ok)
		}
	}
}

func TestVerifiedEmail(t *testing.T) {
	tests := []struct {
		name, email string
		verified    bool
		want        string // "" when it is refused
	}{
		{"verified", " Maya@Example.com ", true, "Maya@Example.com"},
		{"not verified", "maya@example.com", false, ""},
		{"none", "", true, ""},
		{"two", "maya@example.com, eve@example.com", true, ""},
		{"with a name", "Maya <maya@example.com>", true, ""},
		{"no address", "maya", true, ""},
		{"line break", "maya@example.com\nBcc: eve@example.com", true, ""},
	}
	for _, tt := range tests {
		got, err := models.Assertion{Email: tt.email, EmailVerified: tt.verified}.VerifiedEmail()
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

// Letters that only look like, or fold to, a letter of another address.
func TestLowerASCII(t *testing.T) {
	for in, want := range map[string]string{"Maya@Example.COM": "maya@example.com", "may\u212a@example.com": "may\u212a@example.com", "İ@example.com": "İ@example.com", "É@x": "É@x"} {
		if got := models.LowerASCII(in); got != want {
			t.Errorf("LowerASCII(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUsersOfAnAssertion(t *testing.T) {
	long := strings.Repeat("n", 70)
	tests := []struct {
		name, username, display, email string
		want                           []string // user names, best first
		wantDisplay                    string
	}{
		{"usual", "maya", "Maya Lindqvist", "m.lindqvist@example.com", []string{"maya", "m.lindqvist", "m.lindqvist@example.com"}, "Maya Lindqvist"},
		{"no name", "", "", "maya@example.com", []string{"maya", "maya@example.com"}, ""},
		{"reserved", "admin", "Admin", "system@example.com", []string{"admin", "system@example.com"}, "Admin"},
		{"somebody's id", "Users-1", "M", "me@example.com", []string{"me@example.com"}, "M"},
		{"other letters", "мая", "Мая", "maya@example.com", []string{"maya", "maya@example.com"}, "Мая"},
		{"control characters", "ma\x07ya", "Ma\u202eya", "maya@example.com", []string{"maya", "maya@example.com"}, ""},
		{"too long", long, long, "maya@example.com", []string{"maya", "maya@example.com"}, long[:64]},
		{"nothing fits", "", "Ä", "ä@example.com", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var names []string
			for _, wish := range (models.Assertion{Username: tt.username, DisplayName: tt.display}).Users(tt.email) {
				names = append(names, wish.Username)
				want := tt.wantDisplay
				if want == "" {
					want = wish.Username
				}
				if wish.DisplayName != want || wish.Email != tt.email || wish.Password != "" || wish.IsService {
					t.Errorf("wish = %+v, want the display name %q", wish, want)
				}
			}
			if !reflect.DeepEqual(names, tt.want) {
				t.Errorf("names = %q, want %q", names, tt.want)
			}
		})
	}
}

func TestMapped(t *testing.T) {
	policy := models.SignOnPolicy{Teams: []models.GroupTeam{{Group: "platform", Team: "Platform"}, {Group: "sre", Team: "PLATFORM"}, {Group: "cn=audit,dc=x", Team: "Auditors"}}}
	tests := []struct {
		name   string
		groups []string
		want   map[string]bool
	}{
		{"none", nil, map[string]bool{"platform": false, "auditors": false}},
		{"either of two", []string{"sre"}, map[string]bool{"platform": true, "auditors": false}},
		{"to the letter", []string{"Platform", "cn=audit"}, map[string]bool{"platform": false, "auditors": false}},
		{"all", []string{"x", "cn=audit,dc=x", "platform"}, map[string]bool{"platform": true, "auditors": true}},
	}
	for _, tt := range tests {
		if got := policy.Mapped(tt.groups); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := (models.SignOnPolicy{}).Mapped([]string{"a"}); len(got) != 0 {
		t.Errorf("without a mapping: got %v", got)
	}
}

func TestSignOnSecret(t *testing.T) {
	s := models.NewSignOnSecret()
	again, ok := models.ParseSignOnSecret(s.Reveal())
	if !ok || again.State() != s.State() || !again.Began(s.State()) {
		t.Error("the cookie does not give the same sign-on")
	}
	parts := []string{s.Reveal(), s.State(), s.Nonce(), s.Verifier()}
	for i, a := range parts {
		if len(a) != 43 {
			t.Errorf("%q has %d characters, want 43", a, len(a))
		}
		for j, b := range parts {
			if i != j && a == b {
				t.Error("two parts are the same")
			}
		}
	}
	other := models.NewSignOnSecret()
	if s.Began(other.State()) || s.Began("") || s.Began(s.State()[:42]) || string(s.Digest()) == string(other.Digest()) {
		t.Error("two sign-ons can't be told apart")
	}
	for _, bad := range []string{"", "x", s.Reveal() + "A", s.Reveal()[:42], strings.Repeat("=", 43), strings.Repeat("A", 42) + "B", s.Reveal()[:42] + "\n"} {
		if _, ok := models.ParseSignOnSecret(bad); ok {
			t.Errorf("%q counts as a secret", bad)
		}
	}
	if got := s.String(); strings.Contains(got, s.Reveal()) {
		t.Error("the secret prints itself")
	}
}
