package models

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// SignOnSecret binds a sign-on that was begun to the browser that began it: it
// is the value of a cookie, and all that the exchange with the provider needs
// follows from it. The database holds only its digest, so a copy of the table
// finishes no sign-on.
type SignOnSecret struct{ text string }

// NewSignOnSecret makes a secret of 256 random bits.
func NewSignOnSecret() SignOnSecret {
	random := make([]byte, sha256.Size)
	rand.Read(random) // never fails: crypto/rand ends the program instead
	return SignOnSecret{base64.RawURLEncoding.EncodeToString(random)}
}

// ParseSignOnSecret reads what a cookie holds.
func ParseSignOnSecret(s string) (SignOnSecret, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return SignOnSecret{s}, err == nil && len(b) == sha256.Size
}

// Reveal returns the text for the cookie.
func (s SignOnSecret) Reveal() string { return s.text }

// String keeps the text out of logs.
func (s SignOnSecret) String() string { return "sign-on secret" }

// State goes to the provider and comes back: it ties the answer to the browser.
func (s SignOnSecret) State() string { return s.derive("state") }

// Nonce goes to the provider and comes back inside the signed token: it ties the
// token to this sign-on.
func (s SignOnSecret) Nonce() string { return s.derive("nonce") }

// Verifier is PKCE's proof that who asks for the token has begun the sign-on.
func (s SignOnSecret) Verifier() string { return s.derive("verifier") }

// Began reports whether the state is the one of this sign-on.
func (s SignOnSecret) Began(state string) bool {
	return subtle.ConstantTimeCompare([]byte(state), []byte(s.State())) == 1
}

// Digest is what the database holds.
func (s SignOnSecret) Digest() []byte {
	sum := sha256.Sum256([]byte(s.text))
	return sum[:]
}

func (s SignOnSecret) derive(use string) string {
	return base64.RawURLEncoding.EncodeToString(mac([]byte(s.text), []byte("keyport/sign-on/"+use)))
}
