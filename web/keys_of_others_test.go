package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// The keys of a service account: the same list, form, reveal and revoking, also
// while people can't have new keys.
func TestKeysOfServiceAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		admin.Form("/configuration/settings/authentication", url.Values{"version": {"1"}, "default": {"180"}, "maximum": {"366"}, "user-keys": {"off"}}).Want(303)
		path := pathOfUser(f.Robot) + "/apikeys"
		empty := admin.Get(path).Want(200)
		if empty.Find(".empty a[href='"+path+"/new']").Length() != 1 || !strings.Contains(empty.Find("h1").Text(), f.Robot.Name()) {
			t.Errorf("the empty list says %s", empty.Find("main").Text())
		}
		page := admin.Get(path + "/new").Want(200)
		if page.Find("form#new-key[action='"+path+"']").Length() != 1 || !strings.Contains(page.Body, "acts as "+f.Robot.Name()) {
			t.Errorf("the form says %s", page.Find("main").Text())
		}
		form := url.Values{"form_id": {page.Value("form_id")}, "zone": {page.Value("zone")}, "expiry": {"90"}, "purpose": {""}}
		bad := admin.HTMX(http.MethodPost, path, form).Want(422)
		if bad.Find("#purpose-error").Length() != 1 || bad.Find("form[action='"+path+"']").Length() != 1 {
			t.Error("the refused form leads elsewhere or has no message")
		}
		form.Set("purpose", "Deployments")
		shown := admin.Form(path, form).Want(200)
		secret := strings.TrimSpace(shown.Find("#key").Text())
		if shown.Find("form[action='"+path+"/stored']").Length() != 1 || shown.Header.Get("HX-Replace-Url") != path {
			t.Error("the reveal does not lead back to the account's list")
		}
		me := site.WithKey(secret).Get("/api/users/me").Want(200).JSON()
		if me["Id"] != f.Robot.PublicID() {
			t.Errorf("the key belongs to %v, want %s", me["Id"], f.Robot.PublicID())
		}
		if again := admin.Form(path, form).Want(303); again.Header.Get("Location") != path {
			t.Errorf("the form sent twice leads to %q", again.Header.Get("Location"))
		}
		if got := admin.Form(path+"/stored", nil).Want(303).Header.Get("Location"); got != path {
			t.Errorf("stored leads to %q, want %q", got, path)
		}
		list := admin.Get(path).Want(200)
		revoke, _ := list.Find("a[href$='/revocation']").Attr("href")
		if !strings.HasPrefix(revoke, path+"/") || list.Find("a[href='"+path+"/new']").Length() != 1 {
			t.Fatalf("the list offers %q", revoke)
		}
		for _, a := range list.Find("main a[hx-get], main form[hx-get]").EachIter() {
			if address := a.AttrOr("hx-get", ""); !strings.HasPrefix(address, path) {
				t.Errorf("a link of the list leads to %q", address)
			}
		}
		if asked := admin.HTMX(http.MethodGet, revoke, nil).Want(200); !strings.Contains(asked.Find("dialog").Text(), f.Robot.Name()) {
			t.Error("the dialog does not say whose key it is")
		}
		if got := admin.Form(revoke, nil).Want(303).Header.Get("Location"); got != path {
			t.Errorf("revoking leads to %q, want %q", got, path)
		}
		site.WithKey(secret).Get("/api/users/me").Want(401)
		if strings.Contains(site.Log(), secret) || strings.Contains(f.Log.String(), secret) {
			t.Error("the log holds the key")
		}
	})
}

// An administrator sees and revokes a person's keys, but makes none.
func TestKeysOfPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		key, secret := usable(t, f, f.Alice)
		path := pathOfUser(f.Alice) + "/apikeys"
		list := admin.Get(path).Want(200)
		if list.Find("a[href$='/new']").Length() != 0 || list.Find("tbody a[href$='/revocation']").Length() != 1 {
			t.Errorf("the list offers the wrong things: %s", list.Find("main").Text())
		}
		before := census(f)
		form := url.Values{"purpose": {"For Alice"}, "expiry": {"90"}, "zone": {"UTC"}}
		for _, a := range []webtest.Answer{admin.Form(path, form), admin.HTMX(http.MethodPost, path, form), admin.Get(path + "/new")} {
			if a.Status != 403 || !strings.Contains(a.Body, "for another person") {
				t.Errorf("got %d: %.300s", a.Status, a.Body)
			}
		}
		if census(f) != before {
			t.Error("a key was made for another person")
		}
		admin.Form(path+"/"+key.ID+"/revocation", nil).Want(303)
		site.WithKey(secret).Get("/api/users/me").Want(401)
		// A key is revoked below its owner only.
		mine, _ := usable(t, f, f.Bob)
		admin.Form(path+"/"+mine.ID+"/revocation", nil).Want(404)
		if got, err := f.Store.APIKey(storetest.Console(), f.Bob.ID, mine.ID); err != nil || got.RevokedAt != nil {
			t.Errorf("another owner's key = %+v, %v", got, err)
		}
	})
}

// A deactivated service account gets no new key, and the page says so.
func TestKeysOfDeactivatedAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		usable(t, f, f.Robot)
		if _, err := f.Store.SetUserActive(storetest.Console(), f.Robot.ID, false); err != nil {
			t.Fatal(err)
		}
		path := pathOfUser(f.Robot) + "/apikeys"
		list := admin.Get(path).Want(200)
		if list.Find("a[href$='/new']").Length() != 0 || !strings.Contains(list.Body, "This account is deactivated") {
			t.Errorf("the list says %s", list.Find("main").Text())
		}
		if a := admin.Form(path, url.Values{"purpose": {"p"}, "expiry": {"90"}, "zone": {"UTC"}}); a.Status != 403 || !strings.Contains(a.Body, "not active") {
			t.Errorf("got %d: %.200s", a.Status, a.Body)
		}
	})
}

// Who edits users, but may do less than a service account, makes no key for it.
func TestKeysOfStrongerAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for name, grant := range map[string]struct {
			to     models.User
			rights models.PermissionSet
		}{"editors": {f.Bob, models.PermissionsOf(models.UserView, models.UserEdit)}, "strong": {f.Robot, models.PermissionsOf(models.ConfigureServer)}} {
			f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES (?, ?, ?)", name, name, int64(grant.rights))
			f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = ?", grant.to.ID, name)
		}
		usable(t, f, f.Robot)
		bob, path := browserOf(f, site, f.Bob), pathOfUser(f.Robot)+"/apikeys"
		list := bob.Get(path).Want(200)
		if list.Find("a[href$='/new']").Length() != 0 || !strings.Contains(list.Body, "may do more than you may") || list.Find("tbody a[href$='/revocation']").Length() != 1 {
			t.Errorf("the list says %s", list.Find("main").Text())
		}
		bob.Form(path, url.Values{"purpose": {"p"}, "expiry": {"90"}, "zone": {"UTC"}}).Want(403)
	})
}
