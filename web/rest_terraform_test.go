package web_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// terraform is the provider's configuration, which happens several times for
// each command.
func terraform(t *testing.T, f *storetest.Fixture, site *webtest.Site) *webtest.Client {
	t.Helper()
	client := asAdmin(t, f, site)
	client.Header.Set("User-Agent", "go-octopusdeploy/v2.111.0 (linux; amd64) go/1.26 NoneOrUnknown TerraformProvider")
	client.Header.Set("Accept", "application/json,text/*;q=0.99")
	for range 2 {
		root := client.Get("/api/").Want(200)
		if !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(text(t, root, "Version")) {
			t.Errorf("Version is %v, by which the provider decides what the server can do", dig(t, root, "Version"))
		}
		text(t, client.Get("/api/spaces").Want(200), "Items.0.Id")
		text(t, client.Get("/api/spaces/Spaces-1").Want(200), "Id")
		text(t, client.Get("/api/Spaces-1").Want(200), "Id")
		dig(t, client.Get("/api/configuration/feature-toggles?Name=some-toggle").Want(200), "FeatureToggles.0.IsEnabled")
	}
	return client
}

func TestTerraformUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := terraform(t, f, site)
		plan := func(name, rest string) string {
			return `{"CanPasswordBeEdited":true,"DisplayName":"` + name + `","EmailAddress":"mixed.CASE@example.com","Identities":` + identitiesOf + `,"IsActive":true,"IsRequestor":false,"IsService":false,"Password":"qwmtpalskdjfhgzoxicu","Username":"terraform user"` + rest + `}`
		}
		made := client.JSON(http.MethodPost, "/api/users", plan("First", "")).Want(201)
		self := "/api/users/" + text(t, made, "Id")
		var want any
		_ = json.Unmarshal([]byte(identitiesOf), &want)
		same := func(a webtest.Answer, name string) {
			t.Helper()
			got, _ := json.Marshal(dig(t, a, "Identities"))
			expected, _ := json.Marshal(want)
			if string(got) != string(expected) || text(t, a, "EmailAddress") != "mixed.CASE@example.com" || text(t, a, "DisplayName") != name || dig(t, a, "Password") != nil {
				t.Errorf("the plan would not be empty after %s", a.Body)
			}
		}
		same(client.Get(self).Want(200), "First")
		client.Get(self).Want(200) // it reads before it changes
		same(client.JSON(http.MethodPut, self, plan("Second", `,"Id":"`+text(t, made, "Id")+`","Links":{"Self":"`+self+`"}`)).Want(200), "Second")
		same(client.Get(self).Want(200), "Second")
		inactive := strings.Replace(plan("Second", ""), `"IsActive":true`, `"IsActive":false`, 1)
		if dig(t, client.JSON(http.MethodPut, self, inactive).Want(200), "IsActive") != false {
			t.Error("the user is active still")
		}
		found := client.Get("/api/users?filter=terraform&skip=0&take=5&ids=" + text(t, made, "Id")).Want(200)
		same(webtestItem(t, found), "Second")
		client.Do(http.MethodDelete, self, "", nil).Want(200)
		text(t, client.Get(self).Want(404), "ErrorMessage") // without a body it would store an empty user
	})
}

// webtestItem returns the only item of an envelope as an answer of its own.
func webtestItem(t *testing.T, a webtest.Answer) webtest.Answer {
	t.Helper()
	one, err := json.Marshal(dig(t, a, "Items.0"))
	if err != nil {
		t.Fatal(err)
	}
	a.Body = string(one)
	return a
}

func TestTerraformServiceAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := terraform(t, f, site)
		made := client.JSON(http.MethodPost, "/api/users", `{"CanPasswordBeEdited":false,"DisplayName":"Robot","IsActive":true,"IsRequestor":false,"IsService":true,"Username":"terraform robot"}`).Want(201)
		base := "/api/serviceaccounts/" + text(t, made, "Id") + "/oidcidentities"
		text(t, client.Get(base+"/v1?skip=0&take=0").Want(200), "ExternalId")
		identity := client.JSON(http.MethodPost, base+"/create/v1", `{"ServiceAccountId":"`+text(t, made, "Id")+`","Name":"Deploy","Issuer":"https://token.actions.githubusercontent.com","Subject":"repo:example/app:ref:refs/heads/main"}`).Want(201)
		one := base + "/" + text(t, identity, "Id") + "/v1"
		if got := text(t, client.Get(one).Want(200), "Name"); got != "Deploy" {
			t.Errorf("the identity is named %q", got)
		}
		client.JSON(http.MethodPut, one, `{"Id":"`+text(t, identity, "Id")+`","ServiceAccountId":"`+text(t, made, "Id")+`","Name":"Deployments","Issuer":"https://token.actions.githubusercontent.com","Subject":"repo:example/app:*"}`).Want(200)
		if read := client.Get(one).Want(200); text(t, read, "Name") != "Deployments" || text(t, read, "Subject") != "repo:example/app:*" {
			t.Errorf("the identity is %s", read.Body)
		}
		client.Do(http.MethodDelete, one, "", nil).Want(200)
		text(t, client.Get(one).Want(404), "ErrorMessage")
		client.Do(http.MethodDelete, "/api/users/"+text(t, made, "Id"), "", nil).Want(200)
	})
}

func TestTerraformTeams(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := terraform(t, f, site)
		made := client.JSON(http.MethodPost, "/api/teams", `{"CanBeDeleted":false,"CanBeRenamed":false,"CanChangeMembers":false,"CanChangeRoles":false,"Description":"By code","ExternalSecurityGroups":[],"MemberUserIds":["`+f.Alice.PublicID()+`"],"Name":"Terraform"}`).Want(201)
		self := "/api/teams/" + text(t, made, "Id")
		if got := items(t, client.Get(self+"/scopeduserroles").Want(200)); len(got) != 0 {
			t.Errorf("a new team has roles: %v", got)
		}
		client.JSON(http.MethodPut, self, `{"Id":"`+text(t, made, "Id")+`","Description":"","ExternalSecurityGroups":[],"MemberUserIds":[],"Name":"Terraform 2"}`).Want(200)
		if read := client.Get(self).Want(200); text(t, read, "Name") != "Terraform 2" || len(dig(t, read, "MemberUserIds").([]any)) != 0 {
			t.Errorf("the team is %s", read.Body)
		}
		client.Do(http.MethodDelete, self, "", nil).Want(200)
		text(t, client.Get(self).Want(404), "ErrorMessage")
	})
}
