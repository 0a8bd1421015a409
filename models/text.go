package models

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the texts that people type, in characters after trimming. The
// lengths of names are Octopus's.
const (
	MaxPurpose     = 200
	MaxUsername    = 64
	MaxDisplayName = 64
	MaxEmail       = 256
)

// CleanText trims a one-line text and says what is wrong with it, in words for
// the person who typed it: "" when nothing is. label starts the sentence
// ("The purpose"); limit is in characters. Empty text passes.
func CleanText(s, label string, limit int) (clean, problem string) {
	if !utf8.ValidString(s) {
		return "", label + " holds bytes that are not UTF-8 text. Type it again."
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(unseen, r) })
	if strings.ContainsRune(s, utf8.RuneError) {
		// What JSON makes of half a surrogate pair, and of other text that was
		// damaged on its way here.
		return s, label + " holds a damaged character. Type the text again."
	}
	if strings.ContainsFunc(s, invisible) {
		return s, label + " holds an invisible control character. Remove it, or type the text again."
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return s, label + " has " + strconv.Itoa(n) + " characters. Use " + strconv.Itoa(limit) + " or fewer."
	}
	return s, ""
}

// unseen are the characters without width that may stand inside a text, but of
// which alone no text is made.
const unseen = "\u00ad\u200b\u200c\u200d\u2060"

// invisible reports characters that change how the text around them reads:
// controls (NUL would be refused by PostgreSQL anyway), line separators, and
// the bidirectional overrides that make a name look like another one. Joiners
// stay allowed, since several scripts and all compound emoji need them.
func invisible(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return false
}

// Fold returns the form of a text under which two are the same to a searching
// person. It is stored beside the text, because the two databases disagree on
// what the lower case of non-ASCII letters is.
func Fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Listed joins words as a sentence does: "a", "a and b", "a, b and c".
func Listed(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
