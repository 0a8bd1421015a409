package openid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/web/egress"
	"github.com/keyport/keyport/web/oidctest"
	"github.com/keyport/keyport/web/openid"
)

// movable is a clock that stands still until it is moved.
type movable struct {
	mu sync.Mutex
	at time.Time
}

func (m *movable) now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.at }

func (m *movable) advance(d time.Duration) { m.mu.Lock(); defer m.mu.Unlock(); m.at = m.at.Add(d) }

func checker(t *testing.T) (*oidctest.Issuer, *openid.Issuers, *movable) {
	t.Helper()
	guard := &egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	clock := &movable{at: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	return oidctest.StartIssuer(t), openid.NewIssuers(guard.Client(64<<10), clock.now), clock
}

const (
	discovery = "/.well-known/openid-configuration"
	keySet    = "/keys"
)

func TestIssuersVerify(t *testing.T) {
	at, issuers, clock := checker(t)
	claims := at.Job("repo:a/b", "me", clock.now())
	for range 3 {
		got, err := issuers.Verify(t.Context(), at.URL, at.Token(claims))
		if err != nil || got.Subject != "repo:a/b" || got.Issuer != at.URL || len(got.Audience) != 1 || got.Audience[0] != "me" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if at.Calls(discovery) != 1 || at.Calls(keySet) != 1 {
		t.Errorf("asked %d times for the document and %d times for the keys, want once each", at.Calls(discovery), at.Calls(keySet))
	}
}

func TestIssuersRefuse(t *testing.T) {
	at, issuers, clock := checker(t)
	in := func(d time.Duration) int64 { return clock.now().Add(d).Unix() }
	tests := []struct {
		name   string
		change func(c map[string]any)
		how    oidctest.Signature
	}{
		{"over", func(c map[string]any) { c["exp"] = in(-time.Second) }, oidctest.Rightly},
		{"without end", func(c map[string]any) { delete(c, "exp") }, oidctest.Rightly},
		{"not yet", func(c map[string]any) { c["nbf"] = in(time.Hour) }, oidctest.Rightly},
		{"from the future", func(c map[string]any) { c["iat"] = in(time.Hour) }, oidctest.Rightly},
		{"another issuer", func(c map[string]any) { c["iss"] = "https://other.example" }, oidctest.Rightly},
		{"no issuer", func(c map[string]any) { delete(c, "iss") }, oidctest.Rightly},
		{"no subject", func(c map[string]any) { delete(c, "sub") }, oidctest.Rightly},
		{"a list for the subject", func(c map[string]any) { c["sub"] = []string{"a"} }, oidctest.Rightly},
		{"alg none", nil, oidctest.ByNobody},
		{"another key of that name", nil, oidctest.ByAnotherKey},
		{"the public key as a secret", nil, oidctest.ByThePublicKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock.advance(time.Minute)
			claims := at.Job("repo:a/b", "me", clock.now())
			if tt.change != nil {
				tt.change(claims)
			}
			token := at.Signed(claims, tt.how)
			got, err := issuers.Verify(t.Context(), at.URL, token)
			if err == nil {
				t.Fatalf("accepted: %+v", got)
			}
			if parts := strings.Split(token, "."); strings.Contains(err.Error(), parts[1]) || parts[2] != "" && strings.Contains(err.Error(), parts[2]) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
	for _, nonsense := range []string{"", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.x", strings.Repeat("x", 1000)} {
		if _, err := issuers.Verify(t.Context(), at.URL, nonsense); err == nil {
			t.Errorf("%.20q is accepted", nonsense)
		}
	}
}

func TestIssuersThatMisbehave(t *testing.T) {
	document := func(change func(d map[string]any)) func(*oidctest.Issuer) func(http.ResponseWriter, *http.Request) bool {
		return func(at *oidctest.Issuer) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != discovery {
					return false
				}
				d := at.Document()
				change(d)
				writeJSON(w, d)
				return true
			}
		}
	}
	simply := func(path string, answer http.HandlerFunc) func(*oidctest.Issuer) func(http.ResponseWriter, *http.Request) bool {
		return func(*oidctest.Issuer) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == path {
					answer(w, r)
				}
				return r.URL.Path == path
			}
		}
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for chunk := []byte(strings.Repeat(" ", 1<<12)); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name string
		how  func(*oidctest.Issuer) func(http.ResponseWriter, *http.Request) bool
	}{
		{"says it is another", document(func(d map[string]any) { d["issuer"] = "https://other.example" })},
		{"keys over http", document(func(d map[string]any) { d["jwks_uri"] = "http://other.example/keys" })},
		{"keys inside", document(func(d map[string]any) { d["jwks_uri"] = "https://169.254.169.254/keys" })},
		{"keys on another machine of ours", document(func(d map[string]any) { d["jwks_uri"] = "https://10.0.0.1/keys" })},
		{"no keys", document(func(d map[string]any) { delete(d, "jwks_uri") })},
		{"keys in a file", document(func(d map[string]any) { d["jwks_uri"] = "file:///etc/passwd" })},
		{"only secrets", document(func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256", "none"} })},
		{"away", simply(discovery, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })},
		{"leads elsewhere", simply(discovery, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		})},
		{"its keys lead elsewhere", simply(keySet, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/keys2", http.StatusFound)
		})},
		{"an endless document", simply(discovery, endless)},
		{"endless keys", simply(keySet, endless)},
		{"keys that are none", simply(keySet, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[{"kty":"oct","k":"AAAA"}]}`) })},
		{"a page", simply(discovery, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<html>`) })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, issuers, clock := checker(t)
			at.Misbehave(tt.how(at))
			token := func() string { return at.Signed(at.Job("repo:a/b", "me", clock.now()), oidctest.Rightly) }
			if tt.name == "only secrets" {
				token = func() string { return at.Signed(at.Job("repo:a/b", "me", clock.now()), oidctest.ByThePublicKey) }
			}
			if got, err := issuers.Verify(t.Context(), at.URL, token()); err == nil {
				t.Fatalf("accepted: %+v", got)
			}
			at.Misbehave(nil)
			clock.advance(2 * time.Hour)
			if _, err := issuers.Verify(t.Context(), at.URL, at.Token(at.Job("repo:a/b", "me", clock.now()))); err != nil {
				t.Errorf("well again: %v", err)
			}
		})
	}
}

func TestIssuersFollowNewKeys(t *testing.T) {
	at, issuers, clock := checker(t)
	verify := func() error {
		_, err := issuers.Verify(t.Context(), at.URL, at.Token(at.Job("repo:a/b", "me", clock.now())))
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	old := at.Token(at.Job("repo:a/b", "me", clock.now().Add(2*time.Hour)))
	clock.advance(time.Minute)
	at.Rotate(false)
	if err := verify(); err != nil {
		t.Errorf("with a new key: %v", err)
	}
	if got := at.Calls(keySet); got != 2 {
		t.Errorf("the keys were read %d times, want 2", got)
	}
	clock.advance(2 * time.Hour)
	if _, err := issuers.Verify(t.Context(), at.URL, old); err == nil {
		t.Error("a key that is no longer published is believed for hours")
	}
}

// Whoever sends forged tokens doesn't make us call the issuer for each, and
// doesn't keep others from being checked.
func TestForgedTokensDontCostCalls(t *testing.T) {
	at, issuers, clock := checker(t)
	good := at.Token(at.Job("repo:a/b", "me", clock.now()))
	forged := at.Signed(at.Job("repo:a/b", "me", clock.now()), oidctest.ByAnotherKey)
	for range 50 {
		if _, err := issuers.Verify(t.Context(), at.URL, forged); err == nil {
			t.Fatal("a forged token is accepted")
		}
		if _, err := issuers.Verify(t.Context(), at.URL, good); err != nil {
			t.Fatal(err)
		}
	}
	if got := at.Calls(keySet); got > 2 {
		t.Errorf("the keys were read %d times", got)
	}
}

// An issuer that is away is believed for a day, and asked now and then.
func TestIssuerAway(t *testing.T) {
	at, issuers, clock := checker(t)
	verify := func() error {
		_, err := issuers.Verify(t.Context(), at.URL, at.Token(at.Job("repo:a/b", "me", clock.now())))
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	at.Misbehave(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	clock.advance(5 * time.Hour)
	for range 5 {
		if err := verify(); err != nil {
			t.Errorf("after five hours: %v", err)
		}
	}
	if got := at.Calls(discovery); got != 2 {
		t.Errorf("asked %d times, want 2: one that gave no answer is left alone for a while", got)
	}
	clock.advance(20 * time.Hour)
	if err := verify(); err == nil {
		t.Error("believed after more than a day")
	}
	at.Misbehave(nil)
	clock.advance(3 * time.Second)
	if err := verify(); err != nil {
		t.Errorf("back again: %v", err)
	}
}

// Many that come at once wait for one answer.
func TestIssuerIsAskedOnce(t *testing.T) {
	at, issuers, clock := checker(t)
	token := at.Token(at.Job("repo:a/b", "me", clock.now()))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := issuers.Verify(t.Context(), at.URL, token); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if at.Calls(discovery) != 1 || at.Calls(keySet) != 1 {
		t.Errorf("asked %d and %d times, want once each", at.Calls(discovery), at.Calls(keySet))
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
