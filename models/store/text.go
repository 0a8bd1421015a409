package store

import (
	"strings"
	"unicode/utf8"
)

// storable reports whether both databases can compare with a text: PostgreSQL
// refuses NUL and invalid UTF-8, so a text that holds them equals nothing.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// maxFact bounds what is stored of a call's address, browser and request id.
const maxFact = 512

// fact makes any text storable. It is for facts that come with a call, which
// nobody can be asked to type again.
func fact(s string) string {
	if len(s) > maxFact {
		s = s[:maxFact]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}
