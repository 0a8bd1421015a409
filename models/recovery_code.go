package models

import (
	"crypto/rand"
	"strings"
)

// RecoveryCodes is how many codes a person gets, each for one sign-in without
// the second factor.
const RecoveryCodes = 10

// recoveryGroups of four characters make a code: 60 random bits, which nobody
// guesses at the pace of a sign-in page, and nobody searches for without the
// master key.
const recoveryGroups = 3

// NewRecoveryCodes makes a set: "K7QX-2MNB-VTRA".
func NewRecoveryCodes() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		text := rand.Text()
		var groups []string
		for g := range recoveryGroups {
			groups = append(groups, text[4*g:4*g+4])
		}
		codes[i] = strings.Join(groups, "-")
	}
	return codes
}

// CleanRecoveryCode returns a code as it was made from what a person typed: in
// any case, with or without the dashes. ok is false for what can't be one.
func CleanRecoveryCode(s string) (code string, ok bool) {
	if len(s) > 64 {
		return "", false
	}
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, s))
	if len(s) != 4*recoveryGroups || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", false
	}
	return s[:4] + "-" + s[4:8] + "-" + s[8:], true
}
