package models

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// How long access tokens and the keys that sign them are good for: a key signs
// for one period, and what it signed is checked with it for one more.
const (
	TokenLife      = time.Hour
	SigningPeriod  = 90 * day
	CheckingPeriod = 2 * SigningPeriod
)

// signingBits is the size of signing keys; clients of Octopus expect RSA.
const signingBits = 2048

// maxAccessToken is longer than any that we make.
const maxAccessToken = 2 << 10

// AccessToken is what a service account acts by after a token of its issuer was
// exchanged. It is not stored: the signature is the proof that we made it.
type AccessToken struct {
	ID         string
	Account    string // external id of the service account
	IdentityID int64  // the OIDC identity by which it was given
	Version    int64  // of that identity
	Issued     time.Time
	Expires    time.Time
}

// NewAccessToken returns a token for a service account, by an identity. Its
// times are whole seconds, because tokens have no others; it ends rather
// earlier than later.
func NewAccessToken(account string, by OIDCIdentity, now time.Time) AccessToken {
	issued := now.UTC().Truncate(time.Second)
	return AccessToken{ID: NewToken(), Account: account, IdentityID: by.ID, Version: by.Version, Issued: issued, Expires: issued.Add(TokenLife)}
}

// SigningKey signs access tokens. Only the store sees the private part.
type SigningKey struct {
	ID        string
	CreatedAt time.Time
	private   *rsa.PrivateKey
}

// MakeSigningKey makes a key from the operating system's randomness.
func MakeSigningKey(now time.Time) (SigningKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, signingBits)
	return SigningKey{ID: NewToken(), CreatedAt: now, private: private}, err
}

// RestoreSigningKey makes a stored key whole.
func RestoreSigningKey(id string, created time.Time, private *rsa.PrivateKey) SigningKey {
	return SigningKey{id, created, private}
}

// Private returns the private part, for the store to lock away.
func (k SigningKey) Private() *rsa.PrivateKey { return k.private }

// Public returns the part that everybody may know.
func (k SigningKey) Public() *rsa.PublicKey { return &k.private.PublicKey }

// Signs reports whether new tokens may be signed at now.
func (k SigningKey) Signs(now time.Time) bool { return now.Before(k.CreatedAt.Add(SigningPeriod)) }

// Checks reports whether tokens of the key are still believed at now.
func (k SigningKey) Checks(now time.Time) bool { return now.Before(k.CreatedAt.Add(CheckingPeriod)) }

// Place is where the private part is stored, which is part of its lock. When
// the key was made belongs to it, so that nobody lengthens the life of a key by
// editing the row.
func (k SigningKey) Place() Place {
	return Place{"signing_keys", "private_key", k.ID + "@" + strconv.FormatInt(k.CreatedAt.UnixMicro(), 10)}
}

type tokenHeader struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
	Type      string `json:"typ"`
}

// What the header of each access token says (RFC 9068).
const (
	tokenAlgorithm = "PS256"
	tokenType      = "at+jwt"
)

type tokenClaims struct {
	ID       string `json:"jti"`
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Identity string `json:"identity"`
	Version  int64  `json:"identity_version"`
}

var pss = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// Sign writes a token that this server gives out and believes.
func (k SigningKey) Sign(t AccessToken, server string) (string, error) {
	head, err := json.Marshal(tokenHeader{tokenAlgorithm, k.ID, tokenType})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(tokenClaims{ID: t.ID, Issuer: server, Audience: server, Subject: t.Account, Issued: t.Issued.Unix(), Expires: t.Expires.Unix(),
		Identity: OIDCIdentity{ID: t.IdentityID}.PublicID(), Version: t.Version})
	if err != nil {
		return "", err
	}
	text := encode(head) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPSS(rand.Reader, k.private, crypto.SHA256, sum[:], pss)
	return text + "." + encode(signature), err
}

// LooksLikeToken reports whether a credential may be a token, and can't be an
// API key.
func LooksLikeToken(presented string) bool {
	return len(presented) <= maxAccessToken && strings.HasPrefix(presented, "ey") && strings.Count(presented, ".") == 2
}

// TokenKey returns the id of the key that a presented token says it was signed
// with. ok is false for what we can't have made.
func TokenKey(presented string) (id string, ok bool) {
	first, _, _ := strings.Cut(presented, ".")
	var h tokenHeader
	if !LooksLikeToken(presented) || decode(first, &h) != nil || h.Algorithm != tokenAlgorithm || h.Type != tokenType || h.Key == "" {
		return "", false
	}
	return h.Key, true
}

var errNotOurs = errors.New("the token is not of this server, or is over")

// Read checks a presented token of this key and returns what it says: that this
// server signed it, for itself, and that it is not over at now.
func (k SigningKey) Read(presented, server string, now time.Time) (AccessToken, error) {
	cut := strings.LastIndexByte(presented, '.')
	if id, ok := TokenKey(presented); !ok || id != k.ID || !k.Checks(now) {
		return AccessToken{}, errNotOurs
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(presented[cut+1:])
	if err != nil {
		return AccessToken{}, errNotOurs
	}
	sum := sha256.Sum256([]byte(presented[:cut]))
	if rsa.VerifyPSS(k.Public(), crypto.SHA256, sum[:], signature, pss) != nil {
		return AccessToken{}, errNotOurs
	}
	return readClaims(presented[:cut], server, now)
}

// readClaims reads what a signed text says.
func readClaims(text, server string, now time.Time) (AccessToken, error) {
	_, payload, _ := strings.Cut(text, ".")
	var c tokenClaims
	if err := decode(payload, &c); err != nil {
		return AccessToken{}, errNotOurs
	}
	t := AccessToken{ID: c.ID, Account: c.Subject, Version: c.Version, Issued: time.Unix(c.Issued, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC()}
	var known bool
	t.IdentityID, known = ParseOIDCIdentityID(c.Identity)
	if !known || c.Issuer != server || c.Audience != server || !t.Live(now) {
		return AccessToken{}, errNotOurs
	}
	return t, nil
}

// Live reports whether the token counts at now. One that would live longer than
// any that we make is not ours, whoever signed it.
func (t AccessToken) Live(now time.Time) bool {
	return now.Before(t.Expires) && !t.Expires.After(now.Add(TokenLife+clockSkew))
}

// clockSkew is how far the clocks of two replicas may be apart.
const clockSkew = time.Minute

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(part string, into any) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
