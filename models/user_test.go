package models_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

const goodPassword = "quiet river under stars"

func TestNewUserCheck(t *testing.T) {
	const ascii = "Use only letters A to Z, digits, blanks and punctuation in the user name. The display name may hold any letters."
	const address = "Enter one e-mail address, like maya@example.com."
	person := func(change func(*models.NewUser)) models.NewUser {
		n := models.NewUser{Username: "maya", DisplayName: "Maya", Email: "maya@example.com", Password: goodPassword}
		change(&n)
		return n
	}
	name := func(s string) models.NewUser { return person(func(n *models.NewUser) { n.Username = s }) }
	shown := func(s string) models.NewUser { return person(func(n *models.NewUser) { n.DisplayName = s }) }
	mail := func(s string) models.NewUser { return person(func(n *models.NewUser) { n.Email = s }) }
	tests := []struct {
		name    string
		in      models.NewUser
		field   string // "" when all is well
		problem string
	}{
		{"usual", name("maya"), "", ""},
		{"all of ASCII", name("Maya O'Neil, m+x@[example].com <1>"), "", ""},
		{"64 characters", name(strings.Repeat("m", 64)), "", ""},
		{"no name", name(" "), "Username", "Enter a user name."},
		{"65 characters", name(strings.Repeat("m", 65)), "Username", "The user name has 65 characters. Use 64 or fewer."},
		{"Cyrillic look-alike", name("mаya"), "Username", ascii},
		{"accent", name("máya"), "Username", ascii},
		{"full-width", name("ｍaya"), "Username", ascii},
		{"joiner", name("ma\u200dya"), "Username", ascii},
		{"inner no-break space", name("ma\u00a0ya"), "Username", ascii},
		{"line end", name("ma\nya"), "Username", "The user name holds an invisible control character. Remove it, or type the text again."},
		{"invalid UTF-8", name("ma\xffya"), "Username", "The user name holds bytes that are not UTF-8 text. Type it again."},
		{"reserved", name("system"), "Username", "The user name system is reserved. Choose another one."},
		{"reserved in other letters", name(" Me "), "Username", "The user name Me is reserved. Choose another one."},
		{"reserved word of the API", name("ALL"), "Username", "The user name ALL is reserved. Choose another one."},
		{"begins like a reserved one", name("system2"), "", ""},

		{"any script", shown("Мая 🌿"), "", ""},
		{"no display name", shown(""), "", ""},
		{"long display name", shown(strings.Repeat("é", 65)), "DisplayName", "The display name has 65 characters. Use 64 or fewer."},
		{"bidirectional override", shown("Maya\u202e"), "DisplayName", "The display name holds an invisible control character. Remove it, or type the text again."},

		{"no address", mail(""), "", ""},
		{"plus", mail("maya+keys@mail.example.com"), "", ""},
		{"address with blanks", mail(" maya@example.com "), "", ""},
		{"no at", mail("maya"), "EmailAddress", address},
		{"name and address", mail("Maya <maya@example.com>"), "EmailAddress", address},
		{"angle brackets", mail("<maya@example.com>"), "EmailAddress", address},
		{"two addresses", mail("maya@example.com, bob@example.com"), "EmailAddress", address},
		{"comment", mail("maya@example.com (Maya)"), "EmailAddress", address},
		{"no host", mail("maya@"), "EmailAddress", address},
		{"header", mail("maya@example.com\r\nBcc: bob@example.com"), "EmailAddress", "The e-mail address holds an invisible control character. Remove it, or type the text again."},
		{"long address", mail(strings.Repeat("m", 1<<20) + "@example.com"), "EmailAddress", "The e-mail address has 1048588 characters. Use 256 or fewer."},
		{"hostile address", mail(strings.Repeat("(", 256)), "EmailAddress", address},

		{"short password", person(func(n *models.NewUser) { n.Password = "quiet river" }), "Password", "Use at least 15 characters. A short sentence works well."},
		{"person without password", person(func(n *models.NewUser) { n.Password = "" }), "", ""},
		{"service account", models.NewUser{Username: "robot", IsService: true}, "", ""},
		{"service account with password", models.NewUser{Username: "robot", IsService: true, Password: goodPassword}, "Password", "A service account has no password: it can't sign in. Leave the password empty."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := tt.in.Check()
			err := models.InvalidInput(problems)
			if tt.field == "" {
				if err != nil {
					t.Fatalf("got %v, want no problem", err)
				}
				return
			}
			if err == nil || len(problems) != 1 {
				t.Fatalf("got %v, want one problem", problems)
			}
			if got := err.Problem(tt.field); got != tt.problem {
				t.Errorf("got %q, want %q", got, tt.problem)
			}
		})
	}
}

func TestNewUserCheckCleans(t *testing.T) {
	got, problems := models.NewUser{Username: " maya ", Email: " maya@example.com"}.Check()
	if len(problems) != 0 || got.Username != "maya" || got.DisplayName != "maya" || got.Email != "maya@example.com" {
		t.Errorf("got %+v, %v", got, problems)
	}
}

func TestNewUserCheckTellsAll(t *testing.T) {
	_, problems := models.NewUser{Username: "mаya", DisplayName: "\x00", Email: "maya", Password: "short"}.Check()
	if len(problems) != 4 {
		t.Errorf("got %d problems, want 4: %v", len(problems), problems)
	}
}

func TestUserName(t *testing.T) {
	if got := (models.User{Username: "maya", DisplayName: "Maya"}).Name(); got != "Maya" {
		t.Errorf("got %q, want Maya", got)
	}
	if got := (models.User{Username: "maya"}).Name(); got != "maya" {
		t.Errorf("got %q, want maya", got)
	}
	if got := (models.User{ID: 7}).PublicID(); got != "Users-7" {
		t.Errorf("got %q, want Users-7", got)
	}
}

func TestParseUserID(t *testing.T) {
	tests := []struct {
		in   string
		want int64 // 0 when refused
	}{
		{"Users-7", 7}, {"users-7", 7}, {"USERS-7", 7}, {"Users-9223372036854775807", 9223372036854775807},
		{"Users-0", 0}, {"Users--7", 0}, {"Users-+7", 0}, {"Users-07", 0}, {"Users-", 0}, {"Users", 0}, {"7", 0}, {"", 0},
		{"Users-9223372036854775808", 0}, {"Users-1e3", 0}, {"Users-0x7", 0}, {"Users-7 ", 0}, {"Users-1_0", 0}, {"Uſers-77", 0},
		{"Users-７", 0}, {"me", 0}, {"Teams-7", 0}, {"Users-" + strings.Repeat("9", 1<<20), 0},
	}
	for _, tt := range tests {
		got, ok := models.ParseUserID(tt.in)
		if ok != (tt.want != 0) || ok && got != tt.want {
			t.Errorf("%.40q: got %d, %v, want %d", tt.in, got, ok, tt.want)
		}
	}
}

func TestPasswordProblem(t *testing.T) {
	const (
		short    = "Use at least 15 characters. A short sentence works well."
		few      = "This password repeats the same few characters. Choose one that is harder to guess."
		run      = "This password is a run of neighbouring characters. Choose one that is harder to guess."
		notUTF8  = "The password holds bytes that are not UTF-8 text. Type it again."
		tooLong  = "Use 256 characters or fewer."
		littleOf = "This password is little more than “%s”. Choose one that others can't guess from your name."
	)
	little := func(word string) string { return strings.ReplaceAll(littleOf, "%s", word) }
	tests := []struct{ name, password, want string }{
		{"sentence", goodPassword, ""},
		{"random", "x7Kq!v2Lm#9pRw4", ""},
		{"other script", "тихая река под звёздами", ""},
		{"15 characters of 4 bytes", "🌿🌊🌟🔥🌍🍀🎲🎯🎹🎻🏔🏝🏠🏰🐋", ""},
		{"256 characters", strings.Repeat("quiet river ", 22)[:256], ""},
		{"name in a sentence", "maya walks by the quiet river", ""},
		{"empty", "", short},
		{"14 characters", "quiet river un", short},
		{"14 letters of many bytes", "тихая река под", short},
		{"257 characters", strings.Repeat("quiet river ", 22)[:257], tooLong},
		{"a megabyte", strings.Repeat("quiet river ", 1<<20/12), tooLong},
		{"one character", strings.Repeat("a", 20), few},
		{"four characters", strings.Repeat("abcd", 5), few},
		{"alphabet", "abcdefghijklmnop", run},
		{"digits", "123456789012345", run},
		{"digits downwards", "987654321098765", run},
		{"user name", "maya.river.maya.river", little("maya.river")},
		{"user name in other letters", "xMAYA.RIVERx1234", ""},
		{"user name and a year", "maya.river12024", little("maya.river")},
		{"e-mail", "maya@example.com", little("maya@example.com")},
		{"product", "KeyportKeyport1!", little("keyport")},
		{"the word", "passwordPassword123", little("password")},
		{"invalid UTF-8", "quiet river under \xff", notUTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := models.PasswordProblem(tt.password, "maya.river", "", "maya@example.com", "abc"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
