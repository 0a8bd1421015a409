package web_test

import (
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

func TestSignInAnswersAllFailuresTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		want := ""
		for _, name := range []string{"alice", "nobody here", "robot", "ALICE"} {
			a := site.Client().Form("/sign-in", url.Values{"username": {name}, "password": {"wrong but long enough"}}).Want(422)
			body := strings.ReplaceAll(a.Body, `value="`+name+`"`, "")
			if want == "" {
				want = body
			}
			if body != want || len(a.Header.Values("Set-Cookie")) != 0 {
				t.Errorf("the answer for %q differs", name)
			}
		}
		f.Exec("DELETE FROM sign_in_counters") // these are no more than a few tries, but too many for one minute
		for _, password := range []string{"", strings.Repeat("x", 300), "a\x00b", "\xff"} {
			site.Client().Form("/sign-in", url.Values{"username": {"alice"}, "password": {password}}).Want(422)
		}
		if strings.Contains(site.Log()+f.Log.String(), "wrong but long enough") {
			t.Error("the log holds a password")
		}
	})
}

func TestSignInStartsANewSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := browserOf(f, site, f.Bob)
		old := client.Cookies()[0].Value
		a := client.Form("/sign-in", url.Values{"username": {" Alice "}, "password": {storetest.Password}, "return": {"//evil.example"}}).Want(303)
		if got := a.Header.Get("Location"); got != "/account/apikeys" {
			t.Errorf("sign-in leads to %q, want our own page", got)
		}
		cookie := a.Header.Get("Set-Cookie")
		for _, part := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("the cookie %q lacks %s", cookie, part)
			}
		}
		stale := site.Client()
		stale.SetCookie("keyport", old)
		stale.Get("/account/apikeys").Want(303)
		fresh := client.Cookies()[0].Value
		client.Form("/sign-out", nil).Want(303)
		replay := site.Client()
		replay.SetCookie("keyport", fresh)
		replay.Get("/account/apikeys").Want(303)
	})
}

func TestCookieOverHTTPS(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, func(o *web.Options) { o.PublicURL = &url.URL{Scheme: "https", Host: "keyport.example"} })
	a := site.Client().Form("/sign-in", url.Values{"username": {"alice"}, "password": {storetest.Password}}).Want(303)
	cookie := a.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-keyport=") || !strings.Contains(cookie, "Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie is %q, want a __Host- one", cookie)
	}
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security over https")
	}
}

func TestSessionsEndOnTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		idle, busy := browserOf(f, site, f.Alice), browserOf(f, site, f.Alice)
		for range 14 {
			f.Clock.Advance(50 * time.Minute)
			busy.Get("/account/apikeys").Want(200)
		}
		idle.Get("/account/apikeys").Want(303)
		f.Clock.Advance(models.SessionAbsolute - 14*50*time.Minute)
		busy.Get("/account/apikeys").Want(303)
	})
}

func TestBrokenCookiesOpenNothing(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	for _, value := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 8000), "{}", "API-"} {
		a := site.Client().Do(http.MethodGet, "/account/apikeys", "", http.Header{"Cookie": {"keyport=" + value}})
		if a.Status != 303 {
			t.Errorf("cookie %.20q: got %d, want 303 to sign-in", value, a.Status)
		}
	}
	good := browserOf(f, site, f.Alice).Cookies()[0].Value
	site.Client().Do(http.MethodGet, "/account/apikeys", "", http.Header{"Cookie": {"keyport=" + good + "; keyport=x"}}).Want(303)
}

func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		here, there := browserOf(f, site, f.Alice), browserOf(f, site, f.Alice)
		change := func(current, password, again string) webtest.Answer {
			return here.Form("/account/password", url.Values{"current": {current}, "password": {password}, "again": {again}})
		}
		const fresh = "a much better passphrase"
		for _, bad := range [][3]string{{"wrong", fresh, fresh}, {storetest.Password, "short", "short"}, {storetest.Password, fresh, "another passphrase"}, {storetest.Password, strings.Repeat("ab", 10), strings.Repeat("ab", 10)}} {
			if a := change(bad[0], bad[1], bad[2]).Want(422); a.Find(".error").Text() == "" || strings.Contains(a.Body, fresh) {
				t.Errorf("%q: want a message beside the field, and no password in the page", bad[1])
			}
		}
		here.Get("/account/apikeys").Want(200)
		before := here.Cookies()[0].Value
		change(storetest.Password, fresh, fresh).Want(303)
		here.Get("/account/apikeys").Want(200)
		there.Get("/account/apikeys").Want(303)
		if here.Cookies()[0].Value == before {
			t.Error("the session keeps its id after the password changed")
		}
		site.SignedIn("alice", fresh)
	})
}

// TestOtherSitesCanDoNothing walks all changing routes with what another site
// can make a browser send.
func TestOtherSitesCanDoNothing(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	form := "application/x-www-form-urlencoded"
	attacks := map[string]http.Header{
		"cross-site form": {"Sec-Fetch-Site": {"cross-site"}, "Content-Type": {form}}, "sibling": {"Sec-Fetch-Site": {"same-site"}, "Content-Type": {form}},
		"foreign origin": {"Origin": {"https://evil.example"}, "Content-Type": {form}}, "null origin": {"Origin": {"null"}, "Content-Type": {form}},
		"other port": {"Origin": {"http://127.0.0.1:1"}, "Content-Type": {form}}, "no sign": {"Content-Type": {form}}, "text": {"Content-Type": {"text/plain"}},
		"htmx from outside": {"Sec-Fetch-Site": {"cross-site"}, "Hx-Request": {"true"}, "Content-Type": {form}},
	}
	for _, r := range site.Server.Routes() {
		if r.Method == http.MethodGet || r.Method == http.MethodHead || knowsNoCookie(r.Path) {
			continue // what knows no cookie has no authority to misuse
		}
		for name, header := range attacks {
			admin := browserOf(f, site, f.Admin)
			before := census(f)
			path := strings.ReplaceAll(r.Path, ":id", "x")
			if a := admin.Do(r.Method, path, inputs[r.Method+" "+r.Path].Encode(), header); a.Status != 403 || census(f) != before {
				t.Errorf("%s %s by %s: got %d, want 403 and nothing written", r.Method, path, name, a.Status)
			}
		}
	}
}

func TestFormTokenStandsInForMissingHeaders(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	alice := browserOf(f, site, f.Alice)
	form := newKeyForm(alice)
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	alice.Do(http.MethodPost, "/account/apikeys", form.Encode(), header).Want(200)
	form = newKeyForm(alice)
	form.Set("csrf", newKeyForm(browserOf(f, site, f.Bob)).Get("csrf"))
	alice.Do(http.MethodPost, "/account/apikeys", form.Encode(), header).Want(403)
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	for _, path := range []string{"/sign-in", "/nothing", "/api", "/api/users/me", "/api/nothing", "/healthz", "/static/nothing.css", "/account/apikeys"} {
		h := site.Client().Get(path).Header
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Request-Id": ""} {
			if got := h.Get(name); got == "" || !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
			t.Errorf("%s tells what it runs on: %v", path, h)
		}
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	_, key := usable(t, f, f.Alice)
	tests := []struct {
		name, method, path string
		client             *webtest.Client
		want               int
	}{
		{"method a resource lacks", "PATCH", "/api/users/me", site.WithKey(key), 404},
		{"trace", "TRACE", "/api/users/me", site.WithKey(key), 404},
		{"unknown method", "PROPFIND", "/api/users/me", site.WithKey(key), 404},
		{"unknown resource", "GET", "/api/nothing", site.WithKey(key), 404},
		{"unknown resource, anonymous", "GET", "/api/nothing", site.Client(), 401},
		{"key of nobody", "GET", "/api/users/Users-1%20or%201=1/apikeys", site.WithKey(key), 404},
		{"unknown page", "GET", "/account/nothing", browserOf(f, site, f.Alice), 404},
		{"unknown page, anonymous", "GET", "/nothing", site.Client(), 303},
		{"unknown file", "GET", "/static/..%2fgo.mod", site.Client(), 404},
		{"method a page lacks", "PUT", "/account/apikeys", browserOf(f, site, f.Alice), 404},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := test.client.Do(test.method, test.path, "", http.Header{"Sec-Fetch-Site": {"same-origin"}})
			if a.Status != test.want {
				t.Errorf("got %d, want %d: %.300s", a.Status, test.want, a.Body)
			}
			if strings.HasPrefix(test.path, "/api") && !strings.Contains(a.Body, `"ErrorMessage"`) {
				t.Errorf("no JSON error body: %q", a.Body)
			}
		})
	}
}

// knowsNoCookie reports routes for programs, and the one for mail programs, at
// which a key or a token is all that counts.
func knowsNoCookie(path string) bool {
	for _, prefix := range []string{"/api", "/token/v1", "/introspect", "/verify", "/unsubscribe"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
