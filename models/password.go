package models

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Password lengths in characters. 15 is what NIST SP 800-63B-4 asks of a
// password that is the only factor; the upper limit keeps hashing bounded.
const (
	MinPassword = 15
	MaxPassword = 256
)

// PasswordProblem says why a new password can't be used, "" when it can. The
// personal texts (user name, display name, e-mail) may not make up the
// password. There are no rules on kinds of characters: they make passwords
// worse, as NIST and OWASP both say.
func PasswordProblem(password string, personal ...string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return "The password holds bytes that are not UTF-8 text. Type it again."
	case n < MinPassword:
		return "Use at least " + strconv.Itoa(MinPassword) + " characters. A short sentence works well."
	case n > MaxPassword:
		return "Use " + strconv.Itoa(MaxPassword) + " characters or fewer."
	case fewDistinct(password):
		return "This password repeats the same few characters. Choose one that is harder to guess."
	case sequential(password):
		return "This password is a run of neighbouring characters. Choose one that is harder to guess."
	}
	folded := Fold(password)
	for _, word := range append(personal, "keyport", "octopus", "password") {
		if covers(folded, Fold(word)) {
			return "This password is little more than “" + word + "”. Choose one that others can't guess from your name."
		}
	}
	return ""
}

// fewDistinct reports passwords like "aaaaaaaaaaaaaaa" and "ababababababab".
func fewDistinct(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) < 5
}

// sequential reports passwords that walk through the character table, like
// "abcdefghijklmno" and "987654321098765".
func sequential(s string) bool {
	runes := []rune(s)
	steps := 0
	for i := 1; i < len(runes); i++ {
		if d := runes[i] - runes[i-1]; d == 1 || d == -1 {
			steps++
		}
	}
	return steps*5 >= (len(runes)-1)*4
}

// covers reports whether word, repeated or with a few characters around it, is
// the whole password.
func covers(password, word string) bool {
	if len(word) < 4 {
		return false
	}
	rest := strings.ReplaceAll(password, word, "")
	return len(rest) < len(password) && utf8.RuneCountInString(rest) < 6
}
