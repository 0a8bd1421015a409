package models

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// RecordedIdentity is what a client of the REST API says a user is called at
// some provider. Keyport keeps it and gives it back as it came, because tools
// compare what they read with what they wrote. Nobody signs in by it: that is
// what [Identity] is for.
type RecordedIdentity struct {
	Provider string
	Claims   map[string]RecordedClaim
}

// RecordedClaim is one fact of a recorded identity.
type RecordedClaim struct {
	Value       *string
	Identifying bool
}

// Limits of the identities of one user.
const (
	maxIdentities   = 10
	maxClaims       = 20
	maxIdentityName = 100  // characters of a name
	maxClaimValue   = 1000 // characters
)

// CheckIdentities says what is wrong with the identities of one user, "" when
// nothing is. Nothing is trimmed or changed: they are given back as they came.
func CheckIdentities(list []RecordedIdentity) (problem string) {
	if len(list) > maxIdentities {
		return "A user may have " + strconv.Itoa(maxIdentities) + " identities. Leave some out."
	}
	seen := map[string]bool{}
	for _, identity := range list {
		provider := Fold(identity.Provider)
		switch {
		case provider == "" || !keepable(identity.Provider, maxIdentityName):
			return "An identity needs the name of its provider: at most " + strconv.Itoa(maxIdentityName) + " characters without control characters."
		case seen[provider]:
			return "Two identities name the same provider. A user has one at each."
		case len(identity.Claims) > maxClaims:
			return "An identity may have " + strconv.Itoa(maxClaims) + " claims. Leave some out."
		}
		seen[provider] = true
		for name, claim := range identity.Claims {
			if name == "" || !keepable(name, maxIdentityName) || claim.Value != nil && !keepable(*claim.Value, maxClaimValue) {
				return "A claim of an identity can't be kept. Its name may have " + strconv.Itoa(maxIdentityName) +
					" characters and its value " + strconv.Itoa(maxClaimValue) + ", without control characters."
			}
		}
	}
	return ""
}

// keepable reports whether a text can be stored and shown as it is.
func keepable(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit &&
		!strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || invisible(r) })
}
