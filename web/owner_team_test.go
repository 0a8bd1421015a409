package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// What each way to the keys of a service account answers a member of the team
// that owns it, an auditor, and a person who has nothing to do with it. The
// routes are held against all other callers by the matrix.
func TestKeysOfOwnedAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		caretaker, auditor := memberOf(t, f, "caretaker"), memberOf(t, f, "auditor")
		site := webtest.New(t, f.Store)
		base := "/configuration/users/" + f.Robot.PublicID() + "/apikeys"
		form := url.Values{"purpose": {"Deploy"}, "expiry": {"30"}, "zone": {"UTC"}, "overlap": {"1"}}
		tests := []struct {
			method, path                 string
			caretaker, auditor, stranger int
		}{
			{"GET", base, 200, 200, 404},
			{"GET", base + "/new", 200, 404, 404},
			{"POST", base, 200, 404, 404},
			{"POST", base + "/stored", 303, 303, 404},
			{"GET", base + "/KEY/rotation", 200, 404, 404},
			{"POST", base + "/KEY/rotation", 200, 404, 404},
			{"GET", base + "/KEY/revocation", 200, 403, 404},
			{"POST", base + "/KEY/revocation", 303, 404, 404},
			{"GET", "/configuration/users/" + f.Robot.PublicID(), 403, 200, 403},
			{"GET", "/configuration/users", 403, 200, 403},
		}
		for _, tt := range tests {
			for caller, want := range map[*models.User]int{&caretaker: tt.caretaker, &auditor: tt.auditor, &f.Bob: tt.stranger} {
				key, _ := f.Issue(f.Robot, models.NewKey{Purpose: "in the path"})
				client, path := browserOf(f, site, *caller), strings.Replace(tt.path, "KEY", key.ID, 1)
				a := client.Get
				if tt.method == "POST" {
					a = func(path string) webtest.Answer { return client.Form(path, form) }
				}
				if got := a(path).Status; got != want {
					t.Errorf("%s %s as %s: got %d, want %d", tt.method, tt.path, caller.Username, got, want)
				}
			}
		}
		rest := "/api/users/" + f.Robot.PublicID() + "/apikeys"
		for caller, want := range map[*models.User][3]int{&caretaker: {200, 200, 200}, &auditor: {200, 404, 404}, &f.Bob: {404, 404, 404}} {
			key, _ := f.Issue(f.Robot, models.NewKey{Purpose: "in the path"})
			_, secret := f.Issue(*caller, models.NewKey{})
			client := site.WithKey(secret.Reveal())
			got := [3]int{client.Get(rest).Status, client.JSON("POST", rest, `{"Purpose":"Deploy"}`).Status, client.Do("DELETE", rest+"/"+key.ID, "", nil).Status}
			if got != want {
				t.Errorf("REST as %s: look, make, revoke: got %v, want %v", caller.Username, got, want)
			}
		}
	})
}

// The way of somebody who looks after an account: the entry in the navigation,
// the list, the account's keys.
func TestServiceAccountsOfMyTeams(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		caretaker := memberOf(t, f, "caretaker")
		site := webtest.New(t, f.Store)
		member, bob := browserOf(f, site, caretaker), browserOf(f, site, f.Bob)
		const path = "/account/service-accounts"
		if bob.Get("/account/apikeys").Find("#side a[href='"+path+"']").Length() != 0 {
			t.Error("the navigation shows the entry to somebody whose teams own nothing")
		}
		if got := bob.Get(path).Want(200); got.Find(".empty").Length() != 1 || strings.Contains(got.Body, "Robot") {
			t.Error("a stranger's list must be empty")
		}
		if got := words(member.Get("/account/apikeys"), "#side a[href='"+path+"']"); got != "Service accounts of my teams" {
			t.Errorf("navigation: got %q", got)
		}
		f.Issue(f.Robot, models.NewKey{})
		list := member.Get(path).Want(200)
		if got := words(list, "main .list-row"); got != "Robot robot 1 usable key Owned by Team of the caretaker" {
			t.Errorf("list: got %q", got)
		}
		keys, _ := list.Find("main .list-row a").Attr("href")
		page := member.Get(keys).Want(200)
		if page.Find("#side a[href='"+path+"'][aria-current=page]").Length() != 1 || page.Find(".crumbs a[href='"+path+"']").Length() != 1 {
			t.Errorf("the page of the keys must hang below the list: %q", words(page, ".crumbs"))
		}
		made := member.Form(keys, url.Values{"purpose": {"Deploy"}, "expiry": {"30"}, "zone": {"UTC"}, "csrf": {page.Value("csrf")}}).Want(200)
		if _, ok := models.ParseSecret(strings.TrimSpace(made.Find("#key").Text())); !ok {
			t.Error("a member must see the key that he made")
		}
		if e := f.Events()[len(f.Events())-1]; e.Username != "caretaker" || *e.RelatedUserID != f.Robot.ID {
			t.Errorf("the event must name who made the key: %+v", e)
		}

		// The next request after leaving the team is a stranger's.
		f.Exec("DELETE FROM team_members WHERE user_id = ?", caretaker.ID)
		member.Get(keys).Want(404)
		if member.Get("/account/apikeys").Find("#side a[href='"+path+"']").Length() != 0 {
			t.Error("the entry stays in the navigation")
		}
	})
}

// The account may do more than its caretaker: then the page says so instead of
// offering a form, and the form is refused.
func TestOwnedAccountThatMayDoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		member := browserOf(f, webtest.New(t, f.Store), memberOf(t, f, "caretaker"))
		teamOf(t, f, "Mighty", models.PermissionsOf(models.ConfigureServer), "robot")
		base := fmt.Sprintf("/configuration/users/%s/apikeys", f.Robot.PublicID())
		page := member.Get(base).Want(200)
		if page.Find("a[href$='/apikeys/new']").Length() != 0 || !strings.Contains(words(page, "main"), "may do more than you may") {
			t.Errorf("got %q", words(page, "main"))
		}
		member.Get(base + "/new").Want(403)
		refused := member.Form(base, url.Values{"purpose": {"Climb"}, "expiry": {"30"}, "zone": {"UTC"}}).Want(403)
		if !strings.Contains(refused.Body, "This service account may do more than you may") {
			t.Errorf("the refusal must say why: %q", words(refused, "main"))
		}
		if n := f.Count("SELECT count(*) FROM api_keys WHERE purpose = 'Climb'"); n != 0 {
			t.Errorf("%d keys were made", n)
		}
	})
}

// Rights change at the next request, in a browser and for a key, also when
// another replica made the change.
func TestRightsChangeAtTheNextRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		here, there := webtest.New(t, f.Store), webtest.New(t, f.Reopen(1))
		team := teamOf(t, f, "Watchers", models.PermissionsOf(models.TeamView, models.UserView))
		bob, admin := browserOf(f, there, f.Bob), browserOf(f, here, f.Admin)
		_, secret := f.Issue(f.Bob, models.NewKey{})
		key := there.WithKey(secret.Reveal())
		alices := "/api/users/" + f.Alice.PublicID() + "/apikeys"
		bob.Get("/configuration/teams").Want(403)
		key.Get(alices).Want(404)
		admin.Form(teamPath(team)+"/members", url.Values{"username": {"bob"}}).Want(303)
		bob.Get("/configuration/teams").Want(200)
		key.Get(alices).Want(200)
		admin.Form(teamPath(team), url.Values{"name": {"Watchers"}, "version": {"1"}, "preset": {"none"}}).Want(303)
		bob.Get("/configuration/teams").Want(403)
		key.Get(alices).Want(404)
	})
}
