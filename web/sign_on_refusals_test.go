package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/oidctest"
	"github.com/keyport/keyport/web/webtest"
)

// wantNobody fails the test unless the answer is the sign-in page with a reason,
// and nobody was signed in, linked or made.
func (s *signOnSite) wantNobody(t *testing.T, name string, a webtest.Answer, status int, words string) {
	t.Helper()
	alert := strings.Join(strings.Fields(a.Find("[role=alert]").Text()), " ")
	if a.Status != status || !strings.HasPrefix(alert, "Could not sign in") || !strings.Contains(alert, words) {
		t.Errorf("%s: got %d, %q; want %d, %q: %.300s", name, a.Status, alert, status, words, a.Body)
	}
	if a.Find("a[href^='/sign-in/sso']").Length() != 1 {
		t.Errorf("%s: there is no way to try again", name)
	}
	if strings.Contains(strings.Join(a.Header.Values("Set-Cookie"), " "), "keyport=") {
		t.Errorf("%s: a session was started", name)
	}
	if n := s.f.Count("SELECT (SELECT count(*) FROM sessions) + 1000 * (SELECT count(*) FROM identities) + 100000 * (SELECT count(*) FROM users)"); n != 500000 {
		t.Errorf("%s: %d (users, identities, sessions), want the fixture's 5 users alone", name, n)
	}
	s.keptSecrets(t)
}

const (
	another = "begun in another browser"
	unfit   = "could not be used"
)

// An answer counts in the browser that began the sign-on, once, and in time.
func TestSignOnBelongsToOneBrowser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f, func(s *web.SignOn) { s.Policy.Create = true })
		begun := func() (*webtest.Client, *url.URL) {
			client := site.Client()
			return client, site.provider.SignIn(t, site.begin(client), "stranger")
		}
		edited := func(back *url.URL, change func(url.Values)) string {
			q := back.Query()
			change(q)
			return back.Path + "?" + q.Encode()
		}

		_, back := begun()
		site.wantNobody(t, "no cookie", site.Client().Get(back.RequestURI()), 403, another)

		client, _ := begun()
		site.wantNobody(t, "the cookie of another sign-on", client.Get(back.RequestURI()), 403, another)

		client, back = begun()
		for name, change := range map[string]func(url.Values){
			"no state": func(q url.Values) { q.Del("state") }, "empty state": func(q url.Values) { q.Set("state", "") },
			"wrong state": func(q url.Values) { q.Set("state", models.NewSignOnSecret().State()) }, "two states": func(q url.Values) { q.Add("state", q.Get("state")) },
			"an error for somebody else": func(q url.Values) { q.Set("state", "x"); q.Set("error", "access_denied") },
		} {
			site.wantNobody(t, name, client.Get(edited(back, change)), 403, another)
		}
		for name, cookie := range map[string]string{"nonsense": "x", "empty": "", "a blank one": strings.Repeat("A", 43)} {
			site.wantNobody(t, "cookie: "+name, site.Client().Do(http.MethodGet, back.RequestURI(), "", http.Header{"Cookie": {"keyport-sso=" + cookie}}), 403, another)
		}
		good := client.Cookies()[0].Value
		site.wantNobody(t, "two cookies", site.Client().Do(http.MethodGet, back.RequestURI(), "", http.Header{"Cookie": {"keyport-sso=" + good + "; keyport-sso=" + models.NewSignOnSecret().Reveal()}}), 403, another)
		f.Clock.Advance(store.SignOnLife)
		site.wantNobody(t, "too late", client.Get(back.RequestURI()), 403, another)

		client, back = begun()
		thief := site.Client()
		thief.SetCookie("keyport-sso", client.Cookies()[0].Value)
		site.wantNobody(t, "access denied", client.Get(edited(back, func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") })), 403, "you cancelled")
		site.wantNobody(t, "replay after an error", thief.Get(back.RequestURI()), 403, another)

		for name, change := range map[string]func(url.Values){
			"the provider's error":   func(q url.Values) { q.Del("code"); q.Set("error", "server_error"); q.Set("error_description", "<b>") },
			"no code":                func(q url.Values) { q.Del("code") },
			"two codes":              func(q url.Values) { q.Add("code", "x") },
			"another code":           func(q url.Values) { q.Set("code", "x") },
			"answer of another":      func(q url.Values) { q.Set("iss", "https://evil.example") },
			"a code with an error":   func(q url.Values) { q.Set("error", "invalid_request") },
			"issuer without a slash": func(q url.Values) { q.Set("iss", site.provider.Issuer+"/") },
		} {
			client, back = begun()
			site.wantNobody(t, name, client.Get(edited(back, change)), 403, unfit)
		}

		client, back = begun()
		thief = site.Client()
		thief.SetCookie("keyport-sso", client.Cookies()[0].Value)
		client.Get(edited(back, func(q url.Values) { q.Set("iss", site.provider.Issuer) })).Want(303)
		if a := thief.Get(back.RequestURI()); a.Status != 403 || !strings.Contains(a.Body, another) {
			t.Errorf("replay: got %d, want 403", a.Status)
		}
		thief.Get("/account/apikeys").Want(303)
	})
}

// A code that the provider gave to another of its clients opens nothing here.
func TestSignOnRefusesAnotherClientsCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f)
		site.provider.SetClient(oidctest.Client{ID: "other", Secret: "another secret", Redirect: site.URL + "/sign-in/sso/callback"})
		client := site.Client()
		to := strings.Replace(site.begin(client), "client_id=keyport", "client_id=other", 1)
		site.wantNobody(t, "code of another client", client.Get(site.provider.SignIn(t, to, "alice").RequestURI()), 403, unfit)

		// And a code of ours that another browser's sign-on got, without its verifier.
		first, second := site.Client(), site.Client()
		code := site.provider.SignIn(t, site.begin(first), "alice").Query().Get("code")
		back := site.provider.SignIn(t, site.begin(second), "bob")
		q := back.Query()
		q.Set("code", code)
		site.wantNobody(t, "code of another sign-on", second.Get(back.Path+"?"+q.Encode()), 403, unfit)
	})
}

// A provider that misbehaves signs nobody in. Each fault alone is enough.
func TestSignOnRefusesWhatIsNotRight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f, func(s *web.SignOn) { s.Policy.Create, s.GroupsClaim = true, "groups" })
		claim := func(name string, value any) oidctest.Faults {
			return oidctest.Faults{Claims: func(c map[string]any) { c[name] = value }}
		}
		answer := func(path string, status int, body string) oidctest.Faults {
			return oidctest.Faults{Instead: func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != path {
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				w.Write([]byte(body))
				return true
			}}
		}
		in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
		tests := []struct {
			name   string
			faults oidctest.Faults
			status int
			words  string
		}{
			{"nonce of another sign-on", claim("nonce", models.NewSignOnSecret().Nonce()), 403, unfit},
			{"no nonce", oidctest.Faults{Claims: func(c map[string]any) { delete(c, "nonce") }}, 403, unfit},
			{"audience of another client", claim("aud", []string{"other"}), 403, unfit},
			{"no audience", claim("aud", []string{}), 403, unfit},
			{"several audiences, nobody authorized", oidctest.Faults{Claims: func(c map[string]any) { c["aud"] = []string{"keyport", "other"}; delete(c, "azp") }}, 403, unfit},
			{"another client authorized", oidctest.Faults{Claims: func(c map[string]any) { c["aud"], c["azp"] = []string{"keyport", "other"}, "other" }}, 403, unfit},
			{"another issuer", claim("iss", "https://evil.example"), 403, unfit},
			{"no subject", claim("sub", ""), 403, unfit},
			{"subject that can't be kept", oidctest.Faults{Claims: func(c map[string]any) { c["sub"] = strings.Repeat("x", 300) }, UserInfo: func(c map[string]any) { c["sub"] = strings.Repeat("x", 300) }}, 403, "can't keep"},
			{"expired", claim("exp", in(-time.Minute)), 403, unfit},
			{"issued in the future", claim("iat", in(time.Hour)), 403, unfit},
			{"not valid yet", claim("nbf", in(time.Hour)), 403, unfit},
			{"hash of another access token", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), 403, unfit},
			{"signed by nobody", oidctest.Faults{Sign: oidctest.ByNobody}, 403, unfit},
			{"signed by another key", oidctest.Faults{Sign: oidctest.ByAnotherKey}, 403, unfit},
			{"signed with the client's secret", oidctest.Faults{Sign: oidctest.ByTheSecret}, 403, unfit},
			{"signed with the public key", oidctest.Faults{Sign: oidctest.ByThePublicKey}, 403, unfit},
			{"no ID token", oidctest.Faults{Token: func(a map[string]any) { delete(a, "id_token") }}, 403, unfit},
			{"ID token of another type", oidctest.Faults{Token: func(a map[string]any) { a["id_token"] = 7 }}, 403, unfit},
			{"nonsense for an ID token", oidctest.Faults{Token: func(a map[string]any) { a["id_token"] = "a.b.c" }}, 403, unfit},
			{"no keys", oidctest.Faults{Keys: func(s map[string]any) { s["keys"] = []any{} }, Sign: oidctest.ByAnotherKey}, 403, unfit},
			{"token endpoint refuses the secret", answer("/oauth/token", 401, `{"error":"invalid_client","error_description":"`+clientSecret+`"}`), 403, unfit},
			{"token endpoint answers nonsense", answer("/oauth/token", 200, "<html>"), 403, unfit},
			{"token endpoint is broken", answer("/oauth/token", 500, "oops"), 503, "can't be reached"},
			{"token endpoint leads elsewhere", oidctest.Faults{Instead: func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/oauth/token" {
					http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
				}
				if r.URL.Path == "/elsewhere" {
					t.Error("the client's secret was sent to another address")
				}
				return r.URL.Path == "/oauth/token"
			}}, 403, unfit},
			{"token endpoint answers for ever", answer("/oauth/token", 200, `{"access_token":"`+strings.Repeat("x", 2<<20)+`"}`), 403, unfit},
			{"UserInfo about somebody else", oidctest.Faults{UserInfo: func(c map[string]any) { c["sub"] = "id-of-admin" }}, 403, unfit},
			{"UserInfo about nobody", oidctest.Faults{UserInfo: func(c map[string]any) { delete(c, "sub") }}, 403, unfit},
			{"UserInfo refuses", answer("/userinfo", 403, `{}`), 403, unfit},
			{"UserInfo answers nonsense", answer("/userinfo", 200, "<html>"), 403, unfit},
			{"too many groups to send", claim("_claim_names", map[string]string{"groups": "src1"}), 403, unfit},
			{"groups are elsewhere", oidctest.Faults{Claims: func(c map[string]any) {
				c["_claim_names"], c["_claim_sources"] = map[string]string{"groups": "src1"}, map[string]any{"src1": map[string]string{"endpoint": "https://graph.example.com"}}
			}}, 403, "did not send your groups"},
			{"address not verified", oidctest.Faults{UserInfo: func(c map[string]any) { c["email_verified"] = false }}, 403, "has not verified"},
			{"address verified, perhaps", oidctest.Faults{UserInfo: func(c map[string]any) { c["email_verified"] = 1 }}, 403, unfit},
			{"nothing said about the address", oidctest.Faults{UserInfo: func(c map[string]any) { delete(c, "email_verified") }}, 403, "has not verified"},
			{"another address is verified", oidctest.Faults{Claims: func(c map[string]any) { c["email"] = "admin@example.com" }}, 403, "has not verified"},
			{"no address", oidctest.Faults{UserInfo: func(c map[string]any) { delete(c, "email") }}, 403, "sent no e-mail address"},
			{"an address of another type", oidctest.Faults{UserInfo: func(c map[string]any) { c["email"] = []string{"alice@example.com"} }}, 403, unfit},
		}
		for _, tt := range tests {
			client := site.Client()
			back := site.provider.SignIn(t, site.begin(client), "stranger")
			stop := site.provider.Misbehave(tt.faults)
			site.wantNobody(t, tt.name, client.Get(back.RequestURI()), tt.status, tt.words)
			stop()
		}
		client := site.Client()
		site.signOn(t, client, "stranger").Want(303) // and all is well again
	})
}

// What a person may do here is not the provider's business.
func TestSignOnRefusesPeople(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f)
		f.Exec("UPDATE users SET is_active = "+map[storetest.Engine]string{storetest.SQLite: "0", storetest.PostgreSQL: "FALSE"}[f.Engine]+" WHERE id = ?", f.Charlie.ID)
		f.Exec("UPDATE users SET email = 'shared@example.com' WHERE id IN (?, ?)", f.Admin.ID, f.Bob.ID)
		shared := personThere("shared")
		site.provider.SetPerson(shared)
		for name, words := range map[string]string{"stranger": "No account has the e-mail address stranger@example.com", "charlie": "can't sign in", "robot": "can't sign in", "shared": "Several accounts"} {
			site.wantNobody(t, name, site.signOn(t, site.Client(), name), 403, words)
		}
	})
}
