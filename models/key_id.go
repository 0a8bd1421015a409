package models

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
)

// keyIDPrefix starts every key's id; 25 characters follow, as in Octopus.
const (
	keyIDPrefix = "apikeys-"
	keyIDLength = 25
)

// NewKeyID makes an id that tells nothing about the key: not when it was made,
// nor how many there are. The letters are lower case, because the REST API
// matches paths without regard to case.
func NewKeyID() string { return keyIDPrefix + strings.ToLower(rand.Text())[:keyIDLength] }

// NewToken makes a random text of 130 bits for one-time links and form ids.
func NewToken() string { return rand.Text() }

// CleanKeyIDs sorts ids of keys, which may be written in any case of letters, and
// leaves out those that come twice. It says what is wrong with them.
func CleanKeyIDs(ids []string) (clean []string, problem string) {
	if len(ids) == 0 || len(ids) > MaxKeyIDs {
		return nil, "Name 1 to " + strconv.Itoa(MaxKeyIDs) + " keys at once."
	}
	for _, id := range ids {
		id = strings.ToLower(id)
		if !isKeyID(id) {
			return nil, "One of the ids is not the id of a key, which looks like " + keyIDPrefix + "2fb7q9zr6tn3w8yd5hk4mcx1v."
		}
		clean = append(clean, id)
	}
	slices.Sort(clean)
	return slices.Compact(clean), ""
}

func isKeyID(s string) bool {
	rest, ok := strings.CutPrefix(s, keyIDPrefix)
	return ok && len(rest) == keyIDLength && !strings.ContainsFunc(rest, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}
