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
	"github.com/keyport/keyport/web/webtest"
)

const oneDay = 24 * time.Hour

// rotationForm is the form at an address, as it is proposed.
func rotationForm(t *testing.T, c *webtest.Client, path string) url.Values {
	t.Helper()
	page := c.Get(path).Want(200)
	form := url.Values{"csrf": {page.Value("csrf")}, "form_id": {page.Value("form_id")}, "zone": {page.Value("zone")}, "days": {page.Value("days")}}
	for _, name := range []string{"overlap", "expiry"} {
		form.Set(name, page.Find("input[name="+name+"][checked]").AttrOr("value", ""))
	}
	return form
}

// A key is rotated on the page, with htmx and without: the list and the key's
// page lead there, each choice says what it comes to, the secret is shown once,
// and the form sent again makes no second one.
func TestRotateOnThePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for _, name := range []string{"plain", "htmx"} {
			old, oldSecret := f.Issue(f.Alice, models.NewKey{Purpose: "Pipeline by " + name, Access: models.AccessWish{Services: []string{"keyport"}}})
			f.Clock.Advance(time.Hour)
			alice, page := browserOf(f, site, f.Alice), "/account/apikeys/"+old.ID
			send := alice.Form
			if name == "htmx" {
				send = func(path string, form url.Values) webtest.Answer { return alice.HTMX(http.MethodPost, path, form) }
			}
			if alice.Get("/account/apikeys").Find("tbody a[href='"+page+"/rotation']").Length() != 1 || alice.Get(page).Find("main a[href='"+page+"/rotation']").Length() != 1 {
				t.Errorf("%s: the list or the key's page does not lead to the form", name)
			}
			week := models.LastDay(f.Store.Now().Add(7*oneDay), time.UTC)
			if asked := alice.Get(page + "/rotation").Want(200); !strings.Contains(asked.Find("form#rotation").Text(), "Works until "+week) || !strings.Contains(asked.Body, models.LastDay(old.ExpiresAt, time.UTC)) {
				t.Errorf("%s: the form does not say when the old key ends: %s", name, asked.Find("main").Text())
			}
			form := rotationForm(t, alice, page+"/rotation")
			shown := send(page+"/rotation", form).Want(200)
			secret := strings.TrimSpace(shown.Find("#key").Text())
			if shown.Header.Get("Cache-Control") != "no-store" || shown.Find("[hx-history=false] #key").Length() != 1 || shown.Header.Get("HX-Replace-Url") != "/account/apikeys" {
				t.Errorf("%s: the reveal can be kept: %v", name, shown.Header)
			}
			if !strings.Contains(shown.Find("main, .page").Text(), "The old key "+old.Hint()+" works until "+week) || !strings.Contains(shown.Body, "Full access on keyport, ends ") {
				t.Errorf("%s: the reveal says %s", name, shown.Find(".page").Text())
			}
			me := site.WithKey(secret).Get("/api/apikeys/self").Want(200).JSON()
			if me["Purpose"] != old.Purpose || fmt.Sprint(me["Services"]) != "[keyport]" {
				t.Errorf("%s: the new key is %v", name, me)
			}
			before := census(f)
			for range 2 {
				again := send(page+"/rotation", form)
				if to := again.Header.Get("Location") + again.Header.Get("HX-Redirect"); again.Status >= 400 || to != "/account/apikeys" || again.Find("#key").Length() != 0 {
					t.Errorf("%s: the form sent again: %d to %q", name, again.Status, to)
				}
			}
			if census(f) != before {
				t.Errorf("%s: a second key was made", name)
			}
			site.WithKey(oldSecret.Reveal()).Get("/api/users/me").Want(200)
			f.Clock.Advance(7 * oneDay)
			alice = browserOf(f, site, f.Alice)
			site.WithKey(oldSecret.Reveal()).Get("/api/users/me").Want(401)
			site.WithKey(secret).Get("/api/users/me").Want(200)
			if strings.Contains(site.Log(), secret) || strings.Contains(f.Log.String(), secret) || strings.Contains(alice.Get("/account/apikeys").Body, secret) {
				t.Errorf("%s: the secret is somewhere else too", name)
			}
		}
	})
}

// Every choice of an overlap does what it says, and the reveal says it.
func TestOverlapsOnThePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for name, tt := range map[string]struct {
			overlap, days, said string
			goesOn              time.Duration
		}{
			"at once": {"0", "14", "is refused from now on", 0}, "a day": {"1", "", "works until ", oneDay}, "30 days": {"30", "", "works until ", 30 * oneDay},
			"a number": {"custom", "3", "works until ", 3 * oneDay}, "none as a number": {"custom", "0", "is refused from now on", 0},
			"first use": {"first-use", "", "works until this one is first used", 60*oneDay - time.Hour},
		} {
			old, _ := f.Issue(f.Alice, models.NewKey{Purpose: name, Expires: models.ExpiresAt(f.Store.Now().Add(60 * oneDay))})
			f.Clock.Advance(time.Hour)
			alice := browserOf(f, site, f.Alice)
			form := rotationForm(t, alice, "/account/apikeys/"+old.ID+"/rotation")
			form.Set("overlap", tt.overlap)
			form.Set("days", tt.days)
			shown := alice.Form("/account/apikeys/"+old.ID+"/rotation", form).Want(200)
			if !strings.Contains(shown.Body, "The old key "+old.Hint()+" "+tt.said) {
				t.Errorf("%s: the reveal says %s", name, shown.Find(".page").Text())
			}
			after, err := f.Store.APIKey(f.As(f.Alice), f.Alice.ID, old.ID)
			if got := after.ExpiresAt.Sub(f.Store.Now()); err != nil || got != tt.goesOn {
				t.Errorf("%s: the old key goes on for %s, want %s; %v", name, got, tt.goesOn, err)
			}
		}
	})
}

// The pages of both keys lead to each other and say who still calls with the
// old one, until it ends.
func TestWhoStillCallsWithTheOldKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		old, oldSecret := f.Issue(f.Alice, models.NewKey{Purpose: "Pipeline"})
		f.Store.Seen(old.ID, "192.0.2.1", "forgotten long ago", f.Store.Now())
		f.Clock.Advance(time.Hour)
		key, _, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, old.ID, models.Rotation{Overlap: 2 * oneDay})
		if err != nil {
			t.Fatal(err)
		}
		flush(t, f)
		alice := browserOf(f, site, f.Alice)
		oldPath, newPath := "/account/apikeys/"+old.ID, "/account/apikeys/"+key.ID
		pages := func() map[string]webtest.Answer {
			return map[string]webtest.Answer{oldPath: alice.Get(oldPath).Want(200), newPath: alice.Get(newPath).Want(200)}
		}
		for path, page := range pages() {
			if !strings.Contains(page.Find("section[aria-labelledby=still-title]").Text(), "Nobody has called with it since "+f.Store.Now().Format("2 Jan 2006, 15:04")) {
				t.Errorf("%s: %s", path, page.Find("main").Text())
			}
		}
		if a := pages(); a[oldPath].Find("dd a[href='"+newPath+"']").Length() != 1 || a[newPath].Find("dd a[href='"+oldPath+"']").Length() != 1 {
			t.Error("the keys do not lead to each other")
		}
		caller := site.WithKey(oldSecret.Reveal())
		caller.Header.Set("User-Agent", "nightly-report/2.1")
		f.Clock.Advance(time.Minute)
		caller.Get("/api/users/me").Want(200)
		flush(t, f)
		f.Clock.Advance(5 * time.Minute)
		for path, page := range pages() {
			still := page.Find("section[aria-labelledby=still-title]").Text()
			for _, want := range []string{"nightly-report/2.1", "127.0.0.1", "5 minutes ago"} {
				if !strings.Contains(still, want) {
					t.Errorf("%s: the list of who still calls lacks %q: %s", path, want, still)
				}
			}
			if strings.Contains(still, "forgotten") || strings.Contains(still, "Nobody") {
				t.Errorf("%s: %s", path, still)
			}
		}
		if !strings.Contains(pages()[oldPath].Find("section[aria-labelledby=clients-title]").Text(), "forgotten long ago") {
			t.Error("who called before is lost")
		}
		f.Clock.Advance(3 * oneDay)
		alice = browserOf(f, site, f.Alice)
		for path, page := range pages() {
			if page.Find("section[aria-labelledby=still-title]").Length() != 0 {
				t.Errorf("%s: after the end somebody could still call", path)
			}
		}
		if !strings.Contains(pages()[newPath].Find("dl").Text(), "Ended ") {
			t.Error("the new key does not say that the old one has ended")
		}
	})
}

func flush(t *testing.T, f *storetest.Fixture) {
	t.Helper()
	if err := f.Store.FlushSeen(t.Context()); err != nil {
		t.Fatal(err)
	}
}
