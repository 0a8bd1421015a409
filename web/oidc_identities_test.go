package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// What the routes of the robot's OIDC identities answer: the robot looks, others
// decide. The body that the matrix sends is refused last.
func init() {
	const (
		look    = "401 401 401 401 401  401 401 401  404 404 200 200  401 401 200 200"
		change  = "401 401 401 401 401  401 401 401  404 404 403 400  401 401 403 403"
		remove  = "401 401 401 401 401  401 401 401  404 404 403 200  401 401 403 403"
		refused = "400" // no credential is looked at
	)
	for route, want := range map[string]string{
		"GET /api/serviceaccounts/:account/oidcidentities/v1":          look,
		"GET /api/serviceaccounts/:account/oidcidentities/:oidc/v1":    look,
		"POST /api/serviceaccounts/:account/oidcidentities/create/v1":  change,
		"PUT /api/serviceaccounts/:account/oidcidentities/:oidc/v1":    change,
		"DELETE /api/serviceaccounts/:account/oidcidentities/:oidc/v1": remove,
		"GET /.well-known/openid-configuration":                        open,
		"GET /.well-known/jwks":                                        open,
		"GET /api/.well-known/jwks":                                    open,
		"POST /token/v1":                                               refused,
		"POST /api/token/v1":                                           refused,
	} {
		expectations[route] = want
	}
}

// oidcIdentityInPath fills in the robot and an identity of it.
func oidcIdentityInPath(t *testing.T, f *storetest.Fixture, path string) string {
	t.Helper()
	if !strings.Contains(path, ":account") {
		return path
	}
	f.Exec("DELETE FROM oidc_identities WHERE name = 'in the path'") // those of earlier calls, of which there would be too many
	made, err := f.Store.AddOIDCIdentity(storetest.Console(), f.Robot.ID, models.NewOIDCIdentity{Name: "in the path", Issuer: "https://issuer.example", Subject: "job"})
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(":account", f.Robot.PublicID(), ":oidc", made.PublicID()).Replace(path)
}

// robotToken is the caller with an access token of the robot: at the REST API
// the same as its key, everywhere else nobody.
const robotToken = "robot's token"

// robotClient returns a client with such a token.
func robotClient(t *testing.T, f *storetest.Fixture, site *webtest.Site) *webtest.Client {
	t.Helper()
	f.Exec("DELETE FROM oidc_identities") // those of earlier rounds, of which there would be too many
	wish := models.NewOIDCIdentity{Name: "of the matrix", Issuer: "https://issuer.example", Subject: "matrix"}
	if _, err := f.Store.AddOIDCIdentity(storetest.Console(), f.Robot.ID, wish); err != nil {
		t.Fatal(err)
	}
	list, err := f.Store.OIDCIdentities(storetest.Console(), f.Robot.ID, models.Page{})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := f.Store.ExchangeToken(t.Context(), list.ExternalID, site.URL, models.SubjectClaims{Issuer: wish.Issuer, Subject: wish.Subject, Audience: []string{list.ExternalID}})
	if err != nil {
		t.Fatal(err)
	}
	c := site.Client()
	c.Header.Set("Authorization", "Bearer "+token)
	return c
}

func oidcPath(u models.User) string {
	return "/api/serviceaccounts/" + u.PublicID() + "/oidcidentities"
}

// apiAdmin returns a client with an administrator's key.
func apiAdmin(f *storetest.Fixture, site *webtest.Site) *webtest.Client {
	_, secret := f.Issue(f.Admin, models.NewKey{})
	return site.WithKey(secret.Reveal())
}

// checkGolden compares an answer with the stored one; what differs from run to run is
// masked in both. UPDATE_GOLDEN=1 stores it.
func checkGolden(t *testing.T, name, body string, masks ...string) {
	t.Helper()
	for i := 0; i < len(masks); i += 2 {
		body = regexp.MustCompile(masks[i]).ReplaceAllString(body, masks[i+1])
	}
	path := filepath.Join("testdata", name+".golden.json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if body != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, body, want)
	}
}

const uuidForm = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`

func TestOIDCIdentityLife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin, path := apiAdmin(f, site), oidcPath(f.Robot)

		none := admin.Get(path + "/v1?skip=0&take=0").Want(200).JSON()
		guid, _ := none["ExternalId"].(string)
		if !regexp.MustCompile("^"+uuidForm+"$").MatchString(guid) || none["Count"] != 0.0 || fmt.Sprint(none["OidcIdentities"]) != "[]" || none["ServerUrl"] != site.URL {
			t.Fatalf("the empty list is %v", none)
		}

		made := admin.JSON(http.MethodPost, path+"/create/v1", `{"Name":"Main build","Issuer":"https://token.actions.githubusercontent.com","Subject":"repo:example/app:ref:refs/heads/main","ServiceAccountId":"Users-999","Links":{}}`)
		checkGolden(t, "oidc-identity-created", made.Want(201).Body)
		first := path + "/" + made.JSON()["Id"].(string) + "/v1"
		checkGolden(t, "oidc-identity", admin.Get(first).Want(200).Body)
		second := admin.JSON(http.MethodPost, path+"/create/v1", `{"name":"Releases","issuer":"https://gitlab.example/","subject":"project_path:group/*","audience":"api://keyport"}`).Want(201).JSON()

		masks := []string{uuidForm, "GUID", `http://127\.0\.0\.1:\d+`, "https://keys.example.com"}
		checkGolden(t, "oidc-identities", admin.Get(path+"/v1?skip=0&take=30").Want(200).Body, masks...)
		if again := admin.Get(path + "/v1?take=0").JSON(); again["ExternalId"] != guid || again["Count"] != 2.0 || again["TotalResults"] != 2.0 || len(again["OidcIdentities"].([]any)) != 0 {
			t.Errorf("the list with take=0 is %v", again)
		}
		if page := admin.Get(path + "/v1?skip=1&take=1").JSON(); len(page["OidcIdentities"].([]any)) != 1 || len(page["Items"].([]any)) != 1 {
			t.Errorf("the second page is %v", page)
		}

		if body := admin.JSON(http.MethodPut, first, `{"Id":"x","Name":"Main","Issuer":"https://token.actions.githubusercontent.com","Subject":"repo:example/*:ref:refs/heads/main"}`).Want(200).Body; strings.TrimSpace(body) != "{}" {
			t.Errorf("PUT answers %q, want {}", body)
		}
		if got := admin.Get(first).JSON(); got["Subject"] != "repo:example/*:ref:refs/heads/main" || got["Name"] != "Main" || got["Audience"] != nil {
			t.Errorf("after PUT: %v", got)
		}
		other := path + "/" + strings.ToLower(second["Id"].(string)) + "/v1"
		if body := admin.Do(http.MethodDelete, other, "", nil).Want(200).Body; strings.TrimSpace(body) != "{}" {
			t.Errorf("DELETE answers %q, want {}", body)
		}
		admin.Get(other).Want(404)
		admin.Do(http.MethodDelete, other, "", nil).Want(404)
		override := http.Header{"X-Http-Method-Override": {"DELETE"}}
		admin.Do(http.MethodPost, first, "", override).Want(200)
		admin.Get(strings.ToUpper(first)).Want(404)
	})
}

func TestOIDCIdentityInput(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin, path := apiAdmin(f, site), oidcPath(f.Robot)
		good := map[string]any{"Name": "n", "Issuer": "https://issuer.example", "Subject": "job"}
		tests := []struct {
			name, member string
			value        any
		}{
			{"no name", "Name", ""}, {"long name", "Name", strings.Repeat("ä", 201)}, {"control", "Name", "a\x00b"}, {"a number", "Name", 7},
			{"no issuer", "Issuer", ""}, {"http", "Issuer", "http://issuer.example"}, {"private http", "Issuer", "http://10.0.0.1"}, {"ftp", "Issuer", "ftp://issuer.example"},
			{"no host", "Issuer", "https://"}, {"a query", "Issuer", "https://issuer.example?x"}, {"a fragment", "Issuer", "https://issuer.example#"}, {"a user", "Issuer", "https://a:b@issuer.example"},
			{"a blank", "Issuer", "https://issuer.example "}, {"letters", "Issuer", "https://ïssuer.example"}, {"long issuer", "Issuer", "https://issuer.example/" + strings.Repeat("a", 300)},
			{"this server", "Issuer", site.URL}, {"this server with a slash", "Issuer", site.URL + "/"},
			{"no subject", "Subject", ""}, {"everybody", "Subject", "*"}, {"everybody in other words", "Subject", "?*?"}, {"a newline", "Subject", "a\nb"}, {"long subject", "Subject", strings.Repeat("a", 256)},
			{"blank in audience", "Audience", "a b"}, {"long audience", "Audience", strings.Repeat("a", 256)}, {"a list", "Audience", []string{"a", "b"}},
		}
		for _, tt := range tests {
			body := map[string]any{tt.member: tt.value}
			for name, value := range good {
				if name != tt.member {
					body[name] = value
				}
			}
			text, _ := json.Marshal(body)
			before := census(f)
			a := admin.JSON(http.MethodPost, path+"/create/v1", string(text))
			if a.Status != 400 || len(a.JSON()["Errors"].([]any)) == 0 || census(f) != before {
				t.Errorf("%s: got %d %s, want a 400 with Errors and nothing written", tt.name, a.Status, a.Body)
			}
		}
		all := admin.JSON(http.MethodPost, path+"/create/v1", `{}`).Want(400).JSON()
		if got := len(all["Errors"].([]any)); got != 3 {
			t.Errorf("an empty wish has %d errors, want all 3 at once", got)
		}
		for i := range models.MaxOIDCIdentities {
			admin.JSON(http.MethodPost, path+"/create/v1", fmt.Sprintf(`{"Name":"n","Issuer":"https://issuer.example","Subject":"job %d"}`, i)).Want(400) // a blank
			admin.JSON(http.MethodPost, path+"/create/v1", fmt.Sprintf(`{"Name":"n","Issuer":"https://issuer.example","Subject":"job-%d"}`, i)).Want(201)
		}
		admin.JSON(http.MethodPost, path+"/create/v1", `{"Name":"n","Issuer":"https://issuer.example","Subject":"job"}`).Want(409)
	})
}

// Refusals are the same whether or not there is such an account or identity.
func TestOIDCIdentitiesTellStrangersNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		_, secret := usable(t, f, f.Bob)
		bob, admin := site.WithKey(secret), apiAdmin(f, site)
		made := oidcIdentityInPath(t, f, "/api/serviceaccounts/:account/oidcidentities/:oidc/v1")
		want := bob.Get("/api/serviceaccounts/Users-999/oidcidentities/v1").Want(404).Body
		for _, path := range []string{oidcPath(f.Robot) + "/v1", oidcPath(f.Alice) + "/v1", oidcPath(f.Bob) + "/v1", made, oidcPath(f.Robot) + "/ServiceAccountOidcIdentities-999/v1", oidcPath(f.Robot) + "/x/v1", "/api/serviceaccounts/x/oidcidentities/v1"} {
			if got := bob.Get(path).Want(404).Body; got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		admin.Get(oidcPath(f.Alice) + "/v1").Want(404) // a person has none
		admin.Get(oidcPath(f.Robot) + "/ServiceAccountOidcIdentities-999/v1").Want(404)
		// The identity of another account is none of this one.
		other, err := f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "other robot", IsService: true}, false)
		if err != nil {
			t.Fatal(err)
		}
		admin.Get(strings.Replace(made, f.Robot.PublicID(), other.PublicID(), 1)).Want(404)
		admin.Do(http.MethodDelete, strings.Replace(made, f.Robot.PublicID(), other.PublicID(), 1), "", nil).Want(404)
		admin.Get(made).Want(200)
	})
}
