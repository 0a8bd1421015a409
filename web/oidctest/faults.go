package oidctest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	jose "github.com/go-jose/go-jose/v4"
)

// Faults are ways to misbehave. Each function may change what the real provider
// answers; the zero value changes nothing.
type Faults struct {
	Discovery func(document map[string]any)
	Token     func(answer map[string]any)
	Claims    func(claims map[string]any) // of the ID token, which is signed again
	Sign      Signature                   // how it is signed again
	UserInfo  func(claims map[string]any)
	Keys      func(set map[string]any)
	Instead   func(w http.ResponseWriter, r *http.Request) bool // answers itself, or returns false
}

// Signature is a way to sign a token.
type Signature int

// The ways.
const (
	Rightly        Signature = iota
	ByAnotherKey             // that the provider does not publish
	ByNobody                 // alg none
	ByTheSecret              // HS256 with the client's secret
	ByThePublicKey           // HS256 with the published key as the secret
)

// Misbehave makes the provider answer with faults from now on. The function
// takes them back.
func (p *Provider) Misbehave(f Faults) (stop func()) {
	p.faults.set(f)
	return func() { p.faults.set(Faults{}) }
}

type faults struct {
	mu sync.Mutex
	Faults
}

func (f *faults) set(to Faults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Faults = to
}

func (f *faults) now() Faults {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Faults
}

// serve lets the real provider answer and changes what it says.
func (f *faults) serve(p *Provider, w http.ResponseWriter, r *http.Request) {
	now := f.now()
	if now.Instead != nil && now.Instead(w, r) {
		return
	}
	answer := httptest.NewRecorder()
	p.op.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		body = edit(body, now.Discovery)
	case "/userinfo":
		body = edit(body, now.UserInfo)
	case "/keys":
		body = edit(body, now.Keys)
	case "/oauth/token":
		if answer.Code == http.StatusOK && (now.Claims != nil || now.Sign != Rightly) {
			body = edit(body, func(token map[string]any) { token["id_token"] = p.signAgain(token["id_token"].(string), now) })
		}
		body = edit(body, now.Token)
	}
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	w.Write(body)
}

// edit changes a JSON object.
func edit(body []byte, change func(map[string]any)) []byte {
	if change == nil {
		return body
	}
	var object map[string]any
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber()
	if numbers.Decode(&object) != nil {
		return body
	}
	change(object)
	return must(json.Marshal(object))
}

// signAgain changes the claims of a token and signs it as asked.
func (p *Provider) signAgain(token string, f Faults) string {
	claims := must(base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1]))
	claims = edit(claims, f.Claims)
	if f.Sign == ByNobody {
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
		return header + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
	}
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.storage.key, KeyID: keyID}}
	switch f.Sign {
	case ByAnotherKey:
		key.Key = jose.JSONWebKey{Key: must(rsa.GenerateKey(rand.Reader, 2048)), KeyID: keyID}
	case ByTheSecret:
		key = jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: []byte(p.storage.aSecret()), KeyID: keyID}}
	case ByThePublicKey:
		public := must(json.Marshal(jose.JSONWebKey{Key: &p.storage.key.PublicKey, KeyID: keyID}))
		key = jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: keyID}}
	}
	return must(must(must(jose.NewSigner(key, nil)).Sign(claims)).CompactSerialize())
}

// aSecret returns the secret of one of the clients.
func (s *storage) aSecret() (secret string) {
	s.locked(func() {
		for _, c := range s.clients {
			secret = c.Secret
		}
	})
	return secret
}

// must is for what can't fail here.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}
