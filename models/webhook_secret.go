package models

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// WebhookSecret signs what is sent to a receiver, by Standard Webhooks 1.0.0
// (standardwebhooks.com): the receiver has the same secret and works the
// signature out again.
type WebhookSecret struct{ key []byte }

const (
	webhookSecretPrefix = "whsec_"
	webhookSecretSize   = 32
)

// SecretOverlap is how long the secret before goes on signing beside a new one,
// so that receivers can be given the new one in peace.
const SecretOverlap = 24 * time.Hour

// NewWebhookSecret makes a secret.
func NewWebhookSecret() WebhookSecret {
	key := make([]byte, webhookSecretSize)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	return WebhookSecret{key}
}

// ParseWebhookSecret reads what Reveal wrote.
func ParseWebhookSecret(s string) (WebhookSecret, bool) {
	text, ok := strings.CutPrefix(s, webhookSecretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	return WebhookSecret{key}, ok && err == nil && len(key) >= 24
}

// Reveal returns the secret as receivers are given it: whsec_ and base64.
func (s WebhookSecret) Reveal() string {
	return webhookSecretPrefix + base64.StdEncoding.EncodeToString(s.key)
}

// String hides the secret from logs.
func (s WebhookSecret) String() string { return webhookSecretPrefix + "…" }

// Bytes are what is locked and stored.
func (s WebhookSecret) Bytes() []byte { return s.key }

// WebhookSecretOf is the secret of stored bytes.
func WebhookSecretOf(key []byte) WebhookSecret { return WebhookSecret{key} }

// Sign returns the signature of a message: of its id, the moment of the attempt
// in seconds since 1970, and the body.
func (s WebhookSecret) Sign(id string, at time.Time, body []byte) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	h.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}
