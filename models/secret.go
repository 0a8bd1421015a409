package models

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
)

// The form of a secret: a prefix and 26 characters A-Z0-9, which passes every
// Octopus client's local check and is found by the gitleaks rule that people
// already run. The 26 characters are a base-36 number of 134 bits: 128 random
// ones and, lowest, 6 check bits that let a scanner (and us) throw away
// almost every look-alike without a database.
const (
	SecretPrefix = "API-"
	SecretLength = len(SecretPrefix) + secretBody
	secretBody   = 26
	checkBits    = 6
	secretDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// HintLength is how many characters after the prefix may be stored and shown.
// Three leave 112.5 of 128 bits unknown, just above the 112 that OWASP ASVS
// 6.5.2 asks of a secret that is hashed fast; a fourth would fall below.
const HintLength = 3

// Secret is the text of an API key. It prints as its hint, so that neither a
// log nor a template can leak it by accident; only Reveal gives the text.
type Secret struct{ text string }

// NewSecret makes a secret from the operating system's randomness.
func NewSecret() Secret {
	var random [16]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return encodeSecret(random)
}

// HasFormOfSecret reports whether a text may be a secret by its length and its
// prefix, which costs next to nothing to find out.
func HasFormOfSecret(s string) bool {
	return len(s) == SecretLength && s[:len(SecretPrefix)] == SecretPrefix
}

// ParseSecret reads a presented key. ok is false for anything NewSecret can't
// have made: wrong prefix, length, alphabet, number range or check bits. It
// allocates nothing.
func ParseSecret(s string) (secret Secret, ok bool) {
	if !HasFormOfSecret(s) {
		return Secret{}, false
	}
	var w [3]uint64 // little-endian words
	for rest := s[len(SecretPrefix):]; rest != ""; {
		n := min(len(rest), digitsAtOnce)
		number, factor, ok := readDigits(rest[:n])
		if !ok {
			return Secret{}, false
		}
		mulAdd(&w, factor, number)
		rest = rest[n:]
	}
	if w[2]>>checkBits != 0 { // 134 bits at the most
		return Secret{}, false
	}
	hi, lo := w[2]<<(64-checkBits)|w[1]>>checkBits, w[1]<<(64-checkBits)|w[0]>>checkBits
	if checkOf(hi, lo) != w[0]&(1<<checkBits-1) {
		return Secret{}, false
	}
	return Secret{s}, true
}

// Reveal returns the text itself, for the one response that shows it.
func (s Secret) Reveal() string { return s.text }

// Prefix returns the part that may be stored for recognition: "API-FSX".
func (s Secret) Prefix() string {
	if s.text == "" {
		return ""
	}
	return s.text[:len(SecretPrefix)+HintLength]
}

// String returns the hint, never the secret.
func (s Secret) String() string { return Hint(s.Prefix()) }

// Format prints the hint for every verb of fmt. Without it %#v and %d would
// reach into the struct.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText makes every encoder write the hint.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps structured logs from holding the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Hint writes a stored prefix as people see it: "API-FSX" and seven bullets, as
// Octopus does.
func Hint(prefix string) string { return prefix + "•••••••" }

func encodeSecret(random [16]byte) Secret {
	var hi, lo uint64
	for i := range 8 {
		hi, lo = hi<<8|uint64(random[i]), lo<<8|uint64(random[8+i])
	}
	w := [3]uint64{lo<<checkBits | checkOf(hi, lo), hi<<checkBits | lo>>(64-checkBits), hi >> (64 - checkBits)}
	text := []byte(SecretPrefix + "00000000000000000000000000")
	for i := len(text) - 1; i >= len(SecretPrefix); i-- {
		text[i] = secretDigits[divMod(&w, uint64(len(secretDigits)))]
	}
	return Secret{string(text)}
}

// checkOf returns the check bits: the first six of SHA-256 over a fixed label
// and the random bytes. They guard against mistakes, not against people, so
// they hold no secret and anybody may compute them.
func checkOf(hi, lo uint64) uint64 {
	const label = "keyport-api-key-check-v1"
	var buf [len(label) + 16]byte
	copy(buf[:], label)
	for i := range 8 {
		buf[len(label)+i] = byte(hi >> (56 - 8*i))
		buf[len(label)+8+i] = byte(lo >> (56 - 8*i))
	}
	sum := sha256.Sum256(buf[:])
	return uint64(sum[0] >> (8 - checkBits))
}

// digitsAtOnce is how many digits have a number that fits a word.
const digitsAtOnce = 12

// readDigits returns the number that digits write, and by what a number before
// them is to be multiplied.
func readDigits(s string) (number, factor uint64, ok bool) {
	factor = 1
	for i := range len(s) {
		digit, ok := digitValue(s[i])
		if !ok {
			return 0, 0, false
		}
		number, factor = number*uint64(len(secretDigits))+digit, factor*uint64(len(secretDigits))
	}
	return number, factor, true
}

func digitValue(c byte) (uint64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0'), true
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 10, true
	}
	return 0, false
}

func mulAdd(w *[3]uint64, factor, add uint64) {
	for i := range w {
		hi, lo := bits.Mul64(w[i], factor)
		sum, carry := bits.Add64(lo, add, 0)
		w[i], add = sum, hi+carry
	}
}

func divMod(w *[3]uint64, divisor uint64) (remainder uint64) {
	for i := len(w) - 1; i >= 0; i-- {
		w[i], remainder = bits.Div64(remainder, w[i], divisor)
	}
	return remainder
}
