package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// asAdmin returns a client with a key of the administrator.
func asAdmin(t *testing.T, f *storetest.Fixture, site *webtest.Site) *webtest.Client {
	t.Helper()
	_, secret := usable(t, f, f.Admin)
	return site.WithKey(secret)
}

// list decodes an answer that is a bare array of objects.
func list(t *testing.T, a webtest.Answer) []map[string]any {
	t.Helper()
	var items []map[string]any
	if err := json.Unmarshal([]byte(a.Body), &items); err != nil {
		t.Fatalf("the answer is not an array: %v: %.300s", err, a.Body)
	}
	return items
}

// items returns the Items of an envelope.
func items(t *testing.T, a webtest.Answer) []map[string]any {
	t.Helper()
	var page struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil || page.Items == nil {
		t.Fatalf("the answer is no envelope: %v: %.300s", err, a.Body)
	}
	return page.Items
}

// identitiesOf is what Terraform's provider sends and wants back to the letter.
const identitiesOf = `[{"IdentityProviderName":"Octopus ID","Claims":{"email":{"Value":" Mixed.Case@example.com","IsIdentifyingClaim":true},"dn":{"Value":"","IsIdentifyingClaim":false},"sid":{"Value":null,"IsIdentifyingClaim":false}}},{"IdentityProviderName":"Empty","Claims":{}}]`

func TestUserLifeOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		made := admin.JSON(http.MethodPost, "/api/users", `{"Id":"","Username":"test-id 7","DisplayName":"Zoë","EmailAddress":"Zoe@Example.com","Password":"letters and blanks and 44 of them in a row",
			"CanPasswordBeEdited":false,"IsActive":true,"IsRequestor":false,"IsService":false,"Links":{},"Identities":`+identitiesOf+`}`).Want(201)
		if strings.Contains(made.Body, "Password\"") || strings.Contains(made.Body, "44 of them") {
			t.Errorf("the answer holds a password: %s", made.Body)
		}
		user := made.JSON()
		self := user["Links"].(map[string]any)["Self"].(string)
		read := admin.Get(self).Want(200)
		if got := read.JSON(); !reflect.DeepEqual(got, user) {
			t.Errorf("read\n%v\nwant what was answered when it was made\n%v", got, user)
		}
		var want any
		_ = json.Unmarshal([]byte(identitiesOf), &want)
		if !reflect.DeepEqual(user["Identities"], want) || user["EmailAddress"] != "Zoe@Example.com" || user["IsService"] != false || user["CanPasswordBeEdited"] != true {
			t.Errorf("the user is %v, want identities and address to the letter", user)
		}
		if _, err := f.Store.SignIn(t.Context(), "Test-ID 7", "letters and blanks and 44 of them in a row"); err != nil {
			t.Errorf("the password does not sign in: %v", err)
		}

		// Terraform reads, changes one member and sends the whole user back, with the password.
		user["DisplayName"], user["Password"], user["IsActive"] = "Zoë B.", "letters and blanks and 44 of them in a row", false
		whole, _ := json.Marshal(user)
		changed := admin.JSON(http.MethodPut, self, string(whole)).Want(200).JSON()
		if changed["DisplayName"] != "Zoë B." || changed["IsActive"] != false || !reflect.DeepEqual(changed["Identities"], want) || changed["EmailAddress"] != "Zoe@Example.com" {
			t.Errorf("changed to %v", changed)
		}
		if body := strings.TrimSpace(admin.Do(http.MethodDelete, self, "", nil).Want(200).Body); body != "{}" {
			t.Errorf("DELETE answers %q, want {}", body)
		}
		admin.Get(self).Want(404)
		admin.Do(http.MethodDelete, self, "", nil).Want(404)
	})
}

// TestPutUser holds the two ways of changing a user apart: a whole user, of which
// clients leave out what is empty, and the one member that a script changes.
func TestPutUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		made := admin.JSON(http.MethodPost, "/api/users", `{"Username":"dora","DisplayName":"Dora","EmailAddress":"dora@example.com","Identities":`+identitiesOf+`}`).Want(201).JSON()
		self := made["Links"].(map[string]any)["Self"].(string)
		member := func(name string) any { return admin.Get(self).Want(200).JSON()[name] }

		admin.JSON(http.MethodPut, self, `{"IsActive":false}`).Want(200)
		if member("IsActive") != false || member("EmailAddress") != "dora@example.com" || len(member("Identities").([]any)) != 2 || member("DisplayName") != "Dora" {
			t.Errorf("a change of one member changed others: %v", admin.Get(self).JSON())
		}
		admin.JSON(http.MethodPut, self, `{"username":"Dora","DISPLAYNAME":"Dora B.","isActive":true,"IsService":true,"IsRequestor":true,"Nonsense":[1]}`).Want(200)
		if member("EmailAddress") != nil || len(member("Identities").([]any)) != 0 || member("IsActive") != true || member("DisplayName") != "Dora B." {
			t.Errorf("a whole user without address and identities is %v", admin.Get(self).JSON())
		}
		if member("IsService") != false {
			t.Error("a person became a service account")
		}
		for name, body := range map[string]string{
			"name taken": `{"Username":"alice"}`, "no name": `{"Username":""}`, "reserved": `{"Username":"system"}`, "address": `{"EmailAddress":"nobody"}`,
			"another password": `{"Password":"somebody else's idea"}`, "two of one provider": `{"Identities":[{"IdentityProviderName":"A"},{"IdentityProviderName":"a"}]}`,
			"nameless provider": `{"Identities":[{"Claims":{}}]}`, "claims": `{"Identities":[{"IdentityProviderName":"A","Claims":{"x":{"Value":"\u0000"}}}]}`,
			"half good": `{"DisplayName":"Never","Identities":[{"IdentityProviderName":""}]}`, "wrong type": `{"IsActive":"no"}`,
		} {
			before := admin.Get(self).Body
			a := admin.JSON(http.MethodPut, self, body)
			if a.Status != 400 && a.Status != 409 || a.JSON()["ErrorMessage"] == "" || admin.Get(self).Body != before {
				t.Errorf("%s: got %d %s, want a refusal and nothing changed", name, a.Status, a.Body)
			}
		}
		for range 12 {
			if a := admin.JSON(http.MethodPut, self, `{"Password":"a guess among guesses"}`); a.Status == 429 {
				return
			}
		}
		t.Error("passwords can be guessed without end by changing a user")
	})
}

func TestOwnAccountOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := usable(t, f, f.Alice)
		alice := site.WithKey(secret)
		for _, path := range []string{"/api/users/me", "/api/users/" + f.Alice.PublicID(), "/API/Users/" + strings.ToLower(f.Alice.PublicID())} {
			me := alice.Get(path).Want(200).JSON()
			if me["IsRequestor"] != true || me["Username"] != "alice" {
				t.Errorf("%s is %v", path, me)
			}
			alice.JSON(http.MethodPut, path, `{"DisplayName":"Queen"}`).Want(403)
			alice.JSON(http.MethodPut, path, `{"Password":"`+storetest.Password+`"}`).Want(403)
			alice.Do(http.MethodDelete, path, "", nil).Want(404)
		}
		admin := asAdmin(t, f, site)
		admin.Do(http.MethodDelete, "/api/users/"+f.Admin.PublicID(), "", nil).Want(403)
		admin.JSON(http.MethodPut, "/api/users/"+f.Admin.PublicID(), `{"IsActive":false}`).Want(403)
		for _, part := range []string{"spaces", "teams"} {
			if got := list(t, alice.Get("/api/users/me/"+part).Want(200)); len(got) != 1 {
				t.Errorf("%s of alice: %v", part, got)
			}
		}
		if teams := list(t, admin.Get("/api/users/"+f.Admin.PublicID()+"/teams").Want(200)); len(teams) != 2 || teams[0]["IsDirectlyAssigned"] != false || teams[1]["IsDirectlyAssigned"] != true {
			t.Errorf("teams of the administrator: %v", teams)
		}
	})
}

func TestUserLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		admin.JSON(http.MethodPut, "/api/users/"+f.Charlie.PublicID(), `{"IsActive":false}`).Want(200)
		ids := f.Robot.PublicID() + "," + strings.ToUpper(f.Alice.PublicID()) + ",Users-0,nonsense"
		tests := []struct{ query, want string }{
			{"", "admin alice bob charlie robot"}, {"filter=LI", "alice charlie"}, {"ids=" + ids, "alice robot"}, {"ids=nonsense", ""},
			{"isActive=false", "charlie"}, {"IsActive=TRUE", "admin alice bob robot"}, {"isServiceAccount=true", "robot"}, {"isServiceAccount=false&isActive=true", "admin alice bob"},
			{"serviceAccountType=Standard", "robot"}, {"serviceAccountType=agent", ""}, {"filter=%25", ""}, {"take=0&skip=0", ""}, {"skip=4", "robot"}, {"skip=99", ""},
			{"take=2147483647", "admin alice bob charlie robot"}, {"filter=alice&ids=" + f.Bob.PublicID(), ""},
		}
		for _, test := range tests {
			var names []string
			for _, u := range items(t, admin.Get("/api/users?"+test.query).Want(200)) {
				names = append(names, u["Username"].(string))
				if u["IsRequestor"] != (u["Username"] == "admin") {
					t.Errorf("%s: IsRequestor of %v", test.query, u["Username"])
				}
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("%q lists %q, want %q", test.query, got, test.want)
			}
		}
		for _, query := range []string{"isActive=maybe", "serviceAccountType=Robot", "take=-1", "filter=%00"} {
			admin.Get("/api/users?" + query).Want(400)
		}
		if all := list(t, admin.Get("/api/users/all").Want(200)); len(all) != 5 || all[0]["IsRequestor"] != true {
			t.Errorf("all: %v", all)
		}
		seen, next := "", "/api/users?take=1&isActive=true&filter=ob"
		for pages := 0; next != "" && pages < 9; pages++ {
			page := admin.Get(next).Want(200)
			for _, u := range items(t, page) {
				seen += u["Username"].(string) + " "
			}
			next, _ = page.JSON()["Links"].(map[string]any)["Page.Next"].(string)
			if strings.ContainsAny(next, "{}") {
				t.Errorf("Page.Next is %q, which the Go client would expand", next)
			}
		}
		if seen != "bob robot " {
			t.Errorf("walking Page.Next found %q", seen)
		}
	})
}

func TestMoreUsersThanOnePage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		for i := range 205 {
			f.Exec("INSERT INTO users (username, username_fold, display_name, email, is_service, is_active, time_zone, password_hash, created_at) SELECT ?, ?, '', '', is_service, is_active, '', '', created_at FROM users WHERE id = ?",
				fmt.Sprintf("u%04d", i), fmt.Sprintf("u%04d", i), f.Bob.ID)
		}
		admin := asAdmin(t, f, site)
		page := admin.Get("/api/users?take=9999&filter=u0").Want(200)
		if got := len(items(t, page)); got != models.MaxTake || page.JSON()["TotalResults"] != 205.0 {
			t.Errorf("one answer holds %d, TotalResults %v", got, page.JSON()["TotalResults"])
		}
		next := page.JSON()["Links"].(map[string]any)["Page.Next"].(string)
		if got := len(items(t, admin.Get(next).Want(200))); got != 5 {
			t.Errorf("the second page holds %d, want 5", got)
		}
		if got := len(list(t, admin.Get("/api/users/all").Want(200))); got != 210 {
			t.Errorf("all holds %d, want 210", got)
		}
	})
}

func TestServiceAccountsOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		made := admin.JSON(http.MethodPost, "/api/users", `{"Username":"builder","DisplayName":"Builder","IsService":true,"ServiceAccountType":"Standard","IsActive":false}`).Want(201).JSON()
		if made["IsService"] != true || made["CanPasswordBeEdited"] != false || made["ServiceAccountType"] != "Standard" || made["IsActive"] != false {
			t.Errorf("the account is %v", made)
		}
		for name, body := range map[string]string{
			"with password": `{"Username":"b2","IsService":true,"Password":"letters and blanks in a row"}`, "agent": `{"Username":"b2","IsService":true,"ServiceAccountType":"Agent"}`,
			"nameless": `{"IsService":true}`, "name of 65": `{"Username":"` + strings.Repeat("x", 65) + `"}`, "short password": `{"Username":"b2","Password":"short"}`,
			"address of 257": `{"Username":"b2","EmailAddress":"` + strings.Repeat("x", 250) + `@ex.com"}`, "many identities": `{"Username":"b2","Identities":[` + strings.Repeat(`{"IdentityProviderName":"a"},`, 11) + `{}]}`,
		} {
			before := census(f)
			if a := admin.JSON(http.MethodPost, "/api/users", body); a.Status != 400 || len(a.JSON()["Errors"].([]any)) == 0 || census(f) != before {
				t.Errorf("%s: got %d %s, want a 400 with Errors and nothing written", name, a.Status, a.Body)
			}
		}
		admin.JSON(http.MethodPost, "/api/users", `{"Username":"BUILDER"}`).Want(409)
		admin.JSON(http.MethodPut, "/api/users/"+f.Robot.PublicID(), `{"Password":"letters and blanks in a row"}`).Want(400)
	})
}
