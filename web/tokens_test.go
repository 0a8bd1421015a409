package web_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/oidctest"
	"github.com/keyport/keyport/web/webtest"
)

// allowLoopback lets the portal ask issuers on this machine.
func allowLoopback(o *web.Options) {
	o.EgressAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

const (
	jobSubject  = "repo:example/app:ref:refs/heads/main"
	exchangeURN = "urn:ietf:params:oauth:grant-type:token-exchange"
	jwtURN      = "urn:ietf:params:oauth:token-type:jwt"
)

// workshop is a portal whose robot trusts the jobs of an issuer.
type workshop struct {
	t        *testing.T
	f        *storetest.Fixture
	site     *webtest.Site
	issuer   *oidctest.Issuer
	guid     string // of the robot
	identity models.OIDCIdentity
}

func openWorkshop(t *testing.T, f *storetest.Fixture, change ...func(*web.Options)) *workshop {
	t.Helper()
	w := &workshop{t: t, f: f, site: webtest.New(t, f.Store, append([]func(*web.Options){allowLoopback}, change...)...), issuer: oidctest.StartIssuer(t)}
	w.identity = w.trust("repo:example/*:ref:refs/heads/main", "")
	list, err := f.Store.OIDCIdentities(storetest.Console(), f.Robot.ID, models.Page{})
	if err != nil {
		t.Fatal(err)
	}
	w.guid = list.ExternalID
	return w
}

func (w *workshop) trust(subject, audience string) models.OIDCIdentity {
	w.t.Helper()
	made, err := w.f.Store.AddOIDCIdentity(storetest.Console(), w.f.Robot.ID, models.NewOIDCIdentity{Name: "Main build", Issuer: w.issuer.URL, Subject: subject, Audience: audience})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// job returns a token that the issuer gives to a job now.
func (w *workshop) job() string {
	return w.issuer.Token(w.issuer.Job(jobSubject, w.guid, w.f.Store.Now()))
}

// body is the request to exchange a token, as JSON.
func (w *workshop) body(token string) string {
	text, _ := json.Marshal(map[string]string{"grant_type": exchangeURN, "audience": w.guid, "subject_token": token, "subject_token_type": jwtURN})
	return string(text)
}

// token exchanges the token of a job.
func (w *workshop) token() string {
	w.t.Helper()
	token, _ := w.site.Client().JSON(http.MethodPost, "/token/v1", w.body(w.job())).Want(200).JSON()["access_token"].(string)
	if token == "" {
		w.t.Fatal("there is no access_token")
	}
	return token
}

// by returns a client that sends an access token.
func (w *workshop) by(token string) *webtest.Client {
	c := w.site.Client()
	c.Header.Set("Authorization", "Bearer "+token)
	return c
}

// The calls of the login action and of the command line, with what they read of
// the answers and no more.
func TestLoginActionSequence(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		plain := w.site.Client()
		plain.Header.Set("User-Agent", "Go-http-client/1.1")

		found := plain.Get("/.well-known/openid-configuration").Want(200)
		checkGolden(t, "openid-configuration", found.Body, `http://127\.0\.0\.1:\d+`, "https://keys.example.com")
		endpoint, ok := strings.CutPrefix(found.JSON()["token_endpoint"].(string), w.site.URL)
		if !ok {
			t.Fatalf("the token endpoint is %v", found.JSON()["token_endpoint"])
		}
		answer := plain.JSON(http.MethodPost, endpoint, w.body(w.job())).Want(200)
		checkGolden(t, "token", answer.Body, `"access_token": "[^"]+"`, `"access_token": "TOKEN"`)
		if got := answer.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control: %q", got)
		}
		token := answer.JSON()["access_token"].(string)

		octopus := w.by(token)
		octopus.Header.Set("User-Agent", "go-octopusdeploy/2.114.1 (linux; amd64) go/1.26 NoneOrUnknown octopus/2.24.0 (login)")
		octopus.Get("/api/").Want(200)
		octopus.Get("/api/spaces").Want(200)
		me := octopus.Get("/api/users/me").Want(200).JSON()
		if me["Id"] != f.Robot.PublicID() || me["IsService"] != true || me["IsRequestor"] != true {
			t.Errorf("me: %v", me)
		}

		refused := plain.JSON(http.MethodPost, endpoint, w.body("not.a.token")).Want(400).JSON()
		if refused["error"] != "invalid_request" || refused["error_description"] == "" || refused["error_description"] == nil {
			t.Errorf("a refusal: %v", refused)
		}
		keys := plain.Get("/.well-known/jwks").Want(200)
		checkGolden(t, "jwks", keys.Body, `"kid": "[^"]+"`, `"kid": "KID"`, `"n": "[^"]{342}"`, `"n": "MODULUS"`)
		if again := plain.Get("/api/.well-known/jwks").Want(200); again.Body != keys.Body {
			t.Error("the two key sets differ")
		}
	})
}

func TestTokenExchangeByForm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		form := url.Values{"grant_type": {exchangeURN}, "audience": {w.guid}, "subject_token": {w.job()}, "subject_token_type": {jwtURN}}
		for _, path := range []string{"/token/v1", "/api/token/v1", "/API/Token/v1"} {
			for _, contentType := range []string{"application/x-www-form-urlencoded", "text/plain", ""} {
				a := w.site.Client().Do(http.MethodPost, path, form.Encode(), http.Header{"Content-Type": {contentType}}).Want(200).JSON()
				if a["token_type"] != "Bearer" || a["expires_in"] != 3600.0 {
					t.Errorf("%s: %v", path, a)
				}
			}
		}
		broken := w.site.WithKey("API-NOTAKEY") // no credential is looked at
		broken.Do(http.MethodPost, "/api/token/v1", form.Encode(), nil).Want(200)
		broken.Do(http.MethodPost, "/token/v1", w.body(w.job()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}).Want(200)
	})
}

// Below a path, everything is found below it.
func TestTokensBelowAPath(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f, func(o *web.Options) { o.PublicURL.Path = "/octo" })
		found := w.site.Client().Get("/octo/.well-known/openid-configuration").Want(200).JSON()
		for name, path := range map[string]string{"issuer": "", "token_endpoint": "/token/v1", "jwks_uri": "/.well-known/jwks"} {
			if want := w.site.URL + "/octo" + path; found[name] != want {
				t.Errorf("%s is %v, want %s", name, found[name], want)
			}
		}
		token := w.site.Client().JSON(http.MethodPost, "/octo/token/v1", w.body(w.job())).Want(200).JSON()["access_token"].(string)
		w.by(token).Get("/octo/api/users/me").Want(200)
		_, secret := f.Issue(f.Admin, models.NewKey{})
		list := w.site.WithKey(secret.Reveal()).Get("/octo" + oidcPath(f.Robot) + "/v1").Want(200).JSON()
		self := list["OidcIdentities"].([]any)[0].(map[string]any)["Links"].(map[string]any)["Self"]
		if want := "/octo" + oidcPath(f.Robot) + "/" + w.identity.PublicID() + "/v1"; self != want || list["ServerUrl"] != w.site.URL+"/octo" {
			t.Errorf("Self is %v, want %s; ServerUrl is %v", self, want, list["ServerUrl"])
		}
	})
}

// An independent reader accepts what we sign, by our discovery and our keys.
func TestAccessTokenIsStandard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		token := w.token()
		provider, err := oidc.NewProvider(t.Context(), w.site.URL)
		if err != nil {
			t.Fatal(err)
		}
		checked, err := provider.Verifier(&oidc.Config{ClientID: w.site.URL, Now: f.Store.Now}).Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if checked.Subject != w.guid || checked.Expiry.Sub(checked.IssuedAt) != time.Hour || checked.Expiry.After(f.Store.Now().Add(time.Hour)) {
			t.Errorf("got %+v", checked)
		}
		var head map[string]string
		text, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		if err := json.Unmarshal(text, &head); err != nil || head["alg"] != "PS256" || head["typ"] != "at+jwt" {
			t.Errorf("the header is %s", text)
		}
	})
}

// Whatever is wrong with a token, the answer is the same but for its reference,
// and nothing is written.
// An exchange is in the audit trail, and so is what is done by the token.
// A token is a credential of the REST API, as a bearer credential, and of
// nothing else.
// Even who persuades somebody to trust this very server gets nothing of it.
// A key that a token makes ends with the token at the latest, through any chain
// of keys that make keys.
// A token of an account that may edit users invites nobody for longer than it
// lives itself.
// Without leave of the operator nothing on this machine is called, and nothing
// at all before somebody here has named the issuer.
// Custom audiences, several identities and wildcards, each by a token of its
// own.
// Two replicas sign and check each other's tokens, before and after a change of
// keys.
