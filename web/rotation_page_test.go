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

// What can't be read or is too much is refused beside its field, as it was
// typed, with htmx and without, and the REST API says the same.
func TestRotationRefusedOnThePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		alice := browserOf(f, site, f.Alice)
		old, secret := f.Issue(f.Alice, models.NewKey{Purpose: "Pipeline"})
		path := "/account/apikeys/" + old.ID + "/rotation"
		for name, tt := range map[string]struct {
			typed url.Values
			field string
		}{
			"31 days": {url.Values{"overlap": {"custom"}, "days": {"31"}}, "overlap"}, "less than none": {url.Values{"overlap": {"-1"}}, "overlap"},
			"half a day": {url.Values{"overlap": {"custom"}, "days": {"0.5"}}, "overlap"}, "no choice": {url.Values{"overlap": {""}}, "overlap"},
			"very many": {url.Values{"overlap": {"99999999999999999999"}}, "overlap"}, "after the maximum": {url.Values{"expiry": {"custom"}, "date": {"2031-01-01"}}, "expires"},
			"no date": {url.Values{"expiry": {"custom"}, "date": {"31.12."}}, "expires"}, "no zone": {url.Values{"zone": {"Moon/Base"}}, "expires"},
		} {
			form, before := rotationForm(t, alice, path), census(f)
			for field, values := range tt.typed {
				form[field] = values
			}
			for how, a := range map[string]webtest.Answer{"plain": alice.Form(path, form), "htmx": alice.HTMX(http.MethodPost, path, form)} {
				a.Want(422)
				if a.Find("#"+tt.field+"-error").Length() != 1 || a.Find("[role=alert] a[href='#"+tt.field+"']").Length() != 1 || (how == "htmx") != (a.Find("nav").Length() == 1) {
					t.Errorf("%s, %s: %s", name, how, a.Find("main, .page").Text())
				}
			}
			if census(f) != before {
				t.Errorf("%s: something was written", name)
			}
		}
		site.WithKey(secret.Reveal()).Get("/api/users/me").Want(200)
	})
}

// A key that can't be rotated says why wherever that is asked, and where to go
// instead.
func TestWhatCanNotBeRotated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		issue := func(purpose string, life time.Duration) models.APIKey {
			key, _ := f.Issue(f.Alice, models.NewKey{Purpose: purpose, Expires: models.ExpiresAt(f.Store.Now().Add(life)),
				Access: models.AccessWish{Level: "ReadOnly", Services: []string{"billing"}, Allowed: []string{"10.0.0.0/8"}, Denied: []string{"10.9.0.0/16"}}})
			return key
		}
		twice, over, revoked := issue("Twice", 60*oneDay), issue("Over", oneDay), issue("Revoked", 60*oneDay)
		f.Clock.Advance(2 * oneDay)
		next, _, err := f.Store.RotateAPIKey(f.As(f.Alice), f.Alice.ID, twice.ID, models.Rotation{Overlap: 7 * oneDay})
		if err == nil {
			_, err = f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, revoked.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		alice, rest := browserOf(f, site, f.Alice), site.WithKey(mustKey(t, f, f.Alice))
		for key, want := range map[*models.APIKey][2]string{&twice: {"rotated already", "/account/apikeys/" + next.ID}, &over: {"nothing to rotate", "/account/apikeys/new?like=" + over.ID}, &revoked: {"nothing to rotate", "/account/apikeys/new?like=" + revoked.ID}} {
			path := "/account/apikeys/" + key.ID + "/rotation"
			form := url.Values{"overlap": {"7"}, "expiry": {"30"}, "zone": {"UTC"}}
			before := census(f)
			for how, a := range map[string]webtest.Answer{"asked": alice.Get(path).Want(200), "plain": alice.Form(path, form).Want(422), "htmx": alice.HTMX(http.MethodPost, path, form).Want(422)} {
				if a.Find("form#rotation").Length() != 0 || !strings.Contains(a.Body, want[0]) || a.Find("a.btn-primary[href='"+want[1]+"']").Length() != 1 {
					t.Errorf("%s, %s: %s", key.Purpose, how, a.Find("main, .page").Text())
				}
			}
			refused := rest.JSON(http.MethodPost, "/api/users/"+f.Alice.PublicID()+"/apikeys/"+key.ID+"/rotate", `{}`).Want(400).JSON()
			if !strings.Contains(fmt.Sprint(refused["ErrorMessage"]), want[0]) || census(f) != before {
				t.Errorf("%s: REST says %v", key.Purpose, refused)
			}
			if list := alice.Get("/account/apikeys?status=all"); key != &twice && list.Find("a[href='"+path+"']").Length() != 0 {
				t.Errorf("%s: the list offers to rotate it", key.Purpose)
			}
		}
		like := alice.Get("/account/apikeys/new?like=" + over.ID).Want(200)
		if _, open := like.Find("details.expander").Attr("open"); !open || like.Value("purpose") != "Over" || like.Find("input[value=ReadOnly][checked]").Length() != 1 || like.Find("input[value=billing][checked]").Length() != 1 ||
			like.Find("#allowed").Text() != "10.0.0.0/8" || like.Find("#denied").Text() != "10.9.0.0/16" {
			t.Errorf("the new key is not like the old one: %s", like.Find("form").Text())
		}
		f.Clock.Advance(31 * oneDay)
		late := browserOf(f, site, f.Alice).Get("/account/apikeys/" + over.ID + "/rotation").Want(200)
		if late.Find("a.btn-primary[href='/account/apikeys/new']").Length() != 1 {
			t.Errorf("30 days after the end: %s", late.Find("main").Text())
		}
	})
}

// While people can't have new keys, they can't rotate any, and are told so; a
// service account's are rotated as before.
func TestRotatingWhileUserAPIKeysAreOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		own, secret := usable(t, f, f.Alice)
		robots, _ := usable(t, f, f.Robot)
		alice, admin := browserOf(f, site, f.Alice), browserOf(f, site, f.Admin)
		path, form := "/account/apikeys/"+own.ID+"/rotation", url.Values{"overlap": {"7"}, "expiry": {"30"}, "zone": {"UTC"}}
		admin.Form("/configuration/settings/authentication", url.Values{"version": {"1"}, "default": {"180"}, "maximum": {"366"}, "user-keys": {"off"}}).Want(303)
		before := census(f)
		for how, a := range map[string]webtest.Answer{"asked": alice.Get(path).Want(200), "plain": alice.Form(path, form).Want(422), "htmx": alice.HTMX(http.MethodPost, path, form).Want(422)} {
			if a.Find("form#rotation").Length() != 0 || !strings.Contains(a.Body, "switched off new API keys for people") {
				t.Errorf("%s: %s", how, a.Find("main, .page").Text())
			}
		}
		site.WithKey(secret).JSON(http.MethodPost, "/api/apikeys/self/rotate", `{}`).Want(403)
		if census(f) != before {
			t.Error("something was written")
		}
		if alice.Get("/account/apikeys").Find("a[href$='/rotation']").Length() != 0 {
			t.Error("the list offers to rotate")
		}
		account := pathOfUser(f.Robot) + "/apikeys/" + robots.ID + "/rotation"
		if admin.Get(pathOfUser(f.Robot)+"/apikeys").Find("tbody a[href='"+account+"']").Length() != 1 {
			t.Error("the account's list does not offer to rotate")
		}
		shown := admin.Form(account, rotationForm(t, admin, account)).Want(200)
		if shown.Find("form[action='"+pathOfUser(f.Robot)+"/apikeys/stored']").Length() != 1 {
			t.Error("the reveal does not lead back to the account's list")
		}
	})
}

// What is older than today's maximum can be rotated and revoked on the page, and
// the new key keeps to the maximum.
func TestRotateBeyondTheMaximumOnThePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		old, _ := f.Issue(f.Alice, models.NewKey{Purpose: "Long", Expires: models.MaximumExpiry()})
		f.Clock.Advance(time.Hour)
		if _, err := f.Store.SaveAuthSettings(storetest.Console(), models.AuthSettings{Version: 1, APIKeyDefaultDays: 5, APIKeyMaximumDays: 10, UserAPIKeys: true}); err != nil {
			t.Fatal(err)
		}
		alice, path := browserOf(f, site, f.Alice), "/account/apikeys/"+old.ID
		form := rotationForm(t, alice, path+"/rotation")
		form.Set("expiry", "30")
		alice.Form(path+"/rotation", form).Want(422)
		form.Set("expiry", "10")
		secret := strings.TrimSpace(alice.Form(path+"/rotation", form).Want(200).Find("#key").Text())
		site.WithKey(secret).Get("/api/users/me").Want(200)
		alice.Form(path+"/revocation", nil).Want(303)
		f.Clock.Advance(11 * oneDay)
		site.WithKey(secret).Get("/api/users/me").Want(401)
	})
}
