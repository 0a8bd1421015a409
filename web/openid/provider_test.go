package openid_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web/oidctest"
	"github.com/keyport/keyport/web/openid"
)

const redirect = "http://127.0.0.1:1/sign-in/sso/callback"

func optionsFor(issuer string) openid.Options {
	return openid.Options{Issuer: issuer, ClientID: "keyport", ClientSecret: "a secret", RedirectURL: redirect, Scopes: []string{"openid", "email", "profile"}, Log: slog.New(slog.DiscardHandler)}
}

// finish signs in as maya at the provider and hands its answer to ours.
func finish(t *testing.T, at *oidctest.Provider, ours *openid.Provider) (models.Assertion, error) {
	t.Helper()
	secret := models.NewSignOnSecret()
	address, err := ours.Begin(t.Context(), secret, false)
	if err != nil {
		t.Fatal(err)
	}
	return ours.Finish(t.Context(), secret, at.SignIn(t, address, "maya").Query())
}

func start(t *testing.T) *oidctest.Provider {
	t.Helper()
	p := oidctest.Start(t)
	p.SetClient(oidctest.Client{ID: "keyport", Secret: "a secret", Redirect: redirect})
	p.SetPerson(oidctest.Person{Subject: "1", Username: "maya", Password: "secret", Name: "Maya", Email: "maya@example.com", Groups: []string{"a", "b"}})
	return p
}

func TestAssertion(t *testing.T) {
	at := start(t)
	o := optionsFor(at.Issuer)
	o.GroupsClaim = "groups"
	got, err := finish(t, at, openid.New(o))
	if err != nil || got.Issuer != at.Issuer || got.Subject != "1" || got.Email != "maya@example.com" || !got.EmailVerified || got.Username != "maya" || got.DisplayName != "Maya" || strings.Join(got.Groups, " ") != "a b" {
		t.Errorf("got %+v, %v", got, err)
	}
	o.GroupsClaim = ""
	if got, err = finish(t, at, openid.New(o)); err != nil || got.Groups != nil {
		t.Errorf("without the claim: got the groups %q, %v", got.Groups, err)
	}
	defer at.Misbehave(oidctest.Faults{UserInfo: func(c map[string]any) { c["email_verified"] = "true" }})()
	if got, err = finish(t, at, openid.New(o)); err != nil || !got.EmailVerified {
		t.Errorf("true as text: got %+v, %v", got, err)
	}
}

// A secret that the provider only takes in the form is sent there, and a code is
// never sent twice to find out.
func TestClientSecretInTheForm(t *testing.T) {
	at := start(t)
	var exchanges atomic.Int32
	defer at.Misbehave(oidctest.Faults{
		Discovery: func(d map[string]any) {
			d["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
		},
		Instead: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/oauth/token" {
				exchanges.Add(1)
				if _, _, basic := r.BasicAuth(); basic {
					t.Error("the secret came in the header")
				}
			}
			return false
		},
	})()
	if _, err := finish(t, at, openid.New(optionsFor(at.Issuer))); err != nil || exchanges.Load() != 1 {
		t.Errorf("%d exchanges, %v", exchanges.Load(), err)
	}
	wrong := optionsFor(at.Issuer)
	wrong.ClientSecret = "another secret"
	if _, err := finish(t, at, openid.New(wrong)); models.KindOf(err) != models.Forbidden || exchanges.Load() != 2 {
		t.Errorf("with a wrong secret: %d exchanges, %v", exchanges.Load(), err)
	}
}

// A provider that says that it names itself in each answer must do so.
func TestIssuerMissingInTheAnswer(t *testing.T) {
	at := start(t)
	defer at.Misbehave(oidctest.Faults{Discovery: func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }})()
	if _, err := finish(t, at, openid.New(optionsFor(at.Issuer))); models.KindOf(err) != models.Forbidden {
		t.Errorf("error = %v, want a refusal", err)
	}
}

// What a provider says of itself decides where secrets go, so none of it is
// believed that is not its own and not encrypted.
func TestDiscoveryRefused(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(d map[string]any) { d[name] = value }
	}
	tests := []struct {
		name   string
		faults oidctest.Faults
	}{
		{"another issuer", oidctest.Faults{Discovery: set("issuer", "https://evil.example")}},
		{"issuer with a slash", oidctest.Faults{Discovery: func(d map[string]any) { d["issuer"] = d["issuer"].(string) + "/" }}},
		{"authorization endpoint without https", oidctest.Faults{Discovery: set("authorization_endpoint", "http://login.example.com/a")}},
		{"authorization endpoint that runs", oidctest.Faults{Discovery: set("authorization_endpoint", "javascript:alert(1)")}},
		{"token endpoint without https", oidctest.Faults{Discovery: set("token_endpoint", "http://192.0.2.1/t")}},
		{"no token endpoint", oidctest.Faults{Discovery: set("token_endpoint", "")}},
		{"no keys", oidctest.Faults{Discovery: set("jwks_uri", "")}},
		{"UserInfo without https", oidctest.Faults{Discovery: set("userinfo_endpoint", "http://login.example.com/u")}},
		{"nonsense", oidctest.Faults{Instead: answering(200, "<html>")}},
		{"not found", oidctest.Faults{Instead: answering(404, "")}},
		{"leads elsewhere", oidctest.Faults{Instead: func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://evil.example/.well-known/openid-configuration", http.StatusFound)
			return true
		}}},
		{"endless", oidctest.Faults{Instead: answering(200, `{"issuer":"`+strings.Repeat("x", 2<<20)+`"}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := start(t)
			at.Misbehave(tt.faults)
			var log bytes.Buffer
			o := optionsFor(at.Issuer)
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			_, err := openid.New(o).Begin(t.Context(), models.NewSignOnSecret(), false)
			if models.KindOf(err) != models.Unavailable || log.Len() == 0 || log.Len() > 1000 {
				t.Errorf("error = %v, log = %.2000s", err, log.String())
			}
		})
	}
}

func answering(status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write([]byte(body))
		return true
	}
}

// A provider that comes up after Keyport is found, and one that goes away again
// is not missed before it is needed.
func TestProviderComesAndGoes(t *testing.T) {
	at := start(t)
	var up atomic.Bool
	at.Misbehave(oidctest.Faults{Instead: func(w http.ResponseWriter, r *http.Request) bool {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
		return !up.Load()
	}})
	ours := openid.New(optionsFor(at.Issuer))
	begin := func() error {
		_, err := ours.Begin(t.Context(), models.NewSignOnSecret(), false)
		return err
	}
	if err := begin(); models.KindOf(err) != models.Unavailable || models.Refusal(err).RetryAfter == 0 {
		t.Fatalf("error = %v, want unavailable", err)
	}
	up.Store(true)
	for deadline := time.Now().Add(10 * time.Second); begin() != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the provider is back and is not found")
		}
	}
	up.Store(false)
	if err := begin(); err != nil {
		t.Errorf("the first step needs no provider any more: %v", err)
	}
	if _, err := ours.Finish(t.Context(), models.NewSignOnSecret(), url.Values{"code": {"x"}}); models.KindOf(err) != models.Unavailable {
		t.Errorf("the second step: error = %v, want unavailable", err)
	}
}

// Nobody waits long for a provider that doesn't answer, however many ask, and it
// isn't asked more than needed.
func TestProviderHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var calls atomic.Int32
	go func() {
		for {
			c, err := l.Accept() // and never says a word
			if err != nil {
				return
			}
			calls.Add(1)
			defer c.Close()
		}
	}()
	ours := openid.New(optionsFor("http://" + l.Addr().String()))
	began := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := ours.Begin(context.Background(), models.NewSignOnSecret(), false); models.KindOf(err) != models.Unavailable {
				t.Errorf("error = %v, want unavailable", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 12*time.Second || calls.Load() > 2 {
		t.Errorf("took %v and %d calls, want one call and less than 12 s", took, calls.Load())
	}
}

func TestCheckURL(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://login.example.com": true, "https://login.example.com:8443/realms/x": true, "http://127.0.0.1:8080": true, "http://[::1]:1": true, "http://localhost": true,
		"http://login.example.com": false, "http://127.0.0.1.example.com": false, "http://localhost.example.com": false, "https://": false, "ftp://127.0.0.1": false, "login.example.com": false, "http://10.0.0.1": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := openid.CheckURL(u) == nil; got != ok {
			t.Errorf("%s: accepted %t, want %t", address, got, ok)
		}
	}
}

// An answer over encryption that can't be trusted is none.
func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	if _, err := openid.New(optionsFor(server.URL)).Begin(t.Context(), models.NewSignOnSecret(), false); models.KindOf(err) != models.Unavailable {
		t.Errorf("error = %v, want unavailable", err)
	}
}
