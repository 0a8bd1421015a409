package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func TestTeamLifeOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		alice, bob := f.Alice.PublicID(), f.Bob.PublicID()
		for _, base := range []string{"/api/teams", "/api/Spaces-1/teams", "/api/spaces/Default/Teams"} {
			made := admin.JSON(http.MethodPost, base, `{"Name":"Operators","Description":"On call","MemberUserIds":["`+alice+`","`+alice+`"],"ExternalSecurityGroups":[],"CanBeDeleted":false}`).Want(201).JSON()
			if got := made["MemberUserIds"].([]any); len(got) != 1 || got[0] != alice || made["SpaceId"] != nil || made["CanBeDeleted"] != true {
				t.Errorf("made %v", made)
			}
			self := base + "/" + made["Id"].(string)
			admin.JSON(http.MethodPut, self, `{"Id":"x","Name":"Operations","MemberUserIds":["`+bob+`"]}`).Want(200)
			changed := admin.Get(self).Want(200).JSON()
			if got := changed["MemberUserIds"].([]any); changed["Name"] != "Operations" || changed["Description"] != "" || len(got) != 1 || got[0] != bob {
				t.Errorf("changed to %v", changed)
			}
			admin.JSON(http.MethodPut, self, `{"Description":"Kept members","MemberUserIds":null}`).Want(200)
			if got := admin.Get(self).JSON(); got["Name"] != "Operations" || len(got["MemberUserIds"].([]any)) != 1 {
				t.Errorf("a change of one member changed others: %v", got)
			}
			if body := strings.TrimSpace(admin.Do(http.MethodDelete, self, "", nil).Want(200).Body); body != "{}" {
				t.Errorf("DELETE answers %q, want {}", body)
			}
			admin.Get(self).Want(404)
		}
		admin.Get("/api/spaces/Spaces-2/teams").Want(404)
	})
}

func TestTeamRefusalsOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		team := teamOf(t, f, "Viewers", models.Views, "bob")
		for name, body := range map[string]string{
			"no name": `{"MemberUserIds":[]}`, "taken": `{"Name":"viewers"}`, "unknown member": `{"Name":"a","MemberUserIds":["Users-99999"]}`, "no id": `{"Name":"a","MemberUserIds":["alice"]}`,
			"groups": `{"Name":"a","ExternalSecurityGroups":[{"Id":"cn=ops"}]}`, "too long": `{"Name":"` + strings.Repeat("x", 65) + `"}`,
		} {
			before := census(f)
			if a := admin.JSON(http.MethodPost, "/api/teams", body); a.Status != 400 || len(a.JSON()["Errors"].([]any)) == 0 || census(f) != before {
				t.Errorf("%s: got %d %s, want a 400 with Errors and nothing written", name, a.Status, a.Body)
			}
		}
		self, before := "/api/teams/"+team.PublicID(), census(f)
		admin.JSON(http.MethodPut, self, `{"Name":"Renamed","MemberUserIds":["`+f.Alice.PublicID()+`","Users-99999"]}`).Want(400)
		if census(f) != before || teamStored(t, f, team).Name != "Viewers" {
			t.Error("a refused change left something behind")
		}
		everyone, admins := f.Count("SELECT id FROM teams WHERE built_in = 'everyone'"), f.Count("SELECT id FROM teams WHERE built_in = 'administrators'")
		for _, id := range []int{everyone, admins} {
			path := "/api/teams/" + models.Team{ID: int64(id)}.PublicID()
			admin.Do(http.MethodDelete, path, "", nil).Want(403)
			admin.JSON(http.MethodPut, path, `{"MemberUserIds":["`+f.Alice.PublicID()+`"]}`).Want(403) // Everyone lists nobody, and nobody removes himself from the administrators
		}
		editors := teamOf(t, f, "Editors", models.PermissionsOf(models.TeamEdit, models.TeamView), "bob")
		_, secret := usable(t, f, f.Bob)
		bob := site.WithKey(secret)
		bob.JSON(http.MethodPut, "/api/teams/"+models.Team{ID: int64(admins)}.PublicID(), `{"MemberUserIds":["`+f.Bob.PublicID()+`","`+f.Admin.PublicID()+`"]}`).Want(403)
		bob.JSON(http.MethodPut, "/api/teams/"+editors.PublicID(), `{"MemberUserIds":[]}`).Want(403)
	})
}

func TestTeamListsAndRoles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		team := teamOf(t, f, "Auditors", models.Views, "alice")
		silent := teamOf(t, f, "Readers", 0, "alice")
		tests := []struct {
			query string
			want  int
		}{{"", 4}, {"partialName=AUD", 1}, {"ids=" + team.PublicID() + "," + silent.PublicID(), 2}, {"ids=x", 0}, {"name=readers", 1}, {"take=0", 0}, {"skip=3", 1}, {"take=2147483647&spaces=Spaces-1&includeSystem=true", 4}}
		for _, test := range tests {
			if got := len(items(t, admin.Get("/api/teams?"+test.query).Want(200))); got != test.want {
				t.Errorf("%q lists %d teams, want %d", test.query, got, test.want)
			}
		}
		if all := list(t, admin.Get("/api/teams/all").Want(200)); len(all) != 4 || all[0]["Name"] != "Auditors" {
			t.Errorf("all: %v", all)
		}
		roles := items(t, admin.Get("/api/teams/"+team.PublicID()+"/scopeduserroles?skip=0&take=1").Want(200))
		if len(roles) != 1 || roles[0]["TeamId"] != team.PublicID() {
			t.Fatalf("roles of the team: %v", roles)
		}
		role := admin.Get("/api/userroles/" + roles[0]["UserRoleId"].(string)).Want(200).JSON()
		if got := role["GrantedSystemPermissions"].([]any); len(got) != 4 || role["Name"] != "Auditors" {
			t.Errorf("the role is %v", role)
		}
		admin.Get("/api/scopeduserroles/" + roles[0]["Id"].(string)).Want(200)
		if got := items(t, admin.Get("/api/teams/"+silent.PublicID()+"/scopeduserroles").Want(200)); len(got) != 0 {
			t.Errorf("a team without permissions has roles: %v", got)
		}
		if got := len(items(t, admin.Get("/api/userroles").Want(200))); got != 2 {
			t.Errorf("%d roles, want those of two teams that may do something", got)
		}
		if got := len(items(t, admin.Get("/api/userroles?partialName=audit&ids="+role["Id"].(string)).Want(200))); got != 1 {
			t.Errorf("%d roles by id", got)
		}
		if got := len(items(t, admin.Get("/api/spaces-1/scopeduserroles?take=1").Want(200))); got != 1 {
			t.Errorf("%d scoped roles on a page of one", got)
		}
	})
}
