package web_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/keyport/keyport/web"
)

// loopbackIssuers lets a server ask issuers on this machine.
func loopbackIssuers(o *web.Options) {
	o.EgressAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// jobIssuer is a CI service: it signs tokens for its jobs and publishes the key.
type jobIssuer struct {
	t   *testing.T
	url string
	key *rsa.PrivateKey
	now func() time.Time
}

func newJobIssuer(t *testing.T, now func() time.Time) *jobIssuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &jobIssuer{t: t, key: key, now: now}
	mux := http.NewServeMux()
	answer := func(path string, document func() map[string]any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(document())
		})
	}
	answer("/.well-known/openid-configuration", func() map[string]any {
		return map[string]any{"issuer": i.url, "jwks_uri": i.url + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}}
	})
	answer("/keys", func() map[string]any {
		return map[string]any{"keys": []any{map[string]any{"kid": "1", "kty": "RSA", "use": "sig", "alg": "RS256",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// token signs what a job is.
func (i *jobIssuer) token(audience, subject string) string {
	i.t.Helper()
	now := i.now()
	part := func(v map[string]any) string {
		b, err := json.Marshal(v)
		if err != nil {
			i.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]any{"alg": "RS256", "kid": "1", "typ": "JWT"}) + "." +
		part(map[string]any{"iss": i.url, "aud": audience, "sub": subject, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()})
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
