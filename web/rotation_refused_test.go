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
