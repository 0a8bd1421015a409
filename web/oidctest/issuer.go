package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Issuer signs tokens for jobs, as CI services do, and publishes its keys. Each
// job has what its service says of it in the token.
type Issuer struct {
	URL string

	mu      sync.Mutex
	keys    []jose.JSONWebKey // newest last
	calls   map[string]int
	instead func(w http.ResponseWriter, r *http.Request) bool
}

// StartIssuer runs an issuer until the end of the test.
func StartIssuer(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{calls: map[string]int{}}
	i.Rotate(true)
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Rotate makes a new key and signs with it from now on. The others are still
// published, or not.
func (i *Issuer) Rotate(keep bool) {
	private := must(rsa.GenerateKey(rand.Reader, 2048))
	i.mu.Lock()
	defer i.mu.Unlock()
	if !keep {
		i.keys = nil
	}
	i.keys = append(i.keys, jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"})
}

// Calls returns how often a path was asked for.
func (i *Issuer) Calls(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls[path]
}

// ServeHTTP answers what the issuer says of itself, and its keys.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.calls[r.URL.Path]++
	instead, set := i.instead, jose.JSONWebKeySet{}
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	i.mu.Unlock()
	if instead != nil && instead(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		json.NewEncoder(w).Encode(i.Document())
	case "/keys":
		json.NewEncoder(w).Encode(set)
	default:
		http.NotFound(w, r)
	}
}

// Document is what the issuer says of itself.
func (i *Issuer) Document() map[string]any {
	return map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}}
}

// Misbehave lets a function answer from now on, unless it returns false; nil
// takes it back.
func (i *Issuer) Misbehave(instead func(w http.ResponseWriter, r *http.Request) bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.instead = instead
}

// Job returns what a token for a job says, given out at that time.
func (i *Issuer) Job(subject, audience string, at time.Time) map[string]any {
	return map[string]any{"iss": i.URL, "sub": subject, "aud": audience, "iat": at.Unix(), "nbf": at.Unix(), "exp": at.Add(5 * time.Minute).Unix(), "jti": rand.Text()}
}

// Token signs what a token says, with the newest key.
func (i *Issuer) Token(claims map[string]any) string { return i.Signed(claims, Rightly) }

// Signed signs it as asked.
func (i *Issuer) Signed(claims map[string]any, how Signature) string {
	payload := must(json.Marshal(claims))
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	by := jose.SigningKey{Algorithm: jose.RS256, Key: key}
	switch how {
	case ByNobody:
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	case ByAnotherKey:
		by.Key = jose.JSONWebKey{Key: must(rsa.GenerateKey(rand.Reader, 2048)), KeyID: key.KeyID}
	case ByThePublicKey, ByTheSecret:
		by = jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: must(json.Marshal(key.Public())), KeyID: key.KeyID}}
	}
	return must(must(must(jose.NewSigner(by, nil)).Sign(payload)).CompactSerialize())
}
