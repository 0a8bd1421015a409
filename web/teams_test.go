package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// memberOf returns "auditor", who has all View permissions, or "caretaker",
// whose team owns the robot. Both are made when they are first asked for.
func memberOf(t *testing.T, f *storetest.Fixture, name string) models.User {
	t.Helper()
	if u, err := f.Store.UserByName(storetest.Console(), name); err == nil {
		return u
	}
	if _, err := f.Store.CreateUser(storetest.Console(), models.NewUser{Username: name, Password: storetest.Password}, false); err != nil {
		t.Fatal(err)
	}
	rights := models.PermissionSet(0)
	if name == "auditor" {
		rights = models.Views
	}
	team := teamOf(t, f, "Team of the "+name, rights, name)
	if name == "caretaker" {
		f.Exec("UPDATE users SET owner_team_id = ? WHERE id = ?", team.ID, f.Robot.ID)
	}
	u, err := f.Store.UserByName(storetest.Console(), name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func teamOf(t *testing.T, f *storetest.Fixture, name string, rights models.PermissionSet, members ...string) models.Team {
	t.Helper()
	team, err := f.Store.CreateTeam(storetest.Console(), models.NewTeam{Name: name, Permissions: rights})
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range members {
		if _, err := f.Store.AddTeamMember(storetest.Console(), team.ID, member); err != nil {
			t.Fatal(err)
		}
	}
	return team
}

// teamInPath makes another team, with Alice in it. It gives no rights, or she
// could do more on the routes that come after.
func teamInPath(t *testing.T, f *storetest.Fixture) models.Team {
	t.Helper()
	return teamOf(t, f, fmt.Sprint("Team ", f.Count("SELECT max(id) FROM teams")), 0, "alice")
}

func teamPath(team models.Team) string { return "/configuration/teams/" + team.PublicID() }

func teamStored(t *testing.T, f *storetest.Fixture, team models.Team) models.Team {
	t.Helper()
	team, err := f.Store.Team(storetest.Console(), team.ID)
	if err != nil {
		t.Fatal(err)
	}
	return team
}

// words is what a reader sees of the elements, without the space around it.
func words(a webtest.Answer, selector string) string {
	words := a.Find(selector).Map(func(_ int, s *goquery.Selection) string { return s.Text() })
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func TestTeamsByForms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		if got := words(admin.Get("/configuration/teams").Want(200), "tbody tr:first-child td"); got != "Everyone Built-in All 5 users None" {
			t.Errorf("first row: got %q", got)
		}
		form := admin.Get("/configuration/teams/new").Want(200)
		made := admin.Form("/configuration/teams", url.Values{"csrf": {form.Value("csrf")}, "name": {"Auditors"}, "preset": {"auditor"}, "permission": {"AdministerSystem"}}).Want(303)
		at := made.Header.Get("Location")
		id, ok := models.ParseTeamID(strings.TrimPrefix(at, "/configuration/teams/"))
		team := teamStored(t, f, models.Team{ID: id})
		if !ok || team.Permissions != models.Views {
			t.Errorf("%s: permissions %v, want an auditor's whatever the hidden boxes say", at, team.Permissions.Names())
		}
		page := admin.Get(at).Want(200)
		if got := words(page, "main [role=status] .notice-title"); got != "The team Auditors is created" {
			t.Errorf("notice: got %q", got)
		}
		if page.Find("input[value=auditor][checked]").Length() != 1 || words(page, "#members-title + *, section .sub") == "" {
			t.Error("the page must show the preset and the members")
		}
		admin.Form(at+"/members", url.Values{"username": {" Bob"}}).Want(303)
		page = admin.Get(at).Want(200)
		if got := words(page, ".list .title"); got != "Bob" {
			t.Errorf("members: got %q, want Bob", got)
		}
		admin.Form(at, url.Values{"name": {"Watchers"}, "description": {"See"}, "version": {page.Value("version")}, "preset": {"chosen"}, "permission": {"EventView", "UserEdit", "Nonsense"}}).Want(303)
		if team = teamStored(t, f, team); team.Name != "Watchers" || team.Description != "See" || team.Permissions != models.PermissionsOf(models.EventView, models.UserEdit, models.UserView) {
			t.Errorf("team = %+v", team)
		}
		remove, _ := admin.Get(at).Find("form[action$='/removal']").Attr("action")
		admin.Form(remove, nil).Want(303)
		ask := admin.Get(at + "/deletion").Want(200)
		if got := words(ask, ".facts dd"); got != "0 members UserView, UserEdit, EventView" {
			t.Errorf("what deleting does: got %q", got)
		}
		gone := admin.Form(at+"/deletion", nil).Want(303)
		if got := gone.Header.Get("Location"); got != "/configuration/teams" {
			t.Errorf("deleting leads to %q", got)
		}
		admin.Get(at).Want(404)
	})
}

func TestTeamFormRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		team := teamOf(t, f, "Platform", 0)
		tests := []struct {
			name, path string
			form       url.Values
			status     int
			field      string
		}{
			{"no name", "/configuration/teams", url.Values{"name": {" "}, "preset": {"none"}}, 422, "name"},
			{"name taken", "/configuration/teams", url.Values{"name": {"platform"}, "preset": {"none"}}, 422, "name"},
			{"name of a built-in team", "/configuration/teams", url.Values{"name": {"EVERYONE"}}, 422, "name"},
			{"no name any more", teamPath(team), url.Values{"name": {""}, "version": {"1"}}, 422, "name"},
			{"nobody", teamPath(team) + "/members", url.Values{"username": {""}}, 422, "username"},
			{"unknown", teamPath(team) + "/members", url.Values{"username": {"ali"}}, 422, "username"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				page := admin.Form(tt.path, tt.form).Want(tt.status)
				if !strings.HasPrefix(page.Find("title").Text(), "Error: ") || page.Find("[role=alert] a[href='#"+tt.field+"']").Length() != 1 || page.Find("#"+tt.field+"[aria-invalid=true]").Length() != 1 {
					t.Errorf("the page must lead to the field %s: %.600s", tt.field, words(page, "main"))
				}
				fragment := admin.HTMX("POST", tt.path, tt.form).Want(tt.status)
				if strings.Contains(fragment.Body, "<html") || fragment.Find("#"+tt.field+"-error").Length() != 1 {
					t.Errorf("htmx must get the content alone, with the message")
				}
			})
		}
		found := admin.Form(teamPath(team)+"/members", url.Values{"username": {"ali"}}).Want(422)
		if got := found.Find(".add-candidates input[name=username][value=alice]").Length(); got != 1 {
			t.Errorf("candidates: got %q", words(found, ".add-candidates"))
		}
		admin.Form(teamPath(team), url.Values{"name": {"First"}, "version": {"1"}, "preset": {"none"}}).Want(303)
		late := admin.Form(teamPath(team), url.Values{"name": {"Second"}, "version": {"1"}, "preset": {"none"}}).Want(409)
		if late.Value("name") != "Second" || late.Value("version") != "2" || !strings.Contains(words(late, "[role=alert]"), "Somebody else saved this team") {
			t.Errorf("a conflict must keep what was typed and say why: %q", words(late, "[role=alert]"))
		}
		for _, path := range []string{"/configuration/teams/Teams-4711", "/configuration/teams/7", "/configuration/teams/Teams-x"} {
			admin.Get(path).Want(404)
			admin.Form(path, url.Values{"name": {"x"}}).Want(404)
			admin.Form(path+"/members/nobody/removal", nil).Want(404)
		}
	})
}

// An auditor opens each page there is to look at, is offered no button but the
// one that leads to its history, and is refused all the same when he sends the
// form.
func TestAuditorLooksOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		auditor := browserOf(f, webtest.New(t, f.Store), memberOf(t, f, "auditor"))
		team := teamOf(t, f, "Platform", models.PermissionsOf(models.ConfigureServer), "bob")
		if got := auditor.Get("/configuration").Want(303).Header.Get("Location"); !strings.HasPrefix(got, "/configuration/") {
			t.Errorf("Configuration leads to %q", got)
		}
		for _, path := range []string{"/configuration/teams", teamPath(team)} {
			page := auditor.Get(path).Want(200)
			if n := page.Find("main form, main a.btn:not([href^='/configuration/audit']), main button").Length(); n != 0 {
				t.Errorf("%s offers %d things to do", path, n)
			}
			if page.Find("#side a[href='/configuration/settings/authentication']").Length() != 0 {
				t.Errorf("%s links to the settings, which an auditor can't open", path)
			}
		}
		if got := words(auditor.Get(teamPath(team)), "main .list-main"); !strings.Contains(got, "Bob") || !strings.Contains(got, "ConfigureServer") {
			t.Errorf("got %q, want members and permissions", got)
		}
	})
}

// Pages offer a team editor only what he can do, and refuse the rest.
func TestEditorWithFewRights(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		teamOf(t, f, "Editors", models.PermissionsOf(models.TeamEdit, models.TeamView), "bob")
		mighty := teamOf(t, f, "Mighty", models.PermissionsOf(models.ConfigureServer), "alice")
		bob := browserOf(f, webtest.New(t, f.Store), f.Bob)
		form := bob.Get("/configuration/teams/new").Want(200)
		if got := form.Find("input[name=permission]:not([disabled])").Length(); got != 2 || form.Find("input[value=auditor][disabled]").Length() != 1 {
			t.Errorf("%d permissions can be chosen, want his own 2", got)
		}
		refused := bob.Form("/configuration/teams", url.Values{"name": {"Climb"}, "preset": {"chosen"}, "permission": {"AdministerSystem"}}).Want(403)
		if !strings.Contains(refused.Body, "permissions that you don&#39;t hold yourself: AdministerSystem") {
			t.Errorf("the refusal must say what: %.600s", words(refused, "main"))
		}
		page := bob.Get(teamPath(mighty)).Want(200)
		if page.Find("main form, a[href$='/deletion']").Length() != 0 || !strings.Contains(words(page, ".notice"), "may do more than you may") {
			t.Errorf("got %q, want a page to look at that says why", words(page, "main"))
		}
		bob.Form(teamPath(mighty)+"/members", url.Values{"username": {"bob"}}).Want(403)
		bob.Form(teamPath(mighty), url.Values{"name": {"Weak"}, "version": {"1"}, "preset": {"none"}}).Want(403)
		bob.Form(teamPath(mighty)+"/deletion", nil).Want(403)
		bob.Form(teamPath(mighty)+"/members/"+f.Alice.PublicID()+"/removal", nil).Want(403)
		bob.Get(teamPath(mighty) + "/deletion").Want(403)
		if got := teamStored(t, f, mighty); got != func() models.Team { m := mighty; m.Members = 1; return m }() {
			t.Errorf("team = %+v, want it unchanged", got)
		}
		// Names of users are no business of somebody who may not see them.
		own := teamOf(t, f, "Plain", 0)
		if guess := bob.Form(teamPath(own)+"/members", url.Values{"username": {"a"}}).Want(422); guess.Find(".add-candidates").Length() != 0 {
			t.Error("who may not see users was told some")
		}
	})
}

func TestBuiltInTeamPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		admins := fmt.Sprintf("/configuration/teams/Teams-%d", f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
		everyone := fmt.Sprintf("/configuration/teams/Teams-%d", f.Count("SELECT id FROM teams WHERE built_in = 'everyone'"))
		page := admin.Get(admins).Want(200)
		if page.Find("#team, a[href$='/deletion'], form[action$='/removal']").Length() != 0 || page.Find("form[action$='/members']").Length() != 1 {
			t.Error("the only administrator can add others, and do nothing else")
		}
		admin.Form(admins+"/members/"+f.Admin.PublicID()+"/removal", nil).Want(403)
		admin.Form(admins, url.Values{"name": {"Renamed"}, "version": {"1"}}).Want(403)
		admin.Get(admins + "/deletion").Want(403)
		admin.Form(admins+"/deletion", nil).Want(403)
		page = admin.Get(everyone).Want(200)
		if !strings.Contains(words(page, "main"), "There are 5 users now") || page.Find("#name[readonly]").Length() != 1 {
			t.Errorf("got %q", words(page, "main"))
		}
		admin.Form(everyone, url.Values{"name": {"Everyone"}, "version": {"1"}, "preset": {"auditor"}}).Want(303)
		admin.Form(everyone, url.Values{"version": {"2"}, "preset": {"chosen"}, "permission": {"AdministerSystem"}}).Want(422)
		admin.Form(everyone+"/members", url.Values{"username": {"bob"}}).Want(403)
		admin.Form(everyone+"/deletion", nil).Want(403)
	})
}

func TestManyMembersArePaged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Crowd", 0)
		for i := range 65 {
			f.Exec("INSERT INTO users (username, username_fold, display_name, display_name_fold, created_at) SELECT ?, ?, ?, ?, created_at FROM users WHERE username = 'alice'",
				fmt.Sprintf("p%02d", i), fmt.Sprintf("p%02d", i), fmt.Sprintf("Person %02d", i), fmt.Sprintf("person %02d", i))
		}
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT ?, id FROM users WHERE username LIKE 'p__'", team.ID)
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		seen := 0
		for path, pages := teamPath(team), 0; path != "" && pages < 5; pages++ {
			page := admin.Get(path).Want(200)
			seen += page.Find("form[action$='/removal']").Length()
			path, _ = page.Find("a[rel=next]").Attr("href")
		}
		if seen != 65 {
			t.Errorf("the pages show %d members, want 65", seen)
		}
		found := admin.Get(teamPath(team) + "?q=person+04").Want(200)
		if got := words(found, "main .list .title"); got != "Person 04" || found.Value("q") != "person 04" {
			t.Errorf("search: got %q", got)
		}
		admin.Get(teamPath(team) + "?skip=-1").Want(200)
		admin.Get(teamPath(team) + "?skip=9999999999999999999").Want(200)
		admin.Get(teamPath(team) + "?q=%00%ff").Want(200)
	})
}
