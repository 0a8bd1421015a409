package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// dig walks into an answer: "Items.0.Id", "Links.Users".
func dig(t *testing.T, a webtest.Answer, path string) any {
	t.Helper()
	var at any
	if err := json.Unmarshal([]byte(a.Body), &at); err != nil {
		t.Fatalf("no JSON: %v: %.300s", err, a.Body)
	}
	for step := range strings.SplitSeq(path, ".") {
		switch here := at.(type) {
		case map[string]any:
			at = here[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(here) {
				t.Fatalf("there is no %s in %.300s", path, a.Body)
			}
			at = here[i]
		default:
			t.Fatalf("there is no %s in %.300s", path, a.Body)
		}
	}
	return at
}

// text is dig for texts that a client can't go on without.
func text(t *testing.T, a webtest.Answer, path string) string {
	t.Helper()
	s, _ := dig(t, a, path).(string)
	if s == "" {
		t.Fatalf("%s is no text in %.300s", path, a.Body)
	}
	return s
}

// octopusCLI is Octopus's command line, by the calls that were recorded of it.
type octopusCLI struct {
	t      *testing.T
	client *webtest.Client
}

// newCLI sends the headers that the command line does.
func newCLI(t *testing.T, client *webtest.Client, command string) octopusCLI {
	client.Header.Set("User-Agent", "go-octopusdeploy/v2.114.1 (linux; amd64) go/1.26 NoneOrUnknown octopus/2.24.0 ("+command+")")
	client.Header.Set("Accept", "application/json")
	return octopusCLI{t, client}
}

// system is how each command begins that needs no space.
func (c octopusCLI) system() {
	c.t.Helper()
	root := c.client.Get("/api/").Want(200)
	text(c.t, root, "Links.Spaces")
	text(c.t, root, "Links.Users")
	spaces := c.client.Get("/api/spaces").Want(200)
	if text(c.t, spaces, "Items.0.Id") == "" || text(c.t, spaces, "Items.0.Name") == "" || dig(c.t, spaces, "Items.0.IsDefault") != true {
		c.t.Fatalf("no default space: %s", spaces.Body)
	}
}

// inSpace is how each command begins that is about a space; it looks the name up
// first, then the id.
func (c octopusCLI) inSpace(wish string) {
	c.t.Helper()
	c.system()
	for _, space := range list(c.t, c.client.Get("/api/spaces/all").Want(200)) {
		if !strings.EqualFold(space["Name"].(string), wish) && !strings.EqualFold(space["Id"].(string), wish) {
			continue
		}
		text(c.t, c.client.Get("/api/").Want(200), "Links.Users")
		text(c.t, c.client.Get("/api/"+space["Id"].(string)).Want(200), "Links.Self")
		return
	}
	c.t.Fatalf("the space %s is not in the list", wish)
}

func TestOctopusCLI(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		t.Run("login", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "login")
			c.system()
			text(t, c.client.Get("/api/users/me").Want(200), "Id")
		})
		t.Run("login with a bad key", func(t *testing.T) {
			c := newCLI(t, site.WithKey("API-AAAAAAAAAAAAAAAAAAAAAAAAAA"), "login")
			if got := text(t, c.client.Get("/api/spaces").Want(401), "ErrorMessage"); !strings.Contains(got, "provide a valid API key") {
				t.Errorf("the command line prints %q", got)
			}
		})
		t.Run("login opens the page of the keys", func(t *testing.T) {
			if got := site.Client().Get("/app").Want(303).Header.Get("Location"); got != "/account/apikeys" {
				t.Errorf("/app leads to %q", got)
			}
		})
		t.Run("user list", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "user;list")
			c.inSpace("Default")
			for _, u := range list(t, c.client.Get("/api/users/all").Want(200)) {
				for _, member := range []string{"Id", "Username", "DisplayName"} {
					if s, _ := u[member].(string); s == "" {
						t.Errorf("a user without %s: %v", member, u)
					}
				}
			}
		})
		t.Run("user delete", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "user;delete")
			c.inSpace("spaces-1")
			found := c.client.Get("/api/users?filter=bob&take=9999").Want(200)
			if text(t, found, "Items.0.Username") != "bob" {
				t.Fatalf("found %s", found.Body)
			}
			c.client.Do(http.MethodDelete, "/api/users/"+text(t, found, "Items.0.Id"), "", nil).Want(200) // any other status is an error to it
		})
		t.Run("user delete of an unknown one", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "user;delete")
			c.inSpace("Default")
			if got := items(t, c.client.Get("/api/users?filter=unknown&take=9999").Want(200)); len(got) != 0 {
				t.Errorf("found %v", got)
			}
			text(t, c.client.Get("/api/users/unknown").Want(404), "ErrorMessage")
		})
		t.Run("api", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "api")
			c.system()
			c.client.Header.Del("Accept")
			text(t, c.client.Get("/api/users/me").Want(200), "Username")
		})
		t.Run("space view", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "space;view")
			c.system()
			found := c.client.Get("/api/spaces?partialName=Default").Want(200)
			if web := text(t, found, "Items.0.Links.Web"); len(strings.Split(web, "/app#/")) != 2 {
				t.Errorf("Links.Web is %q, at which the command line panics", web)
			}
		})
		t.Run("space create", func(t *testing.T) {
			c := newCLI(t, asAdmin(t, f, site), "space;create")
			c.system()
			list(t, c.client.Get("/api/teams/all").Want(200))
			list(t, c.client.Get("/api/users/all").Want(200))
			refused := c.client.JSON(http.MethodPost, "/api/spaces", `{"Name":"Second","SpaceManagersTeams":[],"SpaceManagersTeamMembers":["`+f.Admin.PublicID()+`"]}`).Want(400)
			if text(t, refused, "Errors.0") == "" || dig(t, refused, "ErrorMessage") == "" {
				t.Errorf("the refusal is %s", refused.Body)
			}
		})
	})
}

// TestOctopusScripts sends what the official PowerShell scripts and the .NET
// client do: no content type or a wrong one, methods in a header, letters of any
// case, the older headers.
func TestOctopusScripts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		secret := mustKey(t, f, f.Admin)
		form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Nuget-Apikey": {secret}}
		made := site.Client().Do(http.MethodPost, "/api/users/"+f.Robot.PublicID()+"/ApiKeys", `{"Purpose":"By script","Expires":null}`, form).Want(200)
		self := "/API/users/" + strings.ToUpper(f.Robot.PublicID()) + "/apiKeys/" + text(t, made, "Id") + "?apiKey=" + secret
		text(t, site.Client().Get(self).Want(200), "Purpose")
		site.Client().Do(http.MethodPost, self, "", http.Header{"X-Http-Method-Override": {"delete"}}).Want(200)
		site.Client().Get(self).Want(404)

		net := site.WithKey(secret)
		net.Header.Set("Content-Type", "application/json") // on GETs too
		me := net.Get("/api/users/me").Want(200)
		spaces := list(t, net.Get(text(t, me, "Links.Spaces")).Want(200))
		text(t, net.Get(spaces[0]["Links"].(map[string]any)["SpaceHome"].(string)).Want(200), "Links.Teams")
		put := http.Header{"X-Http-Method-Override": {"PUT"}}
		if got := dig(t, net.Do(http.MethodPost, "/api/users/"+f.Bob.PublicID(), `{"displayname":"Bobby"}`, put).Want(200), "DisplayName"); got != "Bobby" {
			t.Errorf("the name is %v", got)
		}
		links, _ := dig(t, net.Get("/api").Want(200), "Links").(map[string]any)
		for _, name := range []string{"CurrentUser", "Users", "Spaces", "SignIn", "SignOut", "Register", "Configuration", "Authentication", "UserAuthentication", "Teams"} {
			if s, _ := links[name].(string); !strings.HasPrefix(s, "/api") {
				t.Errorf("the root has no link %s", name)
			}
		}
		if version := text(t, net.Get("/api"), "ApiVersion"); !strings.HasPrefix(version, "3.0.") {
			t.Errorf("ApiVersion is %s, which the .NET client refuses", version)
		}
	})
}

// TestLoginAction plays the GitHub action OctopusDeploy/login and what follows
// it: discovery, exchange, and calls with the token.
func TestLoginAction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store, loopbackIssuers)
		issuer := newJobIssuer(t, f.Store.Now)
		base := "/api/serviceaccounts/" + f.Robot.PublicID() + "/oidcidentities"
		admin := asAdmin(t, f, site)
		admin.JSON(http.MethodPost, base+"/create/v1", `{"Name":"Action","Issuer":"`+issuer.url+`","Subject":"repo:example/app:*"}`).Want(201)
		account := text(t, admin.Get(base+"/v1?skip=0&take=0").Want(200), "ExternalId")

		action := site.Client()
		discovery := action.Get("/.well-known/openid-configuration").Want(200)
		endpoint, ours := strings.CutPrefix(text(t, discovery, "token_endpoint"), site.URL)
		if !ours || text(t, discovery, "issuer") != site.URL {
			t.Fatalf("discovery: %s", discovery.Body)
		}
		exchange := func(audience, subject string) webtest.Answer {
			return action.JSON(http.MethodPost, endpoint, `{"grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","audience":"`+audience+
				`","subject_token_type":"urn:ietf:params:oauth:token-type:jwt","subject_token":"`+issuer.token(account, subject)+`"}`)
		}
		given := exchange(account, "repo:example/app:ref:refs/heads/main").Want(200)
		token := text(t, given, "access_token")
		if text(t, given, "token_type") != "Bearer" || dig(t, given, "expires_in") != 3600.0 || text(t, given, "issued_token_type") == "" {
			t.Errorf("the exchange answers %s", given.Body)
		}
		cli := site.Client()
		cli.Header.Set("Authorization", "Bearer "+token)
		newCLI(t, cli, "login").system()
		if got := text(t, cli.Get("/api/users/me").Want(200), "Id"); got != f.Robot.PublicID() {
			t.Errorf("the token is of %s", got)
		}
		cli.JSON(http.MethodPost, "/api/users/login", credentials("alice", storetest.Password)).Want(403) // no session comes of a token

		refused := exchange(account, "repo:evil/app:ref:refs/heads/main")
		if refused.Status != http.StatusBadRequest || text(t, refused, "error_description") == "" {
			t.Errorf("the refusal is %d %s", refused.Status, refused.Body)
		}
		f.Clock.Advance(time.Hour)
		cli.Get("/api/users/me").Want(401)
		if logs := site.Log() + f.Log.String(); slices.ContainsFunc([]string{token}, func(s string) bool { return strings.Contains(logs, s) }) {
			t.Error("the log holds a token")
		}
	})
}
