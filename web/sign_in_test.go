package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

func signInForm(username, password string) url.Values {
	return url.Values{"username": {username}, "password": {password}}
}

// cookieOf returns the value of a cookie that an answer sets, "" for none.
func cookieOf(a webtest.Answer, name string) string {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// The answer to too many tries says how long to wait, is the same for a name
// that nobody has, and forged addresses do not help.
func TestSignInIsSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		answers := map[string]string{}
		for _, name := range []string{"alice", "nobody-at-all"} {
			client := site.Client()
			var last webtest.Answer
			for n := range 8 {
				client.Header = http.Header{"X-Forwarded-For": {fmt.Sprintf("10.0.%d.1", n)}, "X-Real-Ip": {fmt.Sprintf("10.1.%d.1", n)}, "Forwarded": {fmt.Sprintf("for=10.2.%d.1", n)}, "True-Client-Ip": {fmt.Sprintf("10.3.%d.1", n)}}
				last = client.Form("/sign-in", signInForm(name, "not the password at all"))
				if want := map[bool]int{true: 422, false: 429}[n < models.ThrottlePair.Free]; last.Status != want {
					t.Fatalf("%s, try %d: got %d, want %d", name, n, last.Status, want)
				}
			}
			if got := last.Header.Get("Retry-After"); got != "1" {
				t.Errorf("%s: Retry-After = %q, want 1", name, got)
			}
			if last.Find("[role=alert]").Text() == "" || last.Value("password") != "" {
				t.Errorf("%s: want a notice and an empty password", name)
			}
			answers[name] = strings.ReplaceAll(last.Body, name, "")
		}
		if answers["alice"] != answers["nobody-at-all"] {
			t.Error("the answers tell which name exists")
		}
		client := site.Client()
		client.Form("/sign-in", signInForm("alice", storetest.Password)).Want(429)
		f.Clock.Advance(time.Second)
		client.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
	})
}

// A trusted proxy tells who the client is; then each client has its own wait.
func TestSignInBehindAProxy(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, trustLoopback)
	for n := range 12 {
		client := site.Client()
		client.Header = http.Header{"X-Forwarded-For": {fmt.Sprintf("203.0.113.9, 198.51.%d.1", n%2)}}
		want := map[bool]int{true: 422, false: 429}[n < 2*models.ThrottlePair.Free]
		client.Form("/sign-in", signInForm("alice", "not the password at all")).Want(want)
	}
}

// The browser in which somebody has signed in gets in while others try.
func TestKnownBrowserGetsIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		owner := site.Client()
		first := owner.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
		device := cookieOf(first, "keyport-device")
		header := strings.Join(first.Header.Values("Set-Cookie"), "\n")
		if device == "" || !strings.Contains(header, "keyport-device="+device+"; Path=/; Expires=") && !strings.Contains(header, "Max-Age=31536000") || strings.Count(header, "HttpOnly") != 2 {
			t.Fatalf("cookies = %s", header)
		}
		owner.Form("/sign-out", nil).Want(303)
		thief := site.Client()
		for n := range 10 {
			thief.Form("/sign-in", signInForm("alice", "guess number "+strconv.Itoa(n)))
		}
		thief.Form("/sign-in", signInForm("alice", storetest.Password)).Want(429)
		again := owner.Form("/sign-in", signInForm("alice", storetest.Password)).Want(303)
		if cookieOf(again, "keyport-device") != "" {
			t.Error("a known browser gets another cookie")
		}
		// The cookie signs nobody in.
		only := site.Client()
		only.SetCookie("keyport-device", device)
		only.Get("/account/apikeys").Want(303)
		if strings.Contains(site.Log()+f.Log.String(), device) {
			t.Error("the log holds the cookie")
		}
		page := owner.Get("/account/sign-in").Want(200)
		if !strings.Contains(page.Find("[aria-labelledby=devices-title]").Text(), "1 browser is known.") {
			t.Errorf("the page does not name the browser: %s", page.Find("main").Text())
		}
		owner.Form("/account/sign-in/devices/removal", nil).Want(303)
		only.Form("/sign-in", signInForm("alice", storetest.Password)).Want(429)
	})
}

// A reset link lets the owner in from a new machine too, while strangers wait.
func TestResetLinkMakesTheBrowserKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		link, err := f.Store.NewPasswordLink(storetest.Console(), f.Alice.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range models.ThrottlePair.Free {
			site.Client().Form("/sign-in", signInForm("alice", "not the password at all")).Want(422)
		}
		owner := site.Client()
		owner.Form("/sign-in", signInForm("alice", storetest.Password)).Want(429)
		const fresh = "a completely different sentence"
		owner.Form("/reset-password", url.Values{"token": {link.Token}, "password": {fresh}, "again": {fresh}}).Want(303)
		owner.Get("/account/apikeys").Want(303) // it signs nobody in
		owner.Form("/sign-in", signInForm("alice", fresh)).Want(303)
		site.Client().Form("/sign-in", signInForm("alice", fresh)).Want(429)
	})
}

func TestDeviceCookieOverHTTPS(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store, func(o *web.Options) { o.PublicURL = &url.URL{Scheme: "https", Host: "keyport.example"} })
	header := site.Client().Form("/sign-in", signInForm("alice", storetest.Password)).Want(303).Header.Values("Set-Cookie")
	if len(header) != 2 || !strings.HasPrefix(header[1], "__Host-keyport-device=") || !strings.Contains(header[1], "Secure") || strings.Contains(header[1], "Domain") {
		t.Errorf("cookies = %q", header)
	}
}

// Wrong keys are counted by network; right ones go on working, and so does
// what was never a key.
func TestWrongKeysAreSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, good := usable(t, f, f.Alice)
		for n := range 70 {
			a := site.WithKey(models.NewSecret().Reveal()).Get("/api/users/me")
			want := 401
			if n >= 60 {
				want = 429
			}
			if a.Status != want || want == 429 && (a.Header.Get("Retry-After") != "1" || !strings.Contains(a.Body, "ErrorMessage")) {
				t.Fatalf("wrong key %d: got %d with %q, want %d", n, a.Status, a.Header.Get("Retry-After"), want)
			}
		}
		site.WithKey(good).Get("/api/users/me").Want(200)
		site.WithKey("API-NONSENSE").Get("/api/users/me").Want(401)
		f.Clock.Advance(time.Minute)
		site.WithKey(models.NewSecret().Reveal()).Get("/api/users/me").Want(401)
	})
}

func trustLoopback(o *web.Options) {
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}
