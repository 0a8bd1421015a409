package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

const localhost = "http://localhost:8080"

// atLocalhost makes the portal one for which browsers have passkeys.
func atLocalhost(o *web.Options) { o.PublicURL = &url.URL{Scheme: "http", Host: "localhost:8080"} }

// setUpApp sets up an authenticator app on the pages and returns its secret and
// the recovery codes.
func setUpApp(t *testing.T, f *storetest.Fixture, client *webtest.Client) (secret []byte, recovery []string) {
	t.Helper()
	if got := client.Form("/account/sign-in/app", nil).Want(303).Header.Get("Location"); got != "/account/sign-in/app" {
		t.Fatalf("setting up leads to %s", got)
	}
	page := client.Get("/account/sign-in/app").Want(200)
	text := strings.ReplaceAll(page.Find("code.secret").Text(), " ", "")
	secret = fromBase32(t, text)
	if d, _ := page.Find("svg.qr path:last-child").Attr("d"); len(d) < 500 {
		t.Errorf("the QR code is %q", d)
	}
	wrong := client.Form("/account/sign-in/app/confirmation", url.Values{"code": {"000000"}}).Want(422)
	if wrong.Find("#code-error").Length() != 1 || strings.ReplaceAll(wrong.Find("code.secret").Text(), " ", "") != text {
		t.Error("a wrong code must be told beside the field, with the same secret")
	}
	shown := client.Form("/account/sign-in/app/confirmation", url.Values{"code": {codeAt(f, secret)}}).Want(200)
	recovery = strings.Fields(shown.Find("#codes").Text())
	if len(recovery) != models.RecoveryCodes || shown.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("codes = %v", recovery)
	}
	f.Clock.Advance(time.Minute) // that code is used
	return secret, recovery
}

func codeAt(f *storetest.Fixture, secret []byte) string {
	return models.TOTPCode(secret, models.TOTPStepAt(f.Clock.Now()))
}

func TestSecondStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		secret, recovery := setUpApp(t, f, browserOf(f, site, f.Alice))
		client := site.Client()
		first := client.Form("/sign-in", url.Values{"username": {"alice"}, "password": {storetest.Password}, "return": {"/account/profile"}}).Want(303)
		if got := first.Header.Get("Location"); got != "/sign-in/second-step?return=%2Faccount%2Fprofile" {
			t.Fatalf("the password leads to %s", got)
		}
		if cookieOf(first, "keyport") != "" || cookieOf(first, "keyport-device") != "" {
			t.Fatal("the password alone signs in")
		}
		client.Get("/account/apikeys").Want(303)
		page := client.Get("/sign-in/second-step?return=%2Faccount%2Fprofile").Want(200)
		if page.Value("return") != "/account/profile" || page.Find("input[name=code][autocomplete='one-time-code']").Length() != 1 || page.Find("[data-passkey]").Length() != 0 {
			t.Errorf("page = %s", page.Find("main").Text())
		}
		wrong := client.Form("/sign-in/second-step", url.Values{"code": {"000000"}, "return": {"/account/profile"}}).Want(422)
		if wrong.Find("#code-error").Length() != 1 || wrong.Value("return") != "/account/profile" {
			t.Error("a wrong code must be told beside the field")
		}
		done := client.Form("/sign-in/second-step", url.Values{"code": {codeAt(f, secret)}, "return": {"/account/profile"}}).Want(303)
		if got := done.Header.Get("Location"); got != "/account/profile" || cookieOf(done, "keyport") == "" {
			t.Errorf("the code leads to %s with cookies %v", got, done.Header.Values("Set-Cookie"))
		}
		client.Get("/account/apikeys").Want(200)

		// A code that was used opens nothing; a recovery code does, once.
		other := site.Client()
		other.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
		other.Form("/sign-in/second-step", url.Values{"code": {codeAt(f, secret)}}).Want(422)
		if got := other.Form("/sign-in/second-step", url.Values{"code": {recovery[0]}}).Want(303).Header.Get("Location"); got != "/account/sign-in" {
			t.Errorf("a recovery code leads to %s", got)
		}
		if page := other.Get("/account/sign-in").Want(200); !strings.Contains(page.Find("[data-focus]").Text(), "9 are left") {
			t.Errorf("nothing is said about the codes that are left: %s", page.Find("main").Text())
		}
		third := site.Client()
		third.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
		third.Form("/sign-in/second-step", url.Values{"code": {recovery[0]}}).Want(422)
		f.Clock.Advance(10 * time.Minute)
		if got := third.Get("/sign-in/second-step").Want(303).Header.Get("Location"); !strings.HasPrefix(got, "/sign-in?notice=") {
			t.Errorf("an old ticket leads to %s", got)
		}
		for _, bad := range []string{"", "x", strings.Repeat("A", 9000)} {
			stranger := site.Client()
			stranger.SetCookie("keyport-step", bad)
			stranger.Form("/sign-in/second-step", url.Values{"code": {codeAt(f, secret)}}).Want(303)
			stranger.Get("/account/apikeys").Want(303)
		}
		for _, hidden := range append(recovery, models.TOTPText(secret), strings.ReplaceAll(models.TOTPText(secret), " ", "")) {
			if strings.Contains(site.Log()+f.Log.String(), hidden) {
				t.Error("the log holds a secret")
			}
		}
	})
}

func TestSecondStepIsSlowedDown(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	setUpApp(t, f, browserOf(f, site, f.Alice))
	client := site.Client()
	client.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
	for n := range 8 {
		a := client.Form("/sign-in/second-step", url.Values{"code": {"000000"}})
		if want := map[bool]int{true: 422, false: 429}[n < models.ThrottlePair.Free]; a.Status != want {
			t.Fatalf("code %d: got %d, want %d", n, a.Status, want)
		}
		if a.Status == 429 && a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// ask posts for a challenge, as the script does.
func ask(t *testing.T, c *webtest.Client, path string) (token string, options any) {
	t.Helper()
	a := c.Do(http.MethodPost, path, "", http.Header{"Sec-Fetch-Site": {"same-origin"}}).Want(200)
	var challenge struct {
		Token   string
		Options any
	}
	if err := json.Unmarshal([]byte(a.Body), &challenge); err != nil || challenge.Token == "" {
		t.Fatalf("challenge = %s (%v)", a.Body, err)
	}
	return challenge.Token, challenge.Options
}

func addPasskey(t *testing.T, c *webtest.Client, device *storetest.Authenticator, name string) webtest.Answer {
	t.Helper()
	token, options := ask(t, c, "/account/sign-in/passkeys/options")
	return c.Form("/account/sign-in/passkeys", url.Values{"name": {name}, "passkey_token": {token}, "passkey": {device.Make(options)}})
}

func TestPasskeysOnThePages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, atLocalhost)
		alice := browserOf(f, site, f.Alice)
		device := storetest.NewAuthenticator(t, localhost)
		if refused := addPasskey(t, alice, storetest.NewAuthenticator(t, localhost), "").Want(422); refused.Find("#passkey-name-error").Length() != 1 {
			t.Error("a missing name must be told beside the field")
		}
		if shown := addPasskey(t, alice, device, "Laptop").Want(200); shown.Find("#codes").Length() != 1 {
			t.Error("the first passkey must bring recovery codes")
		}
		page := alice.Get("/account/sign-in").Want(200)
		remove, _ := page.Find("form[action$='/removal']").FilterFunction(func(_ int, s *goquery.Selection) bool {
			return strings.Contains(s.Text(), "Laptop")
		}).Attr("action")
		if remove == "" {
			t.Fatalf("the passkey is not in the list: %s", page.Find("main").Text())
		}

		// Without name and password.
		client := site.Client()
		if client.Get("/sign-in").Find("form[data-passkey='/sign-in/passkey/options'][hidden]").Length() != 1 {
			t.Error("the sign-in page offers no passkey")
		}
		token, options := ask(t, client, "/sign-in/passkey/options")
		answer := url.Values{"passkey_token": {token}, "passkey": {device.Use(options)}, "return": {"//evil.example"}}
		done := client.Form("/sign-in/passkey", answer).Want(303)
		if got := done.Header.Get("Location"); got != "/account/apikeys" || cookieOf(done, "keyport") == "" {
			t.Errorf("the passkey leads to %s", got)
		}
		client.Get("/account/apikeys").Want(200)
		if replayed := site.Client().Form("/sign-in/passkey", answer).Want(422); cookieOf(replayed, "keyport") != "" || !strings.Contains(replayed.Body, "Could not sign in") {
			t.Error("an answer works twice")
		}

		// After the password.
		second := site.Client()
		second.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
		if page := second.Get("/sign-in/second-step").Want(200); page.Find("form[data-passkey]").Length() != 1 || page.Find("label[for=code]").Text() != "Recovery code" {
			t.Errorf("page = %s", page.Find("main").Text())
		}
		token, options = ask(t, second, "/sign-in/second-step/passkey-options")
		second.Form("/sign-in/second-step", url.Values{"passkey_token": {token}, "passkey": {"{}"}}).Want(422)
		second.Form("/sign-in/second-step", url.Values{"passkey_token": {token}, "passkey": {device.Use(options)}}).Want(303)
		second.Get("/account/apikeys").Want(200)
		site.Client().Do(http.MethodPost, "/sign-in/second-step/passkey-options", "", http.Header{"Sec-Fetch-Site": {"same-origin"}}).Want(303)

		alice.Form(remove, nil).Want(303)
		token, options = ask(t, client, "/sign-in/passkey/options")
		site.Client().Form("/sign-in/passkey", url.Values{"passkey_token": {token}, "passkey": {device.Use(options)}}).Want(422)
		site.Client().Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
	})
}

// Where browsers have no passkeys the pages say so, and offer none.
func TestNoPasskeysAtABareAddress(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	alice := browserOf(f, site, f.Alice)
	page := alice.Get("/account/sign-in").Want(200)
	if page.Find("[data-passkey]").Length() != 0 || !strings.Contains(page.Find("main").Text(), "HTTPS and a host name") {
		t.Errorf("page = %s", page.Find("main").Text())
	}
	if site.Client().Get("/sign-in").Find("[data-passkey]").Length() != 0 {
		t.Error("the sign-in page offers a passkey")
	}
}

func TestAdministratorRemovesTheSecondStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		setUpApp(t, f, browserOf(f, site, f.Alice))
		path := "/configuration/users/" + f.Alice.PublicID() + "/second-factor/removal"
		browserOf(f, site, f.Bob).Form(path, nil).Want(403)
		admin := browserOf(f, site, f.Admin)
		admin.Form("/configuration/users/Users-4711/second-factor/removal", nil).Want(404)
		admin.Form("/configuration/users/nobody/second-factor/removal", nil).Want(404)
		admin.Form(path, nil).Want(303)
		client := site.Client()
		if got := client.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303).Header.Get("Location"); got != "/account/apikeys" {
			t.Errorf("the password leads to %s", got)
		}
		if got := client.Get("/account/apikeys").Find("[data-focus]").Text(); !strings.Contains(got, "second step of your sign-in was removed") {
			t.Errorf("notice = %q, want to be told", got)
		}
		if got := client.Get("/account/apikeys").Body; strings.Contains(got, "was removed") {
			t.Error("the notice is shown twice")
		}
	})
}
