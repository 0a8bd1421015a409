package models

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Password lengths in characters. 15 is what NIST SP 800-63B-4 asks of a
// password that is the only factor; the upper limit keeps hashing bounded.
const (
	MinPassword = 15
	MaxPassword = 256
)

// ourWords are what people think of first when they name a password for us.
var ourWords = []string{"keyport", "octopus", "deploy", "password", "passwort", "secret", "admin"}

// PasswordProblem says why a new password can't be used, "" when it can. The
// personal texts (user name, display name, e-mail) may not make up the
// password. There are no rules on kinds of characters: they make passwords
// worse, as NIST and OWASP both say. The password comes in composed form (NFC),
// which is how its characters are counted.
func PasswordProblem(password string, personal ...string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return "The password holds bytes that are not UTF-8 text. Type it again."
	case n < MinPassword:
		return "Use at least " + strconv.Itoa(MinPassword) + " characters. A short sentence works well."
	case n > MaxPassword:
		return "Use " + strconv.Itoa(MaxPassword) + " characters or fewer."
	case repetitive(password):
		return "This password repeats the same few characters. Choose one that is harder to guess."
	case sequential(password):
		return "This password is a run of neighbouring characters. Choose one that is harder to guess."
	}
	if word := coveredBy(Fold(password), personal); word != "" {
		return "This password is little more than “" + word + "”. Choose one that others can't guess from your name."
	}
	if common(Fold(password)) {
		return "This password is on the list of those that attackers try first, or is one of them with a little added. Choose another one. A short sentence works well."
	}
	return ""
}

// repetitive reports passwords like "aaaaaaaaaaaaaaa", "ababababababab" and
// "7hK!7hK!7hK!7hK!".
func repetitive(s string) bool {
	runes := []rune(s)
	distinct := map[rune]bool{}
	for _, r := range runes {
		distinct[r] = true
	}
	unit := period(runes)
	return len(distinct) < 5 || unit < 8 && unit < len(runes)
}

// period returns the length of the shortest text that, repeated at least twice,
// gives s; its last repetition may be cut short. It is len(s) when there is none.
func period(s []rune) int {
	for p := 1; p <= len(s)/2; p++ {
		if slices.Equal(s[p:], s[:len(s)-p]) {
			return p
		}
	}
	return len(s)
}

// sequential reports passwords that walk through the character table, like
// "abcdefghijklmno" and "987654321098765", or over the keyboard, like
// "qwertyuiopasdfg" and "1qaz2wsx3edc4rfv".
func sequential(s string) bool {
	runes := []rune(strings.ToLower(s))
	steps, walked := 0, 0
	for i := 1; i < len(runes); i++ {
		if d := runes[i] - runes[i-1]; d == 1 || d == -1 {
			steps++
		}
		if besideOnKeyboard(runes[i-1], runes[i]) {
			walked++
		}
	}
	return max(steps, walked)*5 >= (len(runes)-1)*4
}

// keyboard is what most people's fingers know.
var keyboard = [...]string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

func besideOnKeyboard(a, b rune) bool {
	for y, row := range keyboard {
		x := strings.IndexRune(row, a)
		if x < 0 {
			continue
		}
		for dy, other := range keyboard {
			if at := strings.IndexRune(other, b); at >= 0 {
				return dy == y && (at == x+1 || at == x-1) || at == x && (dy == y+1 || dy == y-1)
			}
		}
	}
	return false
}

// coveredBy returns the word that stands for most of a password of which hardly
// anything is left when the words that others can guess are taken out.
func coveredBy(password string, personal []string) string {
	words, rest, first := guessable(personal), password, ""
	for _, word := range words {
		if shorter := strings.ReplaceAll(rest, word, ""); len(shorter) < len(rest) {
			rest, first = shorter, cmp.Or(first, word)
		}
	}
	if utf8.RuneCountInString(strings.Map(neitherBlankNorSign, rest)) < 6 {
		return first
	}
	return ""
}

func neitherBlankNorSign(r rune) rune {
	if unicode.IsSpace(r) || unicode.IsPunct(r) {
		return -1
	}
	return r
}

// guessable lists the texts and the words in them, longest first: names are
// put together in every order, and an address holds name and company.
func guessable(personal []string) []string {
	words := slices.Clone(ourWords)
	for _, text := range personal {
		text = Fold(text)
		words = append(words, text)
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 4 })
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}
