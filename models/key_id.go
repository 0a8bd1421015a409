package models

import (
	"crypto/rand"
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
