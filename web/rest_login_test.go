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

const (
	sessionPrefix = "OctopusIdentificationToken_"
	tokenPrefix   = "Octopus-Csrf-Token_"
	tokenHeader   = "X-Octopus-Csrf-Token"
)

func credentials(username, password string) string {
	return `{"Username":"` + username + `","Password":"` + password + `","RememberMe":true,"RemoteIpAddress":"192.0.2.1","State":{"RedirectAfterLoginTo":"//evil.example","UsingSecureConnection":false}}`
}

// cookiesOf returns the cookies of a client by their names' beginning.
func cookiesOf(c *webtest.Client) (session, token string) {
	for _, cookie := range c.Cookies() {
		switch {
		case strings.HasPrefix(cookie.Name, sessionPrefix):
			session = cookie.Value
		case strings.HasPrefix(cookie.Name, tokenPrefix):
			token = cookie.Value
		}
	}
	return session, token
}

// TestLoginOverREST walks the way of Octopus's .NET client: sign in, send the
// token back with every change, sign out.
func TestLoginOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := site.Client()
		in := client.JSON(http.MethodPost, "/api/users/login", credentials("ALICE", storetest.Password)).Want(200)
		if me := in.JSON(); me["Id"] != f.Alice.PublicID() || me["IsRequestor"] != true {
			t.Errorf("the answer is %v", me)
		}
		for _, cookie := range in.Header.Values("Set-Cookie") {
			if script := strings.HasPrefix(cookie, tokenPrefix); strings.Contains(cookie, "HttpOnly") == script || !strings.Contains(cookie, "SameSite=Lax") || !strings.Contains(cookie, "Path=/") {
				t.Errorf("cookie %q", cookie)
			}
		}
		session, token := cookiesOf(client)
		if session == "" || token == "" || len(in.Header.Values("Set-Cookie")) < 2 {
			t.Fatalf("cookies: %v", client.Cookies())
		}
		client.Get("/api/users/me").Want(200)
		body := `{"Purpose":"by session"}`
		client.JSON(http.MethodPost, "/api/users/me/apikeys", body).Want(403)
		client.Header.Set(tokenHeader, token+"x")
		client.JSON(http.MethodPost, "/api/users/me/apikeys", body).Want(403)
		client.Header.Set(tokenHeader, token)
		made := client.JSON(http.MethodPost, "/api/users/me/apikeys", body).Want(200).JSON()
		override := http.Header{"X-Http-Method-Override": {"DELETE"}}
		self := made["Links"].(map[string]any)["Self"].(string)
		without := site.Client()
		without.SetCookie(sessionName(t, f), session)
		without.Do(http.MethodPost, self, "", override).Want(403) // the effective method counts
		client.Do(http.MethodPost, self, "", override).Want(200)

		rows, err := f.Store.SessionsOf(f.As(f.Alice))
		if err != nil || len(rows) != 2 {
			t.Errorf("alice sees %d sessions, want this one and her own (%v)", len(rows), err)
		}
		client.Get("/account/apikeys").Want(303) // pages don't know these cookies
		client.JSON(http.MethodPost, "/api/users/logout", "").Want(200)
		if left, _ := cookiesOf(client); left != "" {
			t.Error("signing out leaves the cookie")
		}
		replay := site.Client()
		replay.SetCookie(sessionName(t, f), session)
		replay.Get("/api/users/me").Want(401)
		replay.JSON(http.MethodPost, "/api/users/logout", "").Want(200)
		if strings.Contains(site.Log()+f.Log.String(), session) || strings.Contains(site.Log(), storetest.Password) {
			t.Error("the log holds a session or a password")
		}
	})
}

func sessionName(t *testing.T, f *storetest.Fixture) string {
	t.Helper()
	id, err := f.Store.InstallationID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sessionPrefix + id
}

func TestLoginRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		login := func(c *webtest.Client, username, password string) webtest.Answer {
			f.Exec("DELETE FROM sign_in_counters")
			return c.JSON(http.MethodPost, "/api/users/login", credentials(username, password))
		}
		want := login(site.Client(), "alice", "wrong but long enough").Want(401)
		f.Exec("UPDATE users SET is_active = "+map[storetest.Engine]string{storetest.SQLite: "0", storetest.PostgreSQL: "FALSE"}[f.Engine]+" WHERE id = ?", f.Charlie.ID)
		for _, username := range []string{"nobody", "robot", "charlie", ""} {
			if a := login(site.Client(), username, storetest.Password).Want(401); a.Body != want.Body || len(a.Header.Values("Set-Cookie")) != 0 {
				t.Errorf("the answer for %q differs: %s", username, a.Body)
			}
		}
		_, secret := usable(t, f, f.Alice)
		before := f.Count("SELECT count(*) FROM sessions")
		for _, header := range []string{"X-Octopus-ApiKey", "X-NuGet-ApiKey", "Authorization"} {
			client := site.Client()
			client.Header.Set(header, map[bool]string{true: "Bearer "}[header == "Authorization"]+secret)
			if a := login(client, "alice", storetest.Password).Want(403); len(a.Header.Values("Set-Cookie")) != 0 {
				t.Error("a key got a cookie")
			}
			client.JSON(http.MethodPost, "/api/users/register", `{}`).Want(403)
		}
		site.Client().JSON(http.MethodPost, "/api/users/login?apikey="+secret, credentials("alice", storetest.Password)).Want(403)
		for _, from := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}} {
			site.Client().Do(http.MethodPost, "/api/users/login", credentials("alice", storetest.Password), from).Want(403)
		}
		if f.Count("SELECT count(*) FROM sessions") != before {
			t.Error("a refused sign-in started a session")
		}
		local := webtest.New(t, f.Store, withProvider, func(o *web.Options) { o.SignOn.LocalOff = true })
		login(local.Client(), "alice", storetest.Password).Want(403)
		local.Client().JSON(http.MethodPost, "/api/users/register", `{}`).Want(403)
	})
}

// TestLoginIsThrottled: the REST API is no way around the brake of the page.
func TestLoginIsThrottled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for range 20 {
			a := site.Client().JSON(http.MethodPost, "/api/users/login", credentials("alice", "wrong but long enough"))
			if a.Status == 429 && a.Header.Get("Retry-After") != "" {
				return
			}
		}
		t.Error("twenty wrong passwords were judged one after the other")
	})
}

// TestLoginAndKeyRules: a key in the request decides alone, a stale sign-in
// changes nothing, and a session of a person who is switched off is over.
func TestLoginAndKeyRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := loginOf(t, f, site, f.Alice)
		_, bobs := usable(t, f, f.Bob)
		both := http.Header{"X-Octopus-Apikey": {bobs}}
		if me := client.Do(http.MethodGet, "/api/users/me", "", both).Want(200).JSON(); me["Username"] != "bob" {
			t.Errorf("with both, the caller is %v, want the key's owner", me["Username"])
		}
		client.Do(http.MethodGet, "/api/users/me", "", http.Header{"X-Octopus-Apikey": {models.NewSecret().Reveal()}}).Want(401)
		client.Do(http.MethodPost, "/api/users/logout", "", both).Want(200)
		client.Get("/api/users/me").Want(200) // a call with a key leaves cookies alone

		maximum := client.JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"by session","Expires":null}`).Want(200).JSON()
		if got, _ := time.Parse(time.RFC3339, maximum["Expires"].(string)); f.Store.Now().AddDate(0, 0, 365).After(got) {
			t.Errorf("a session's key ends %s, want the maximum of the settings", got)
		}
		if me := site.WithKey(maximum["ApiKey"].(string)).Get("/api/users/me").Want(200).JSON(); me["Id"] != f.Alice.PublicID() {
			t.Errorf("the key is of %v", me["Id"])
		}
		f.Clock.Advance(models.FreshSignIn)
		client.Get("/api/users/me").Want(200)
		client.JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"late"}`).Want(403)
		admin := asAdmin(t, f, site)
		admin.JSON(http.MethodPut, "/api/users/"+f.Alice.PublicID(), `{"IsActive":false}`).Want(200)
		client.Get("/api/users/me").Want(401)
	})
}

func TestRevokeSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for _, by := range []string{"the administrator", "alice herself"} {
			login, browser := loginOf(t, f, site, f.Alice), browserOf(f, site, f.Alice)
			bob := loginOf(t, f, site, f.Bob)
			caller := asAdmin(t, f, site)
			if by == "alice herself" {
				caller = login
			}
			path := "/api/users/" + f.Alice.PublicID() + "/revoke-sessions"
			bob.JSON(http.MethodPut, path, "").Want(404)
			if body := strings.TrimSpace(caller.JSON(http.MethodPut, path, "").Want(200).Body); body != "{}" {
				t.Errorf("%s is answered %q, want {}", by, body)
			}
			login.Get("/api/users/me").Want(401)
			browser.Get("/account/apikeys").Want(303)
			bob.Get("/api/users/me").Want(200)
		}
	})
}

func TestInvitationsOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		team := teamOf(t, f, "Newcomers", models.Views)
		made := admin.JSON(http.MethodPost, "/api/users/invitations", `{"AddToTeamIds":["`+team.PublicID()+`"],"SpaceId":"Spaces-1"}`).Want(201).JSON()
		code := made["InvitationCode"].(string)
		read := admin.Get(made["Links"].(map[string]any)["Self"].(string)).Want(200)
		if strings.Contains(read.Body, code) || read.JSON()["AddToTeamIds"].([]any)[0] != team.PublicID() {
			t.Errorf("read back: %s", read.Body)
		}
		form := func(username, code string) string {
			return `{"Username":"` + username + `","DisplayName":"New","Password":"letters and blanks in a row","InvitationCode":"` + code + `","IsService":true}`
		}
		guest := site.Client()
		guest.JSON(http.MethodPost, "/api/users/register", form("newcomer", code+"x")).Want(400)
		guest.JSON(http.MethodPost, "/api/users/register", form("alice", code)).Want(409)
		guest.JSON(http.MethodPost, "/api/users/register", form("system", code)).Want(400)
		me := guest.JSON(http.MethodPost, "/api/users/register", form("newcomer", code)).Want(201).JSON()
		if me["IsRequestor"] != true || me["IsService"] != false {
			t.Errorf("registered as %v", me)
		}
		if got := list(t, guest.Get("/api/users/me/teams").Want(200)); len(got) != 2 || got[1]["Id"] != team.PublicID() {
			t.Errorf("teams of the newcomer: %v", got)
		}
		site.Client().JSON(http.MethodPost, "/api/users/register", form("second", code)).Want(400)
		admin.Get(made["Links"].(map[string]any)["Self"].(string)).Want(404)
		for _, body := range []string{`{}`, `{"AddToTeamIds":["Teams-9999"]}`, `{"AddToTeamIds":["x"]}`} {
			admin.JSON(http.MethodPost, "/api/users/invitations", body).Want(400)
		}
		if strings.Contains(site.Log()+f.Log.String(), code) {
			t.Error("the log holds an invitation code")
		}
	})
}

// TestKeyInQueryCanBeRefused: by default ?apikey= opens the REST API, and only
// that; with the switch it is no credential.
func TestKeyInQueryCanBeRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := usable(t, f, f.Alice)
		query := "?ApiKey=" + url.QueryEscape(secret)
		usual, strict := webtest.New(t, f.Store), webtest.New(t, f.Store, func(o *web.Options) { o.RefuseKeyInQuery = true })
		usual.Client().Get("/api/users/me" + query).Want(200)
		usual.Client().Get("/account/apikeys" + query).Want(303)
		strict.Client().Get("/api/users/me" + query).Want(401)
		strict.Client().Get("/api" + query).Want(200) // it is nothing, not a wrong key
		strict.WithKey(secret).Get("/api/users/me").Want(200)
		if strings.Contains(usual.Log()+strict.Log(), secret[4:]) {
			t.Error("the log holds a key from an address")
		}
	})
}
