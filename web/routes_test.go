package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// callers are all kinds of who may knock, in the order of the columns below.
// Alice owns what the paths name.
var callers = []string{
	"nobody", "wrong key", "expired key", "revoked key", "disabled key", // nobody, as far as the server knows
	"alice", "bob", "admin", // browsers
	"alice's key", "bob's key", "robot's key", "admin's key",
}

// What routes of a kind answer each caller. A row with one number is for all.
const (
	open       = "200"
	toSignIn   = "303 303 303 303 303  303 303 303  303 303 303 303" // no session: to sign in; with one: on to somewhere
	personPage = "303 303 303 303 303  200 200 200  303 303 303 303" // pages know only sessions
	ownerPage  = "303 303 303 303 303  200 404 404  303 303 303 303"
	ownerPost  = "303 303 303 303 303  303 404 404  303 303 303 303"
	adminPage  = "303 303 303 303 303  403 403 200  303 303 303 303"
	adminPost  = "303 303 303 303 303  403 403 303  303 303 303 303"
	adminTo    = "303 303 303 303 303  403 403 303  303 303 303 303"
	setupPage  = "404"                                               // there are people already
	apiOpen    = "200 401 401 401 401  200 200 200  200 200 200 200" // a broken key is refused even where none is needed
	apiMe      = "401 401 401 401 401  401 401 401  200 200 200 200" // the REST API knows no session
	apiOwner   = "401 401 401 401 401  401 401 401  200 404 404 200" // administrators may look
	apiMake    = "401 401 401 401 401  401 401 401  200 404 404 403" // but not make keys for a person
)

// expectations holds every route of the router. A route that is not here fails
// the test, so that nobody adds one without saying who may use it.
var expectations = map[string]string{
	"GET /healthz":     open,
	"GET /readyz":      open,
	"GET /static/*":    open,
	"GET /favicon.ico": toSignIn,

	"GET /setup":     setupPage,
	"POST /setup":    setupPage,
	"GET /sign-in":   "200 200 200 200 200  303 303 303  200 200 200 200",
	"POST /sign-in":  "422",
	"POST /sign-out": toSignIn,

	"GET /":                                             toSignIn,
	"GET /account":                                      toSignIn,
	"GET /account/profile":                              personPage,
	"GET /account/time-zone":                            toSignIn,
	"POST /account/time-zone":                           toSignIn,
	"GET /account/password":                             personPage,
	"POST /account/password":                            "303 303 303 303 303  422 422 422  303 303 303 303",
	"GET /account/sessions":                             personPage,
	"POST /account/sessions/end-others":                 toSignIn,
	"POST /account/sessions/:id/end":                    ownerPost,
	"GET /account/apikeys":                              personPage,
	"POST /account/apikeys":                             personPage,
	"GET /account/apikeys/new":                          personPage,
	"GET /account/apikeys/stored":                       toSignIn,
	"POST /account/apikeys/stored":                      toSignIn,
	"GET /account/apikeys/:id/revocation":               ownerPage,
	"POST /account/apikeys/:id/revocation":              ownerPost,
	"GET /configuration":                                adminTo,
	"GET /configuration/settings":                       adminTo,
	"GET /configuration/settings/authentication":        adminPage,
	"POST /configuration/settings/authentication":       adminPost,
	"GET /configuration/settings/authentication/impact": adminPage,

	"GET /api":                            apiOpen,
	"GET /api/":                           apiOpen,
	"GET /api/users/me":                   apiMe,
	"GET /api/users/:user/apikeys":        apiOwner,
	"POST /api/users/:user/apikeys":       apiMake,
	"GET /api/users/:user/apikeys/:id":    apiOwner,
	"DELETE /api/users/:user/apikeys/:id": apiOwner,
}

// inputs are what a route needs to be accepted.
var inputs = map[string]url.Values{
	"POST /account/time-zone":                           {"zone": {"Europe/Stockholm"}},
	"POST /account/password":                            {"current": {"not it"}, "password": {"another long passphrase"}, "again": {"another long passphrase"}},
	"POST /account/apikeys":                             {"purpose": {"matrix"}, "expiry": {"30"}, "zone": {"UTC"}},
	"POST /sign-in":                                     {"username": {"alice"}, "password": {"not the password at all"}},
	"POST /configuration/settings/authentication":       {"version": {"1"}, "default": {"180"}, "maximum": {"366"}, "user-keys": {"on"}},
	"GET /configuration/settings/authentication/impact": {"maximum": {"30"}},
}

func TestRoutesAgainstCallers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		routes := webtest.New(t, f.Store).Server.Routes()
		seen := map[string]bool{}
		for _, r := range routes {
			name := r.Method + " " + r.Path
			seen[name] = true
			want, ok := expectations[name]
			if !ok {
				t.Errorf("route %s has no expectation: say who may use it", name)
				continue
			}
			t.Run(name, func(t *testing.T) { checkRoute(t, f, r, strings.Fields(want)) })
		}
		for name := range expectations {
			if !seen[name] {
				t.Errorf("expectation %s is about a route that is not there", name)
			}
		}
	})
}

func checkRoute(t *testing.T, f *storetest.Fixture, r web.Route, want []string) {
	name := r.Method + " " + r.Path
	for i, caller := range callers {
		site, client, path := knock(t, f, caller, r.Path)
		before := census(f)
		var a webtest.Answer
		switch {
		case strings.HasPrefix(r.Path, "/api") && r.Method == http.MethodPost:
			a = client.JSON(r.Method, path, `{"Purpose":"matrix"}`)
		case r.Method == http.MethodPost:
			a = client.Form(path, inputs[name])
		default:
			a = client.Do(r.Method, path+"?"+inputs[name].Encode(), "", nil)
		}
		expected := want[0]
		if len(want) > 1 {
			expected = want[i]
		}
		if got := fmt.Sprint(a.Status); got != expected {
			t.Errorf("%s as %s: got %s, want %s: %.300s", name, caller, got, expected, a.Body)
		}
		if refused := a.Status >= 400 || a.Status == 303 && strings.HasPrefix(a.Header.Get("Location"), "/sign-in?return"); refused && census(f) != before {
			t.Errorf("%s as %s was refused, yet something was written", name, caller)
		}
		if a.Status >= 500 || strings.Contains(site.Log(), `"panic"`) {
			t.Errorf("%s as %s broke: %s", name, caller, site.Log())
		}
	}
}

// knock makes the things that the path names, and a client for the caller.
func knock(t *testing.T, f *storetest.Fixture, caller, pattern string) (*webtest.Site, *webtest.Client, string) {
	t.Helper()
	site := webtest.New(t, f.Store)
	key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "named in the path"})
	id := key.ID
	if strings.Contains(pattern, "sessions/:id") {
		id = sessionIDOf(f, f.Alice)
	}
	path := strings.NewReplacer(":user", f.Alice.PublicID(), ":id", id, "/static/*", staticFile(t, site)).Replace(pattern)
	return site, clientFor(t, f, site, caller), path
}

func clientFor(t *testing.T, f *storetest.Fixture, site *webtest.Site, caller string) *webtest.Client {
	t.Helper()
	owner, isKey := strings.CutSuffix(caller, "'s key")
	users := map[string]models.User{"alice": f.Alice, "bob": f.Bob, "admin": f.Admin, "robot": f.Robot}
	switch {
	case caller == "nobody":
		return site.Client()
	case caller == "wrong key":
		return site.WithKey(models.NewSecret().Reveal())
	case isKey:
		_, secret := f.Issue(users[owner], models.NewKey{})
		return site.WithKey(secret.Reveal())
	case strings.HasSuffix(caller, " key"):
		return site.WithKey(deadKey(t, f, caller))
	}
	return browserOf(f, site, users[caller])
}

// deadKey makes a key that worked once.
func deadKey(t *testing.T, f *storetest.Fixture, kind string) string {
	t.Helper()
	key, secret := f.Issue(f.Charlie, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(time.Hour))})
	switch kind {
	case "expired key":
		f.Clock.Advance(2 * time.Hour)
		t.Cleanup(func() { f.Clock.Advance(-2 * time.Hour) })
	case "revoked key":
		if _, err := f.Store.RevokeAPIKey(f.As(f.Charlie), f.Charlie.ID, key.ID); err != nil {
			t.Fatal(err)
		}
	case "disabled key":
		f.Exec("UPDATE users SET is_active = "+map[storetest.Engine]string{storetest.SQLite: "0", storetest.PostgreSQL: "FALSE"}[f.Engine]+" WHERE id = ?", f.Charlie.ID)
		t.Cleanup(func() {
			f.Exec("UPDATE users SET is_active = "+map[storetest.Engine]string{storetest.SQLite: "1", storetest.PostgreSQL: "TRUE"}[f.Engine]+" WHERE id = ?", f.Charlie.ID)
		})
	}
	return secret.Reveal()
}

// census is one number made of the counts that a refused call must not change.
func census(f *storetest.Fixture) int {
	return f.Count(`SELECT (SELECT count(*) FROM api_keys)
		+ 1000 * (SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL)
		+ 1000000 * (SELECT count(*) FROM users)
		+ 100000000 * (SELECT version FROM auth_settings)
		+ 10000000000 * (SELECT count(*) FROM sessions)
		+ 100000000000000 * (SELECT count(*) FROM one_time_links)`)
}

func staticFile(t *testing.T, site *webtest.Site) string {
	t.Helper()
	href, ok := site.Client().Get("/sign-in").Find("link[rel=stylesheet]").Attr("href")
	if !ok {
		t.Fatal("the sign-in page names no stylesheet")
	}
	return href
}
