package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/oidctest"
	"github.com/keyport/keyport/web/webtest"
)

const clientSecret = "a client secret of more than thirty-two bytes"

// signOnSite is a portal with single sign-on against a real provider.
type signOnSite struct {
	*webtest.Site
	f        *storetest.Fixture
	provider *oidctest.Provider
}

// withSignOn starts both. At the provider there is a person for each user of
// the fixture, and a stranger.
func withSignOn(t *testing.T, f *storetest.Fixture, change ...func(*web.SignOn)) *signOnSite {
	t.Helper()
	s := &signOnSite{f: f, provider: oidctest.Start(t)}
	s.Site = webtest.New(t, f.Store, func(o *web.Options) {
		o.SignOn = &web.SignOn{Issuer: s.provider.Issuer, ClientID: "keyport", ClientSecret: clientSecret, Name: "single sign-on", Scopes: []string{"openid", "email", "profile"}}
		for _, c := range change {
			c(o.SignOn)
		}
	})
	s.provider.SetClient(oidctest.Client{ID: "keyport", Secret: clientSecret, Redirect: s.URL + "/sign-in/sso/callback"})
	for _, name := range []string{"alice", "bob", "charlie", "admin", "robot", "stranger"} {
		s.provider.SetPerson(personThere(name))
	}
	return s
}

func personThere(name string) oidctest.Person {
	return oidctest.Person{Subject: "id-of-" + name, Username: name, Password: "secret of " + name, Name: strings.ToUpper(name[:1]) + name[1:], Email: name + "@example.com"}
}

// begin starts to sign on and returns the provider's address.
func (s *signOnSite) begin(c *webtest.Client) string {
	return c.Get("/sign-in/sso?return=/account/profile").Want(303).Header.Get("Location")
}

// signOn does all that a person does, and returns our answer to the provider's.
func (s *signOnSite) signOn(t *testing.T, c *webtest.Client, name string) webtest.Answer {
	t.Helper()
	return c.Get(s.provider.SignIn(t, s.begin(c), name).RequestURI())
}

// keptSecrets fails the test if a log holds what only the two may know.
func (s *signOnSite) keptSecrets(t *testing.T) {
	t.Helper()
	log := s.Log() + s.f.Log.String()
	for _, secret := range append(s.provider.Codes(), clientSecret, "secret of alice") {
		if strings.Contains(log, secret) {
			t.Errorf("a log holds a secret of the exchange")
		}
	}
}

func TestSignOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for name, inToken := range map[string]bool{"all in the token": true, "the rest by UserInfo": false} {
			site := withSignOn(t, f)
			site.provider.SetClient(oidctest.Client{ID: "keyport", Secret: clientSecret, Redirect: site.URL + "/sign-in/sso/callback", InToken: inToken})
			alice := site.Client()
			page := alice.Get("/sign-in?return=/account/profile").Want(200)
			button := page.Find("a[href='/sign-in/sso?return=%2Faccount%2Fprofile']")
			if got := strings.TrimSpace(button.Text()); got != "Continue with single sign-on" || page.Find("input[name=password]").Length() != 1 {
				t.Errorf("%s: the sign-in page offers %q", name, got)
			}
			a := site.signOn(t, alice, "alice").Want(303)
			if got := a.Header.Get("Location"); got != "/account/profile" {
				t.Errorf("%s: signing on leads to %q, want where it was asked for", name, got)
			}
			if shown := alice.Get("/account/profile").Want(200); !strings.Contains(shown.Find("main").Text(), "alice@example.com") {
				t.Errorf("%s: not signed in as alice", name)
			}
			for _, c := range alice.Cookies() {
				if c.Name == "keyport-sso" {
					t.Errorf("%s: the cookie %s is left behind", name, c.Name)
				}
			}
			alice.Form("/sign-out", nil).Want(303)
			alice.Get("/account/profile").Want(303)
			site.keptSecrets(t)
		}
	})
}

// What goes to the provider by the browser: nothing secret, and all that ties
// the answer to this browser.
func TestSignOnRequest(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := withSignOn(t, f)
	client := site.Client()
	a := client.Get("/sign-in/sso").Want(303)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), site.provider.Issuer+"/authorize?") {
		t.Fatalf("leads to %q", a.Header.Get("Location"))
	}
	q := to.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": "keyport", "scope": "openid email profile", "redirect_uri": site.URL + "/sign-in/sso/callback", "code_challenge_method": "S256"} {
		if got := q.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	cookie := a.Header.Get("Set-Cookie")
	secret, ok := models.ParseSignOnSecret(client.Cookies()[0].Value)
	if !ok || q.Get("state") != secret.State() || q.Get("nonce") != secret.Nonce() || len(q.Get("code_challenge")) != 43 {
		t.Errorf("the request does not belong to the cookie: %v", q)
	}
	for _, part := range []string{"keyport-sso=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	if strings.Contains(to.String(), clientSecret) || strings.Contains(to.String(), secret.Reveal()) || strings.Contains(to.String(), secret.Verifier()) {
		t.Error("the address holds a secret")
	}
	if n := f.Count("SELECT count(*) FROM pending_sign_ons"); n != 1 {
		t.Errorf("%d sign-ons are pending, want 1", n)
	}
}

func TestSignOnCookieOverHTTPS(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	provider := oidctest.Start(t)
	site := webtest.New(t, f.Store, func(o *web.Options) {
		o.PublicURL = &url.URL{Scheme: "https", Host: "keyport.example", Path: "/portal"}
		o.SignOn = &web.SignOn{Issuer: provider.Issuer, ClientID: "keyport", Name: "x", Scopes: []string{"openid"}}
	})
	a := site.Client().Get("/sign-in/sso").Want(303)
	if cookie := a.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-keyport-sso=") || !strings.Contains(cookie, "Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie is %q, want a __Host- one", cookie)
	}
	to, _ := url.Parse(a.Header.Get("Location"))
	if got := to.Query().Get("redirect_uri"); got != "https://keyport.example/portal/sign-in/sso/callback" {
		t.Errorf("redirect_uri = %q", got)
	}
}

// A public client has no secret; PKCE alone protects its code.
func TestSignOnWithoutClientSecret(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f, func(s *web.SignOn) { s.ClientSecret = "" })
		site.provider.SetClient(oidctest.Client{ID: "keyport", Redirect: site.URL + "/sign-in/sso/callback"})
		site.signOn(t, site.Client(), "bob").Want(303)
	})
}

func TestSignOnStartsANewSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f)
		client := browserOf(f, site.Site, f.Bob)
		old := client.Cookies()[0].Value
		site.signOn(t, client, "alice").Want(303)
		if page := client.Get("/account/profile").Want(200); !strings.Contains(page.Body, "alice@example.com") {
			t.Error("not signed in as alice")
		}
		stale := site.Client()
		stale.SetCookie("keyport", old)
		stale.Get("/account/apikeys").Want(303)
	})
}

// The way back is one of ours, also if the database was made to say otherwise.
func TestSignOnLeadsNowhereElse(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := withSignOn(t, f)
	for _, hostile := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/sign-in/sso", "javascript:alert(1)"} {
		client := site.Client()
		to := client.Get("/sign-in/sso?return=" + url.QueryEscape(hostile)).Want(303).Header.Get("Location")
		f.Exec("UPDATE pending_sign_ons SET return_path = ? WHERE return_path <> '/account/apikeys'", hostile)
		back := site.provider.SignIn(t, to, "alice")
		f.Exec("UPDATE pending_sign_ons SET return_path = ?", hostile)
		if got := client.Get(back.RequestURI()).Want(303).Header.Get("Location"); got != "/account/apikeys" {
			t.Errorf("%q leads to %q, want our own page", hostile, got)
		}
	}
}

func TestSignOnCreatesAndMapsGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES ('Operators', 'operators', ?)", int64(models.PermissionsOf(models.ConfigureServer)))
		site := withSignOn(t, f, func(s *web.SignOn) {
			s.GroupsClaim = "groups"
			s.Policy = models.SignOnPolicy{Create: true, Teams: []models.GroupTeam{{Group: "ops", Team: "Operators"}}}
		})
		person := personThere("stranger")
		person.Groups = []string{"ops", "all"}
		site.provider.SetPerson(person)
		client := site.Client()
		site.signOn(t, client, "stranger").Want(303)
		client.Get("/configuration/settings/authentication").Want(200)
		person.Groups = []string{"all"}
		site.provider.SetPerson(person)
		site.signOn(t, client, "stranger").Want(303)
		client.Get("/configuration/settings/authentication").Want(403)

		defer site.provider.Misbehave(oidctest.Faults{UserInfo: func(c map[string]any) { c["groups"] = "ops" }})()
		site.signOn(t, client, "stranger").Want(303) // a list of one, written as text
		client.Get("/configuration/settings/authentication").Want(200)
	})
}

func TestLocalSignInSwitchedOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f, func(s *web.SignOn) { s.LocalOff = true })
		client := site.Client()
		page := client.Get("/sign-in").Want(200)
		if page.Find("main form, main input").Length() != 0 || page.Find("main a[href='/sign-in/sso']").Length() != 1 {
			t.Errorf("the sign-in page is %s", page.Find("main").Text())
		}
		before := census(f)
		refused := client.Form("/sign-in", url.Values{"username": {"alice"}, "password": {storetest.Password}}).Want(403)
		if !strings.Contains(refused.Body, "Use single sign-on.") || census(f) != before || len(client.Cookies()) != 0 {
			t.Error("want a refusal that says what to do, and nothing written")
		}
		site.signOn(t, client, "alice").Want(303)
		client.Get("/account/apikeys").Want(200)
	})
}

// The first administrator is made by the set-up link also where everybody else
// comes by the provider, and is linked to it afterwards.
func TestSetUpWhereLocalSignInIsOff(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			f := &storetest.Fixture{Store: storetest.Open(t, e), Log: &storetest.Log{}}
			site := withSignOn(t, f, func(s *web.SignOn) { s.LocalOff = true })
			site.provider.SetPerson(personThere("vera"))
			token, err := f.Store.NewSetupLink(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			first := site.Client()
			if page := first.Get("/sign-in").Want(200); !strings.Contains(page.Body, "not set up yet") {
				t.Error("the sign-in page does not say that Keyport is not set up")
			}
			first.Form("/setup", url.Values{"token": {token}, "username": {"vera"}, "email": {"vera@example.com"}, "password": {storetest.Password}}).Want(303)
			first.Get("/configuration/settings/authentication").Want(200)
			again := site.Client()
			site.signOn(t, again, "vera").Want(303)
			again.Get("/configuration/settings/authentication").Want(200)
		})
	}
}

func TestSignOnOnTheSettingsPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := withSignOn(t, f, func(s *web.SignOn) {
			s.GroupsClaim, s.LocalOff = "roles", true
			s.Policy = models.SignOnPolicy{Create: true, Teams: []models.GroupTeam{{Group: "ops", Team: "Operators"}}}
		})
		page := browserOf(f, site.Site, f.Admin).Get("/configuration/settings/authentication").Want(200)
		shown := strings.Join(strings.Fields(page.Find("section[aria-labelledby=sign-on-title]").Text()), " ")
		for _, want := range []string{site.provider.Issuer, "keyport", "Client secretSet", site.URL + "/sign-in/sso/callback", "openid email profile", "an account is created", "roles", "ops gives the team Operators", "Local sign-inOff"} {
			if !strings.Contains(shown, want) {
				t.Errorf("the page lacks %q: %s", want, shown)
			}
		}
		if strings.Contains(page.Body, clientSecret) {
			t.Error("the page holds the client secret")
		}
		plain := browserOf(f, webtest.New(t, f.Store), f.Admin).Get("/configuration/settings/authentication").Want(200)
		if !strings.Contains(plain.Body, "KEYPORT_OIDC_ISSUER") {
			t.Error("without single sign-on the page does not say how to get it")
		}
	})
}

// Without single sign-on its addresses are not there.
func TestNoSignOn(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	if site.Client().Get("/sign-in").Want(200).Find("a[href^='/sign-in/sso']").Length() != 0 {
		t.Error("the sign-in page offers single sign-on")
	}
	for _, path := range []string{"/sign-in/sso", "/sign-in/sso/callback?code=x&state=y"} {
		if a := browserOf(f, site, f.Alice).Do(http.MethodGet, path, "", nil); a.Status != 404 {
			t.Errorf("%s: got %d, want 404", path, a.Status)
		}
	}
}

// withProvider gives a portal single sign-on with a provider that knows nobody.
func withProvider(o *web.Options) {
	o.SignOn = &web.SignOn{Issuer: anyProvider(), ClientID: "keyport", Name: "single sign-on", Scopes: []string{"openid"}}
}

var anyProvider = sync.OnceValue(func() string {
	server := httptest.NewUnstartedServer(nil) // ends with the process
	issuer := "http://" + server.Listener.Addr().String()
	provider, err := oidctest.New(issuer)
	if err != nil {
		panic(err)
	}
	server.Config.Handler = provider
	server.Start()
	return issuer
})

// How long ago a person proved who they are is for the provider to say: coming
// by an old sign-in there opens the portal, but makes no key before they prove
// it once more.
func TestSignOnByAnOldSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("UPDATE users SET password_hash = '' WHERE id = ?", f.Alice.ID)
		site := withSignOn(t, f)
		proved := func(ago time.Duration) {
			at := f.Clock.Now().Add(-ago).Unix()
			site.provider.Misbehave(oidctest.Faults{Claims: func(c map[string]any) { c["auth_time"] = at }})
		}
		proved(time.Hour)
		alice := site.Client()
		site.signOn(t, alice, "alice").Want(303)
		before := census(f)
		asked := alice.Form("/account/apikeys", newKeyForm(alice)).Want(422)
		link, _ := asked.Find("main a[href^='/sign-in/sso?again=yes']").Attr("href")
		if link == "" || census(f) != before {
			t.Fatalf("want to be asked to sign on again, and no key: %s", asked.Find("main").Text())
		}
		to := alice.Get(link).Want(303).Header.Get("Location")
		if q, _ := url.Parse(to); q.Query().Get("max_age") != "0" {
			t.Errorf("the provider is not told to ask again: %s", to)
		}
		back := site.provider.SignIn(t, to, "alice")
		alice.Get(back.RequestURI()).Want(303) // by the old sign-in once more: a provider that doesn't care
		alice.Form("/account/apikeys", newKeyForm(alice)).Want(422)

		proved(0)
		back = site.provider.SignIn(t, alice.Get(link).Want(303).Header.Get("Location"), "alice")
		alice.Get(back.RequestURI()).Want(303)
		alice.Form("/account/apikeys", newKeyForm(alice)).Want(200)
	})
}
