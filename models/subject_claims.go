package models

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// MaxSubjectToken is the longest token that is looked at, in bytes.
const MaxSubjectToken = 16 << 10

// SubjectClaims are what a token says of whom it is about.
type SubjectClaims struct {
	Issuer, Subject string
	Audience        []string
}

// ReadSubjectClaims reads what a token claims, before anybody has checked that
// it is true: only to find out whose signature it would have to bear.
func ReadSubjectClaims(token string) (claims SubjectClaims, ok bool) {
	parts := strings.Split(token, ".")
	if len(token) > MaxSubjectToken || len(parts) != 3 {
		return claims, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims, false
	}
	var said struct {
		Issuer   string    `json:"iss"`
		Subject  string    `json:"sub"`
		Audience audiences `json:"aud"`
	}
	if json.Unmarshal(payload, &said) != nil || said.Issuer == "" || said.Subject == "" {
		return claims, false
	}
	return SubjectClaims{Issuer: said.Issuer, Subject: said.Subject, Audience: said.Audience}, true
}

// audiences is one text or a list of them.
type audiences []string

// UnmarshalJSON reads either.
func (a *audiences) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}
