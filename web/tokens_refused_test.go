package web_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/oidctest"
)

func TestTokenExchangeRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		custom := w.trust("other-*", "api://keyport")
		_, secret := usable(t, f, f.Robot)
		in := func(d time.Duration) int64 { return f.Store.Now().Add(d).Unix() }
		stranger := oidctest.StartIssuer(t)
		tests := []struct {
			name   string
			change func(c map[string]any)
			how    oidctest.Signature
		}{
			{"over", func(c map[string]any) { c["exp"] = in(-time.Second) }, oidctest.Rightly},
			{"without end", func(c map[string]any) { delete(c, "exp") }, oidctest.Rightly},
			{"not yet", func(c map[string]any) { c["nbf"] = in(time.Hour) }, oidctest.Rightly},
			{"another audience", func(c map[string]any) { c["aud"] = "api://keyport" }, oidctest.Rightly},
			{"another subject", func(c map[string]any) { c["sub"] = "repo:example/app:ref:refs/heads/other" }, oidctest.Rightly},
			{"another case of the subject", func(c map[string]any) { c["sub"] = "repo:Example/app:ref:refs/heads/main" }, oidctest.Rightly},
			{"the custom audience's subject with the usual audience", func(c map[string]any) { c["sub"] = "other-7" }, oidctest.Rightly},
			{"an issuer that nobody named", func(c map[string]any) { c["iss"] = stranger.URL }, oidctest.Rightly},
			{"a forged signature", nil, oidctest.ByAnotherKey},
			{"no signature", nil, oidctest.ByNobody},
			{"the public key as a secret", nil, oidctest.ByThePublicKey},
		}
		var description string
		check := func(name, body string) {
			t.Helper()
			before := census(f) + f.Count("SELECT count(*) FROM events")
			a := w.site.Client().JSON(http.MethodPost, "/token/v1", body)
			said, _ := a.JSON()["error_description"].(string)
			said, reference, _ := strings.Cut(said, "under the reference ")
			if a.Status != 400 || a.JSON()["error"] != "invalid_request" || said == "" || reference == "" || description != "" && said != description {
				t.Errorf("%s: got %d %s, want the same refusal as the others", name, a.Status, a.Body)
			}
			if description = said; census(f)+f.Count("SELECT count(*) FROM events") != before {
				t.Errorf("%s: something was written", name)
			}
			if !strings.Contains(w.site.Log(), strings.TrimSuffix(reference, ".")+`","account":`) {
				t.Errorf("%s: the log does not say why, under %s", name, reference)
			}
		}
		for _, tt := range tests {
			claims := w.issuer.Job(jobSubject, w.guid, f.Store.Now())
			if tt.change != nil {
				tt.change(claims)
			}
			check(tt.name, w.body(w.issuer.Signed(claims, tt.how)))
		}
		guid := w.guid
		for name, audience := range map[string]string{"an account that is not there": "7d0f1fcd-5fb0-4a52-9fb4-8d1f6b1f0a11", "the account's user id": f.Robot.PublicID(), "NUL": "a\x00b", "the custom audience": custom.Audience} {
			w.guid = audience
			check(name, w.body(w.issuer.Token(w.issuer.Job(jobSubject, audience, f.Store.Now()))))
		}
		w.guid = guid
		if err := f.Store.RemoveOIDCIdentity(storetest.Console(), f.Robot.ID, custom.ID); err != nil {
			t.Fatal(err)
		}
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Robot.ID)
		check("an inactive account", w.body(w.job()))
		f.Exec("UPDATE users SET is_active = ? WHERE id = ?", true, f.Robot.ID)
		if err := f.Store.RemoveOIDCIdentity(storetest.Console(), f.Robot.ID, w.identity.ID); err != nil {
			t.Fatal(err)
		}
		check("no identity any more", w.body(w.job()))
		if got := stranger.Calls("/.well-known/openid-configuration"); got != 0 {
			t.Errorf("an issuer that nobody named was called %d times", got)
		}
		if token := w.job(); strings.Contains(w.site.Log(), strings.Split(token, ".")[2]) || strings.Contains(w.site.Log(), secret) {
			t.Error("the log holds a token")
		}
	})
}

func TestTokenExchangeInput(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		good := map[string]any{"grant_type": exchangeURN, "audience": w.guid, "subject_token": w.job(), "subject_token_type": jwtURN}
		with := func(name string, value any) string {
			changed := map[string]any{name: value}
			for n, v := range good {
				if n != name {
					changed[n] = v
				}
			}
			text, _ := json.Marshal(changed)
			return string(text)
		}
		for name, body := range map[string]string{
			"nothing": "", "blank": "  ", "a list": "[]", "half": `{"grant_type":`, "another grant": with("grant_type", "client_credentials"), "no grant": with("grant_type", ""),
			"no audience": with("audience", ""), "a list of audiences": with("audience", []string{w.guid}), "no token": with("subject_token", ""), "a number": with("subject_token", 7), "nonsense": with("subject_token", "x"),
			"a very long token": with("subject_token", "eyJ."+strings.Repeat("A", 20_000)+".x"), "another type": with("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"), "no type": with("subject_token_type", ""),
			"another answer": with("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "twice": `{"audience":"a","Audience":"b"}`, "a form with a repeated member": "grant_type=a&grant_type=b",
			"a broken form": "grant_type=%zz", "not UTF-8": "grant_type=\xff", "deep": strings.Repeat(`{"x":`, 1000),
		} {
			a := w.site.Client().Do(http.MethodPost, "/token/v1", body, nil)
			if a.Status != 400 || a.JSON()["error"] != "invalid_request" || a.JSON()["error_description"] == "" {
				t.Errorf("%s: got %d %s", name, a.Status, a.Body)
			}
		}
		if a := w.site.Client().Do(http.MethodPost, "/token/v1", strings.Repeat("x", 70_000), nil); a.Status != 413 || a.JSON()["error"] == nil {
			t.Errorf("too long: got %d %s", a.Status, a.Body)
		}
		for _, path := range []string{"/token/v1", "/api/token/v1"} {
			if a := w.site.Client().Get(path); a.Status < 400 || a.Status >= 500 || a.JSON()["ErrorMessage"] == nil {
				t.Errorf("GET %s: got %d %s", path, a.Status, a.Body)
			}
		}
		w.site.Client().JSON(http.MethodPost, "/token/v1", with("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")).Want(200)
		w.site.Client().JSON(http.MethodPost, "/token/v1", with("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")).Want(200)
	})
}

func TestIssuersInsideAreNotCalled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, allow := range [][]netip.Prefix{nil, {netip.MustParsePrefix("0.0.0.0/0")}, {netip.MustParsePrefix("10.0.0.0/8")}} {
			w := openWorkshop(t, f, func(o *web.Options) { o.EgressAllow = allow })
			w.site.Client().JSON(http.MethodPost, "/token/v1", w.body(w.job())).Want(400)
			if got := w.issuer.Calls("/.well-known/openid-configuration"); got != 0 {
				t.Errorf("allowed %v: called %d times", allow, got)
			}
			if !strings.Contains(w.site.Log(), "not allowed by the operator") {
				t.Error("the log does not say why")
			}
		}
	})
}

func TestIdentitiesChoose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		w := openWorkshop(t, f)
		w.trust("environment:prod-??", "api://keyport")
		tests := []struct {
			name, subject string
			audience      any
			want          int
		}{
			{"wildcard", "repo:example/anything:ref:refs/heads/main", w.guid, 200},
			{"wildcard, wrong end", "repo:example/anything:ref:refs/heads/mainx", w.guid, 400},
			{"one of several audiences", jobSubject, []string{"x", w.guid}, 200},
			{"custom audience", "environment:prod-eu", "api://keyport", 200},
			{"custom audience, too long", "environment:prod-eux", "api://keyport", 400},
			{"custom audience in other case", "environment:prod-eu", "API://keyport", 400},
			{"the usual audience for it", "environment:prod-eu", w.guid, 400},
			{"both audiences", "environment:prod-eu", []string{w.guid, "api://keyport"}, 200},
		}
		for _, tt := range tests {
			claims := w.issuer.Job(tt.subject, "", f.Store.Now())
			claims["aud"] = tt.audience
			if got := w.site.Client().JSON(http.MethodPost, "/token/v1", w.body(w.issuer.Token(claims))).Status; got != tt.want {
				t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
			}
		}
		if got := w.issuer.Calls("/keys"); got != 1 {
			t.Errorf("the keys were read %d times, want once", got)
		}
	})
}
