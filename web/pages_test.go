package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func newKeyForm(c *webtest.Client) url.Values {
	page := c.Get("/account/apikeys/new").Want(200)
	return url.Values{"form_id": {page.Value("form_id")}, "zone": {page.Value("zone")}, "csrf": {page.Value("csrf")}, "purpose": {"Release pipeline"}, "expiry": {"90"}}
}

func TestGenerateNewShowsTheKeyOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		alice := browserOf(f, site, f.Alice)
		form := newKeyForm(alice)
		shown := alice.Form("/account/apikeys", form).Want(200)
		text := strings.TrimSpace(shown.Find("#key").Text())
		if _, ok := models.ParseSecret(text); !ok {
			t.Fatalf("the page shows %q, want a key", text)
		}
		if got := shown.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control is %q, want no-store", got)
		}
		if shown.Header.Get("Etag") != "" || strings.Contains(strings.Join(shown.Header.Values("Set-Cookie"), ""), text) {
			t.Error("the key could be kept by a cache or a cookie")
		}
		again := alice.Form("/account/apikeys", form).Want(303)
		if got := again.Header.Get("Location"); got != "/account/apikeys" {
			t.Errorf("the second try leads to %q, want the list", got)
		}
		list := alice.Get("/account/apikeys").Want(200)
		if n := list.Find("tbody tr").Length(); n != 1 {
			t.Errorf("the list has %d keys, want 1", n)
		}
		if !strings.Contains(list.Body, "already used") || strings.Contains(list.Body, text) {
			t.Error("the list must say that the form was used, and never show the key")
		}
		if strings.Contains(alice.Get("/account/apikeys").Body, "already used") {
			t.Error("the notice is shown twice")
		}
		site.WithKey(text).Get("/api/users/me").Want(200)
		if strings.Contains(site.Log(), text) || strings.Contains(f.Log.String(), text) {
			t.Error("the log holds the key")
		}
	})
}

func TestGenerateNewEndsAtTheEndOfTheDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store) // the clock says 2026-11-23T10:30Z
		tests := []struct{ zone, expiry, date, want string }{
			{"Europe/Stockholm", "90", "", "2027-02-21T23:00:00Z"},
			{"Pacific/Kiritimati", "custom", "2026-11-24", "2026-11-24T10:00:00Z"}, // it is the 24th there: today
			{"Etc/GMT+12", "custom", "2026-11-22", "2026-11-23T12:00:00Z"},         // and still the 22nd here
			{"America/Santiago", "custom", "2027-09-04", "2027-09-05T04:00:00Z"},   // midnight does not exist
			{"America/New_York", "custom", "2027-11-07", "2027-11-08T05:00:00Z"},   // the day has 25 hours
			{"Asia/Kathmandu", "366", "", "2027-11-24T18:15:00Z"},                  // the maximum, to the end of its day
		}
		for _, test := range tests {
			alice := browserOf(f, site, f.Alice)
			alice.SetCookie("keyport_zone", url.QueryEscape(test.zone))
			form := newKeyForm(alice)
			if form.Get("zone") != test.zone {
				t.Errorf("the form is in zone %q, want %q", form.Get("zone"), test.zone)
			}
			form.Set("expiry", test.expiry)
			form.Set("date", test.date)
			text := strings.TrimSpace(alice.Form("/account/apikeys", form).Want(200).Find("#key").Text())
			_, key, err := f.Store.Authenticate(t.Context(), text)
			if err != nil {
				t.Fatal(err)
			}
			if got := key.ExpiresAt.Format(time.RFC3339); got != test.want {
				t.Errorf("%s %s %s: ends %s, want %s", test.zone, test.expiry, test.date, got, test.want)
			}
		}
	})
}

func TestNewKeyFormRefusesBadInput(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		alice := browserOf(f, site, f.Alice)
		tests := []struct{ name, field, value, about string }{
			{"no purpose", "purpose", "", "purpose"}, {"blanks", "purpose", " \u00a0 ", "purpose"}, {"201 characters", "purpose", strings.Repeat("x", 201), "purpose"},
			{"NUL", "purpose", "a\x00b", "purpose"}, {"not UTF-8", "purpose", "a\xffb", "purpose"}, {"override", "purpose", "a\u202eb", "purpose"},
			{"no choice", "expiry", "", "expires"}, {"zero", "expiry", "0", "expires"}, {"negative", "expiry", "-1", "expires"}, {"beyond the ceiling", "expiry", "1097", "expires"},
			{"wraps around", "expiry", "213684", "expires"}, {"beyond the maximum", "expiry", "367", "expires"}, {"words", "expiry", "never", "expires"},
			{"no date", "date", "", "expires"}, {"past", "date", "2026-11-22", "expires"}, {"far future", "date", "9999-12-31", "expires"}, {"no such day", "date", "2027-02-30", "expires"},
			{"no such zone", "zone", "Mars/Olympus", "expires"}, {"the server's zone", "zone", "Local", "expires"}, {"a path", "zone", "../../etc/passwd", "expires"}, {"not UTF-8", "zone", "\xff", "expires"},
			{"a time", "date", "2027-02-20T10:00", "expires"}, {"past the last day", "date", "2027-11-25", "expires"}, {"not a date", "date", "<script>", "expires"},
		}
		for _, test := range tests {
			form := newKeyForm(alice)
			if test.field == "date" {
				form.Set("expiry", "custom")
			}
			form.Set(test.field, test.value)
			before := census(f)
			for _, a := range []webtest.Answer{alice.Form("/account/apikeys", form), alice.HTMX(http.MethodPost, "/account/apikeys", form)} {
				if a.Status != 422 || census(f) != before {
					t.Errorf("%s: got %d, want 422 and nothing written", test.name, a.Status)
					continue
				}
				if a.Find("#"+test.about+"-error").Text() == "" || a.Find("[role=alert] a[href='#"+test.about+"']").Length() == 0 {
					t.Errorf("%s: no message beside %s and in the summary: %.500s", test.name, test.about, a.Find("main").Text())
				}
				if a.Value("form_id") == "" {
					t.Errorf("%s: the form can't be sent again", test.name)
				}
			}
		}
		form := newKeyForm(alice)
		form.Set("purpose", `<img src=x onerror=alert(1)>"'`)
		shown := alice.Form("/account/apikeys", form).Want(200)
		if strings.Contains(shown.Body, "<img src=x") {
			t.Error("the purpose is not escaped")
		}
	})
}

func TestUserAPIKeysOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, old := usable(t, f, f.Alice)
		alice, admin := browserOf(f, site, f.Alice), browserOf(f, site, f.Admin)
		form := newKeyForm(alice)
		admin.Form("/configuration/settings/authentication", url.Values{"version": {"1"}, "default": {"180"}, "maximum": {"366"}, "user-keys": {"off"}}).Want(303)

		before := census(f)
		alice.Form("/account/apikeys", form).Want(403)
		site.WithKey(old).JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"p"}`).Want(403)
		if census(f) != before {
			t.Error("a key was made while keys of people are off")
		}
		list := alice.Get("/account/apikeys").Want(200)
		if !strings.Contains(list.Body, "Your administrator has switched off") || list.Find("a[href='/account/apikeys/new']").Length() != 0 {
			t.Error("the list must say that new keys are off, and not offer one")
		}
		site.WithKey(old).Get("/api/users/me").Want(200)
		_, robot := usable(t, f, f.Robot)
		site.WithKey(robot).JSON(http.MethodPost, "/api/users/me/apikeys", `{"Purpose":"p"}`).Want(200)
	})
}

func TestSettingsForm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		const path = "/configuration/settings/authentication"
		form := func(defaultDays, maximum, version string) url.Values {
			return url.Values{"default": {defaultDays}, "maximum": {maximum}, "version": {version}, "user-keys": {"on"}}
		}
		refused := []struct{ name, defaultDays, maximum, about string }{
			{"default beyond maximum", "200", "100", "default"}, {"zero", "0", "366", "default"}, {"negative", "-1", "366", "default"}, {"empty", "", "366", "default"},
			{"beyond the ceiling", "180", "1097", "maximum"}, {"wraps around", "180", "213684", "maximum"}, {"text", "180", "many", "maximum"},
			{"float", "1e2", "366", "default"}, {"fraction", "180.0", "366", "default"}, {"control", "18\x000", "366", "default"}, {"not UTF-8", "180", "\xff", "maximum"},
		}
		for _, test := range refused {
			before := census(f)
			a := admin.Form(path, form(test.defaultDays, test.maximum, "1"))
			if a.Status != 422 || census(f) != before || a.Find("#"+test.about+"-error").Text() == "" {
				t.Errorf("%s: got %d, want 422 with a message beside %s and nothing written", test.name, a.Status, test.about)
			}
		}
		admin.Form(path, form("30", "90", "1")).Want(303)
		page := admin.Get(path).Want(200)
		if !strings.Contains(page.Body, "Settings saved") || page.Value("maximum") != "90" || page.Value("version") != "2" {
			t.Errorf("the page does not show what was saved: %s", page.Find("main").Text())
		}
		late := admin.Form(path, form("10", "20", "1")).Want(409)
		if late.Value("maximum") != "20" || late.Value("version") != "2" || late.Find("[role=alert]").Length() == 0 {
			t.Error("whoever is late must be told, keep what he typed, and see the present version")
		}
		line := admin.HTMX(http.MethodGet, path+"/impact?maximum=1", nil).Want(200)
		if line.Find("#maximum-impact").Length() != 1 || strings.Contains(line.Body, "<html") {
			t.Errorf("the live line is %q", line.Body)
		}
	})
}

func TestImpactCountsKeysThatLiveLonger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		for _, days := range []int{5, 40, 50} {
			f.Issue(f.Bob, models.NewKey{Expires: models.ExpiresInDays(days, time.UTC)})
		}
		gone, _ := f.Issue(f.Bob, models.NewKey{Expires: models.MaximumExpiry()})
		if _, err := f.Store.RevokeAPIKey(f.As(f.Bob), f.Bob.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		for days, want := range map[string]string{"4": "3 existing keys live longer", "5": "2 existing keys live longer", "49": "1 existing key lives longer", "50": "No existing key lives longer", "0": "from 1 to 1096"} {
			if a := admin.HTMX(http.MethodGet, "/configuration/settings/authentication/impact?maximum="+days, nil); !strings.Contains(a.Find("output").Text(), want) {
				t.Errorf("%s days: got %q, want %q", days, a.Find("output").Text(), want)
			}
		}
	})
}

func TestProfileTimeZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		alice := browserOf(f, site, f.Alice)
		alice.Form("/account/time-zone", url.Values{"zone": {"Asia/Tokyo"}}).Want(303)
		if got := newKeyForm(alice).Get("zone"); got != "Asia/Tokyo" {
			t.Errorf("the form is in zone %q, want the one of the profile", got)
		}
		for _, bad := range []string{"Mars/Olympus", "../../etc/passwd", "Local", strings.Repeat("x", 300), "a\x00b"} {
			alice.Form("/account/time-zone", url.Values{"zone": {bad}}).Want(422)
		}
		alice.Form("/account/time-zone", url.Values{"zone": {""}}).Want(303)
		alice.SetCookie("keyport_zone", "Local")
		if got := newKeyForm(alice).Get("zone"); got != "UTC" {
			t.Errorf("the form is in zone %q, want UTC when nobody knows better", got)
		}
	})
}
