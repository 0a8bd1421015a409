package web_test

import (
	"encoding/base32"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func fromBase32(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil || len(b) != models.TOTPSecretSize {
		t.Fatalf("secret %q: %d bytes, %v", text, len(b), err)
	}
	return b
}

// confirmation is the form of the page that asks who one is.
func confirmation(a webtest.Answer) url.Values {
	return url.Values{"confirm_form": {a.Value("confirm_form")}, "csrf": {a.Value("csrf")}}
}

// A sign-in of a quarter of an hour ago is not enough to make a key. What was
// typed is not lost, and no address shows any of it.
func TestMakingAKeyWithAnOldSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		alice := browserOf(f, site, f.Alice)
		form := newKeyForm(alice)
		form.Set("purpose", "Release pipeline <b>")
		f.Clock.Advance(models.FreshSignIn)
		before := census(f)
		asked := alice.Form("/account/apikeys", form).Want(422)
		if census(f) != before {
			t.Fatal("a key was made before the person was confirmed")
		}
		if asked.Find("form[action='/account/apikeys'] input[name=confirm_password]").Length() != 1 || strings.Contains(asked.Body, "Release pipeline") {
			t.Errorf("page = %s", asked.Find("main").Text())
		}
		again := confirmation(asked)
		again.Set("confirm_password", "not it at all, no")
		wrong := alice.Form("/account/apikeys", again).Want(422)
		if wrong.Find("#confirm-password-error").Length() != 1 || wrong.Value("confirm_form") == "" || wrong.Find("input[type=password][value]").Length() != 0 || census(f) != before {
			t.Errorf("page = %s", wrong.Find("main").Text())
		}
		session := alice.Cookies()[0].Value
		right := confirmation(wrong)
		right.Set("confirm_password", storetest.Password)
		shown := alice.Form("/account/apikeys", right).Want(200)
		if text := strings.TrimSpace(shown.Find("#key").Text()); text == "" || !strings.Contains(shown.Find(".facts").Text(), "Release pipeline <b>") {
			t.Fatalf("page = %s", shown.Find("main").Text())
		}
		if alice.Cookies()[0].Value == session || cookieOf(shown, "keyport") == "" {
			t.Error("the session keeps its id")
		}
		stale := site.Client()
		stale.SetCookie("keyport", session)
		stale.Get("/account/apikeys").Want(303)
		// The token in the page is that of the new session.
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		alice.Do(http.MethodPost, "/account/apikeys/stored", url.Values{"csrf": {shown.Value("csrf")}}.Encode(), header).Want(303)
		alice.Form("/account/apikeys", newKeyForm(alice)).Want(200) // no second question
		if strings.Contains(site.Log()+f.Log.String(), storetest.Password) {
			t.Error("the log holds the password")
		}
	})
}

// The form that waits is for its sender and its address alone.
func TestWaitingForm(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	admin, bob := browserOf(f, site, f.Admin), browserOf(f, site, f.Bob)
	form := newKeyForm(admin)
	f.Clock.Advance(models.FreshSignIn)
	kept := confirmation(admin.Form("/account/apikeys", form).Want(422))
	kept.Set("confirm_password", storetest.Password)
	bob.Form("/account/apikeys", kept).Want(409)
	admin.Form("/configuration/settings/authentication", kept).Want(409)
	before := census(f)
	cross := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}}
	if a := admin.Do(http.MethodPost, "/account/apikeys", kept.Encode(), cross); a.Status != 403 || census(f) != before {
		t.Errorf("another site: got %d, want 403", a.Status)
	}
	admin.Form("/account/apikeys", kept).Want(200)
	kept.Set("confirm_form", kept.Get("confirm_form")+"A")
	admin.Form("/account/apikeys", kept).Want(409)
}

func TestConfirmByCodeAndPasskey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, atLocalhost)
		alice := browserOf(f, site, f.Alice)
		secret, _ := setUpApp(t, f, alice)
		device := storetest.NewAuthenticator(t, localhost)
		addPasskey(t, alice, device, "Laptop").Want(303) // codes are there already
		for name, proof := range map[string]func() url.Values{
			"code": func() url.Values { return url.Values{"confirm_code": {codeAt(f, secret)}} },
			"passkey": func() url.Values {
				token, options := ask(t, alice, "/account/sign-in/passkeys/request")
				return url.Values{"passkey_token": {token}, "passkey": {device.Use(options)}}
			},
		} {
			form := newKeyForm(alice)
			f.Clock.Advance(models.FreshSignIn)
			asked := alice.Form("/account/apikeys", form).Want(422)
			if asked.Find("form[action='/account/apikeys']").Length() != 3 {
				t.Errorf("%s: %d ways to confirm, want 3", name, asked.Find("form[action='/account/apikeys']").Length())
			}
			for _, bad := range []url.Values{{"confirm_code": {"000000"}}, {"passkey": {"{}"}, "passkey_token": {"x"}}, {"confirm_code": {""}}, {}} {
				for field, value := range confirmation(asked) {
					bad[field] = value
				}
				alice.Form("/account/apikeys", bad).Want(422)
			}
			right := confirmation(asked)
			for field, value := range proof() {
				right[field] = value
			}
			if shown := alice.Form("/account/apikeys", right).Want(200); shown.Find("#key").Length() != 1 {
				t.Errorf("%s: no key was made", name)
			}
		}
	})
}

// htmx gets the question in place of the page, wherever the form meant its
// answer to go.
func TestConfirmByHTMX(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	admin := browserOf(f, site, f.Admin)
	f.Clock.Advance(models.FreshSignIn)
	settings := url.Values{"version": {"1"}, "default": {"90"}, "maximum": {"300"}, "user-keys": {"on"}}
	asked := admin.HTMX(http.MethodPost, "/configuration/settings/authentication", settings).Want(422)
	if asked.Header.Get("HX-Retarget") != "#main" || strings.Contains(asked.Body, "<main") || asked.Find("title").Length() != 1 {
		t.Errorf("the question is not a fragment for #main: %.300s", asked.Body)
	}
	right := confirmation(asked)
	right.Set("confirm_password", storetest.Password)
	admin.Form("/configuration/settings/authentication", right).Want(303)
	if got := admin.Get("/configuration/settings/authentication").Value("default"); got != "90" {
		t.Errorf("default = %s, want what was typed: 90", got)
	}
}

// A stolen session can't guess the password where it is confirmed.
func TestConfirmingIsSlowedDown(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	alice := browserOf(f, site, f.Alice)
	f.Clock.Advance(models.FreshSignIn)
	kept := confirmation(alice.Form("/account/apikeys", newKeyForm(alice)).Want(422))
	kept.Set("confirm_password", "not it at all, no")
	for n := range 14 {
		want := map[bool]int{true: 422, false: 429}[n < models.ThrottleDevice.Free]
		if a := alice.Form("/account/apikeys", kept); a.Status != want || want == 429 && a.Header.Get("Retry-After") == "" {
			t.Fatalf("try %d: got %d, want %d", n, a.Status, want)
		}
	}
	f.Clock.Advance(time.Minute)
	kept.Set("confirm_password", storetest.Password)
	alice.Form("/account/apikeys", kept).Want(200)
}

// Who has nothing to confirm with is led to sign in again.
func TestNothingToConfirmWith(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	alice := browserOf(f, site, f.Alice)
	form := newKeyForm(alice)
	f.Exec("UPDATE users SET password_hash = '' WHERE id = ?", f.Alice.ID)
	f.Clock.Advance(models.FreshSignIn)
	asked := alice.Form("/account/apikeys", form).Want(422)
	if asked.Find("main form").Length() != 1 || asked.Find("main form[action='/sign-out']").Length() != 1 {
		t.Errorf("page = %s", asked.Find("main").Text())
	}
}

// These ask who one is; the change of the password asks by itself.
func TestWhatNeedsAFreshSignIn(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	site := webtest.New(t, f.Store)
	admin := browserOf(f, site, f.Admin)
	f.Clock.Advance(models.FreshSignIn)
	for _, path := range []string{
		"/account/apikeys", "/configuration/settings/authentication", "/configuration/settings/smtp",
		"/account/sign-in/app", "/account/sign-in/app/confirmation", "/account/sign-in/app/removal", "/account/sign-in/passkeys",
		"/account/sign-in/passkeys/7/removal", "/account/sign-in/recovery-codes", "/configuration/users/" + f.Alice.PublicID() + "/second-factor/removal",
	} {
		if a := admin.Form(path, url.Values{"a": {"b"}}); a.Status != 422 || a.Value("confirm_form") == "" {
			t.Errorf("%s: got %d, want to be asked", path, a.Status)
		}
	}
	for path, values := range map[string]url.Values{
		"/account/password": {"current": {storetest.Password}, "password": {"a much better passphrase"}, "again": {"a much better passphrase"}},
	} {
		if a := admin.Form(path, values); a.Find("[name=confirm_form]").Length() != 0 || a.Status != 303 {
			t.Errorf("%s: got %d, want no question", path, a.Status)
		}
	}
}
