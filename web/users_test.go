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

const usersPath = "/configuration/users"

// userInPath makes a user for an address to name, so that the users of the
// fixture stay as they are.
func userInPath(t *testing.T, f *storetest.Fixture) models.User {
	t.Helper()
	u, err := f.Store.CreateUser(storetest.Console(), models.NewUser{Username: fmt.Sprintf("in path %d", f.Count("SELECT max(id) FROM users"))}, false)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func pathOfUser(u models.User) string { return usersPath + "/" + u.PublicID() }

func changeForm(page webtest.Answer) url.Values {
	form := url.Values{}
	for _, name := range []string{"version", "username", "display_name", "email"} {
		form.Set(name, page.Value(name))
	}
	return form
}

// names are the user names of a list, in its order.
func names(a webtest.Answer) string {
	var all []string
	for _, row := range a.Find("tbody tr").EachIter() {
		all = append(all, strings.TrimSpace(row.Find(".sub bdi").First().Text()))
	}
	return strings.Join(all, " ")
}

func TestUsersList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		f.Issue(f.Alice, models.NewKey{})
		if _, err := f.Store.SetUserActive(storetest.Console(), f.Charlie.ID, false); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(3 * time.Minute)
		tests := []struct{ query, want string }{
			{"", "admin alice bob charlie robot"},
			{"?dir=desc", "robot charlie bob alice admin"},
			{"?kind=service", "robot"},
			{"?kind=person&status=active", "admin alice bob"},
			{"?status=inactive", "charlie"},
			{"?sort=seen&dir=desc", "admin robot charlie bob alice"},
			{"?q=ALI", "alice"},
			{"?q=bob%40example", "bob"},
			{"?q=%25", ""},
			{"?q=%ff%00", "admin alice bob charlie robot"}, // what no name can hold is no search
			{"?kind=robots&status=gone&sort=password_hash&skip=-5", "admin alice bob charlie robot"},
			{"?skip=99999999999999999999", "admin alice bob charlie robot"},
			{"?skip=30", ""},
		}
		for _, tt := range tests {
			if got := names(admin.Get(usersPath + tt.query).Want(200)); got != tt.want {
				t.Errorf("%q: %q, want %q", tt.query, got, tt.want)
			}
			if got := names(admin.HTMX(http.MethodGet, usersPath+tt.query, nil).Want(200)); got != tt.want {
				t.Errorf("%q by htmx: %q, want %q", tt.query, got, tt.want)
			}
		}
		page := admin.Get(usersPath)
		row := func(name string) string {
			return strings.Join(strings.Fields(page.Find("tbody tr:has(a[href='"+pathOfUser(map[string]models.User{"alice": f.Alice, "charlie": f.Charlie, "robot": f.Robot, "admin": f.Admin}[name])+"'])").Text()), " ")
		}
		for name, wants := range map[string][]string{"alice": {"Person", "Active", "1 live API keys of Alice", "Never"}, "charlie": {"Deactivated"}, "robot": {"Service account"}, "admin": {"Just now"}} {
			for _, want := range wants {
				if got := row(name); !strings.Contains(got, want) {
					t.Errorf("the row of %s is %q, want %q in it", name, got, want)
				}
			}
		}
		if got := strings.Join(strings.Fields(page.Find("nav.tabs").Text()), ""); got != "Everybody5People4Serviceaccounts1Anystatus5Active4Deactivated1" {
			t.Errorf("tabs: %q", got)
		}
	})
}

func TestCreateUserForm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		made := admin.Form(usersPath, url.Values{"username": {"Maya"}, "display_name": {"Maya Lindqvist"}, "email": {"maya@example.com"}, "owner_team": {"Teams-2"}}).Want(303)
		page := admin.Get(made.Header.Get("Location")).Want(200)
		if !strings.Contains(page.Body, "Maya Lindqvist is created") || !strings.Contains(page.Body, "No password yet") || page.Find("select[name=owner_team]").Length() != 0 {
			t.Errorf("the person's page says %s", page.Find("main").Text())
		}
		made = admin.HTMX(http.MethodPost, usersPath, url.Values{"username": {"deploy-bot"}, "service": {"on"}, "owner_team": {"Teams-2"}}).Want(204)
		page = admin.Get(made.Header.Get("HX-Redirect")).Want(200)
		if page.Find("option[value='Teams-2'][selected]").Length() != 1 || !strings.Contains(page.Body, "Never, only API keys") {
			t.Errorf("the service account's page says %s", page.Find("main").Text())
		}
		robot, err := f.Store.UserByName(storetest.Console(), "DEPLOY-BOT")
		if err != nil || !robot.IsService || robot.OwnerTeamID == nil {
			t.Errorf("service account = %+v, %v", robot, err)
		}

		refused := []struct{ name, field, value, about string }{
			{"nothing", "username", "", "username"}, {"blanks", "username", " \u00a0", "username"}, {"65 characters", "username", strings.Repeat("m", 65), "username"},
			{"reserved", "username", "System", "username"}, {"address of the API", "username", "me", "username"}, {"somebody's id", "username", "users-4", "username"},
			{"taken", "username", "ALICE", "username"}, {"taken by a service account", "username", "Robot", "username"}, {"look-alike", "username", "аlice", "username"},
			{"NUL", "username", "a\x00", "username"}, {"not UTF-8", "username", "a\xff", "username"}, {"a new line", "username", "a\nb", "username"},
			{"long display name", "display_name", strings.Repeat("é", 65), "display_name"}, {"override", "display_name", "a\u202eb", "display_name"},
			{"no address", "email", "nowhere", "email"}, {"two addresses", "email", "a@example.com,b@example.com", "email"}, {"long address", "email", strings.Repeat("m", 245) + "@example.com", "email"},
			{"a header", "email", "a@example.com\r\nBcc: b@example.com", "email"},
			{"no team", "owner_team", "Teams-4711", "owner_team"}, {"team of everybody", "owner_team", "Teams-1", "owner_team"}, {"no team id", "owner_team", "2 OR 1=1", "owner_team"},
		}
		for _, tt := range refused {
			form := url.Values{"username": {"zoe"}, "display_name": {"Zoe"}, "email": {"zoe@example.com"}, "service": {"on"}}
			form.Set(tt.field, tt.value)
			before := census(f)
			for _, a := range []webtest.Answer{admin.Form(usersPath, form), admin.HTMX(http.MethodPost, usersPath, form)} {
				if a.Status != 422 || census(f) != before {
					t.Errorf("%s: got %d, want 422 and nothing written", tt.name, a.Status)
					continue
				}
				if a.Find("#"+tt.about+"-error").Text() == "" || a.Find("[role=alert] a[href='#"+tt.about+"']").Length() == 0 || a.Find("input[name=service][checked]").Length() != 1 {
					t.Errorf("%s: no message beside %s, or the box is lost: %.300s", tt.name, tt.about, a.Find("main").Text())
				}
			}
		}
		hostile := admin.Form(usersPath, url.Values{"username": {"x"}, "display_name": {`<img src=x onerror=alert(1)>`}}).Want(303)
		if strings.Contains(admin.Get(hostile.Header.Get("Location")).Body, "<img src=x") || strings.Contains(admin.Get(usersPath).Body, "<img src=x") {
			t.Error("a display name is not escaped")
		}
	})
}

func TestUserPageSaves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		path := pathOfUser(f.Alice)
		form := changeForm(admin.Get(path).Want(200))
		if form.Get("username") != "alice" || form.Get("version") != "1" {
			t.Fatalf("form = %v", form)
		}
		form.Set("display_name", "Alice A.")
		form.Set("service", "on") // nobody asked
		admin.Form(path, form).Want(303)
		page := admin.Get(path)
		if !strings.Contains(page.Body, "User saved") || page.Value("display_name") != "Alice A." || page.Value("version") != "2" {
			t.Errorf("the page says %s", page.Find("main").Text())
		}
		if alice, _ := f.Store.User(storetest.Console(), f.Alice.ID); alice.IsService {
			t.Error("a person became a service account")
		}
		form.Set("display_name", "Alice B.")
		late := admin.Form(path, form).Want(409)
		if late.Find("[role=alert]").Length() == 0 || late.Value("display_name") != "Alice B." || late.Value("version") != "2" {
			t.Error("whoever is late must be told, keep what was typed, and get the present version")
		}
		form.Set("version", "2")
		for field, value := range map[string]string{"username": "BOB", "email": "x", "owner_team": "Teams-2"} {
			bad := url.Values{}
			for name, values := range form {
				bad[name] = values
			}
			bad.Set(field, value)
			before := census(f)
			if a := admin.HTMX(http.MethodPost, path, bad); a.Status != 422 || census(f) != before || a.Find("[role=alert]").Length() != 1 {
				t.Errorf("%s=%q: got %d: %.200s", field, value, a.Status, a.Body)
			}
		}
		for _, absent := range []string{"/Users-4711", "/Users-07", "/alice", "/me", "/Users-1%00"} {
			if a := admin.Get(usersPath + absent); a.Status != 404 {
				t.Errorf("%s: got %d, want 404", absent, a.Status)
			}
			admin.Form(usersPath+absent+"/deletion", nil).Want(404)
		}
	})
}

// Who may do what to whom, by the buttons that are offered and by the answers
// when they are sent anyway.
func TestWhoMayChangeWhom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		team := func(name string, u models.User, rights ...models.Permission) models.User {
			f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES (?, ?, ?)", name, name, int64(models.PermissionsOf(rights...)))
			f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = ?", u.ID, name)
			return u
		}
		editor := team("editors", f.Bob, models.UserView, models.UserEdit)
		viewer := team("viewers", f.Charlie, models.UserView)
		strong := team("strong", f.Robot, models.ConfigureServer)
		tests := []struct {
			name        string
			actor, user models.User
			form, end   bool // offered
			post, stop  int
		}{
			{"editor, person", editor, f.Alice, true, true, 409, 303},
			{"editor, who only sees", editor, viewer, true, true, 409, 303},
			{"editor, himself", editor, editor, true, false, 409, 403},
			{"editor, administrator", editor, f.Admin, false, false, 403, 403},
			{"editor, strong service account", editor, strong, false, false, 403, 403},
			{"viewer, person", viewer, f.Alice, false, false, 403, 403},
			{"viewer, himself", viewer, viewer, false, false, 403, 403},
			{"administrator, himself", f.Admin, f.Admin, true, false, 409, 403},
			{"administrator, strong service account", f.Admin, strong, true, true, 409, 303},
		}
		for _, tt := range tests {
			browser := browserOf(f, site, tt.actor)
			page := browser.Get(pathOfUser(tt.user)).Want(200)
			if got := page.Find("form#user").Length() == 1; got != tt.form {
				t.Errorf("%s: form offered = %t, want %t", tt.name, got, tt.form)
			}
			if got := page.Find("a[href$='/deletion']").Length() == 1 && page.Find("a[href$='/deactivation']").Length() == 1; got != tt.end {
				t.Errorf("%s: ending offered = %t, want %t", tt.name, got, tt.end)
			}
			// An old version: nothing is saved even where it is allowed.
			if got := browser.Form(pathOfUser(tt.user), url.Values{"username": {"x"}, "version": {"0"}}).Status; got != tt.post {
				t.Errorf("%s: save: got %d, want %d", tt.name, got, tt.post)
			}
			before := census(f)
			for action, want := range map[string]int{"/deactivation": tt.stop, "/deletion": tt.stop} {
				if want == 303 {
					continue // tried on others below
				}
				if got := browser.Get(pathOfUser(tt.user) + action).Status; got != want {
					t.Errorf("%s: ask %s: got %d, want %d", tt.name, action, got, want)
				}
				if got := browser.Form(pathOfUser(tt.user)+action, nil).Status; got != want {
					t.Errorf("%s: %s: got %d, want %d", tt.name, action, got, want)
				}
			}
			if tt.stop != 303 && census(f) != before {
				t.Errorf("%s: something was written", tt.name)
			}
		}
		if got := browserOf(f, site, viewer).Get(usersPath).Find("a[href$='/new']").Length(); got != 0 {
			t.Error("who only sees is offered a new user")
		}
		browserOf(f, site, editor).Form(pathOfUser(f.Alice)+"/deletion", nil).Want(303)
	})
}

func TestDeactivateReactivateDelete(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		other := webtest.New(t, f.Reopen(1)) // another replica
		admin, alice := browserOf(f, site, f.Admin), browserOf(f, site, f.Alice)
		_, secret := usable(t, f, f.Alice)
		usable(t, f, f.Alice)
		path := pathOfUser(f.Alice)
		api := func(s *webtest.Site) int { return s.WithKey(secret).Get("/api/users/me").Status }
		if api(site) != 200 || api(other) != 200 || alice.Get("/account/apikeys").Status != 200 {
			t.Fatal("key or session do not work before")
		}

		asked := admin.HTMX(http.MethodGet, path+"/deactivation", nil).Want(200)
		if asked.Find("dialog[data-modal]").Length() != 1 || !strings.Contains(asked.Body, "2 live keys are refused") || strings.Contains(asked.Body, "<html") {
			t.Errorf("the dialog says %q", asked.Find("dialog").Text())
		}
		admin.Get(path + "/deactivation").Want(200)
		if api(site) != 200 {
			t.Error("asking deactivated already")
		}
		admin.Form(path+"/deactivation", nil).Want(303)
		if api(site) != 401 || api(other) != 401 || alice.Get("/account/apikeys").Status != 303 {
			t.Error("a deactivated user comes in")
		}
		page := admin.Get(path)
		if !strings.Contains(page.Body, "Alice is deactivated") || page.Find("form[action$='/activation']").Length() != 1 {
			t.Errorf("the page says %s", page.Find("main").Text())
		}
		admin.Get(path + "/deactivation").Want(303) // there is nothing to ask
		keys := admin.Get(path + "/apikeys").Want(200)
		if !strings.Contains(keys.Body, "This account is deactivated") {
			t.Error("the list of keys does not say why they are refused")
		}

		admin.Form(path+"/activation", nil).Want(303)
		if api(site) != 200 || api(other) != 200 {
			t.Error("reactivating does not bring the key back")
		}
		if alice.Get("/account/apikeys").Status == 200 {
			t.Error("reactivating brought an old session back")
		}

		asked = admin.HTMX(http.MethodGet, path+"/deletion", nil).Want(200)
		if !strings.Contains(asked.Body, "2 live keys end for good") {
			t.Errorf("the dialog says %q", asked.Find("dialog").Text())
		}
		admin.HTMX(http.MethodPost, path+"/deletion", nil).Want(204)
		if api(site) != 401 || api(other) != 401 {
			t.Error("a key of a deleted user works")
		}
		list := admin.Get(usersPath)
		if !strings.Contains(list.Body, "Alice is deleted") || strings.Contains(names(list), "alice") {
			t.Errorf("the list says %s", list.Find("main").Text())
		}
		admin.Get(path).Want(404)
		admin.Form(path+"/deletion", nil).Want(404)
		admin.Form(usersPath, url.Values{"username": {"alice"}}).Want(303)
		if api(other) != 401 {
			t.Error("whoever has the name now inherited a key")
		}
	})
}
