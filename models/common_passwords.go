package models

import (
	_ "embed" // the list of common passwords
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commonPasswords holds some 150,000 passwords that attackers try first: the
// 100,000 most common ones, and of the next million all that are long. It is an
// XOR filter (Graf and Lemire, 2020) with 16 bits for each place: it knows every
// password that went in, and takes one in 65,536 others for one of them. No
// password can be read from it. TestPackCommonPasswords makes it.
//
//go:embed common_passwords.xor
var commonPasswords string

// maxPadding is how many characters beside a common password still make no
// other password of it, unless they are guessed as easily themselves.
const maxPadding = 8

// common reports whether a folded password is one of those that attackers try
// first: as it is, without blanks and punctuation, repeated, or with a little
// before or after it. Letters that were written as digits are seen through.
func common(password string) bool {
	for _, form := range [...]string{password, strings.Map(letterOrDigit, password), strings.Map(plainLetterOrDigit, password)} {
		once := unrepeated(form)
		if inList(form) || inList(once) || paddedCommon(form) || paddedCommon(once) {
			return true
		}
	}
	return false
}

func letterOrDigit(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return -1
}

func plainLetterOrDigit(r rune) rune { return letterOrDigit(plain(r)) }

func unrepeated(s string) string {
	runes := []rune(s)
	return string(runes[:period(runes)])
}

// paddedCommon reports a common password with digits and signs around it:
// "Sunshine2026!!!".
func paddedCommon(s string) bool {
	core := strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	before, after, _ := strings.Cut(s, core)
	padding := before + after
	if utf8.RuneCountInString(core) < 4 || padding == "" || !inList(core) && !inList(unrepeated(core)) {
		return false
	}
	return utf8.RuneCountInString(padding) <= maxPadding || repetitive(padding) || sequential(padding) || inList(padding)
}

// inList reports whether the filter knows s.
func inList(s string) bool { return filter(commonPasswords).has(commonSum(s)) }

// commonSum is a number for the plain form of a text: FNV-1a over its characters.
// Texts with the same plain form have the same number.
func commonSum(s string) uint64 {
	sum := uint64(14695981039346656037)
	for _, r := range s {
		sum = (sum ^ uint64(plain(r))) * 1099511628211
	}
	return sum
}

// plain undoes what people replace letters with. i, l and 1 become one.
func plain(r rune) rune {
	switch r = unicode.ToLower(r); r {
	case '0':
		return 'o'
	case '1', '!', '|', 'l':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7', '+':
		return 't'
	case '8':
		return 'b'
	}
	return r
}

// filter is an XOR filter as it is stored: a seed of eight bytes, and then the
// places, two bytes each, in three blocks of the same length. A number belongs
// to one place of each block; it is in the filter when the three, combined, give
// its mark.
type filter string

const filterHead = 8

func (f filter) has(sum uint64) bool {
	if len(f) < filterHead+6 {
		return false
	}
	seed := binary.LittleEndian.Uint64([]byte(f[:filterHead]))
	hash := mixed(sum + seed)
	mark := uint16(hash ^ hash>>32)
	for _, place := range places(hash, (len(f)-filterHead)/6) {
		at := filterHead + 2*place
		mark ^= uint16(f[at]) | uint16(f[at+1])<<8
	}
	return mark == 0
}

// places are where a hash belongs in filters of three blocks of that length.
func places(hash uint64, block int) [3]int {
	var p [3]int
	for i := range p {
		part := uint64(uint32(bits.RotateLeft64(hash, 21*i)))
		p[i] = int(part*uint64(block)>>32) + i*block
	}
	return p
}

// mixed spreads the bits of a number, so that near numbers lie far apart
// (the last step of MurmurHash3).
func mixed(n uint64) uint64 {
	n = (n ^ n>>33) * 0xff51afd7ed558ccd
	n = (n ^ n>>33) * 0xc4ceb9fe1a85ec53
	return n ^ n>>33
}
