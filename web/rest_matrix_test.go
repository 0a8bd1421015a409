package web_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// What routes of the REST API answer each caller, besides those in
// routes_test.go.
const (
	apiList     = "401 401 401 401 401  401 401 401  403 403 403 200  401 401 200 403"      // users, or teams, for who may see them
	apiAdd      = "401 401 401 401 401  401 401 401  403 403 403 201  401 401 403 403"      // for who may edit them
	apiSee      = "401 401 401 401 401  401 401 401  404 404 404 200  401 401 200 404"      // one of them; strangers learn nothing
	apiEdit     = "401 401 401 401 401  401 401 401  404 404 404 200  401 401 403 404"      // who may see may know that it is there
	apiAccount  = "401 401 401 401 401  401 401 401  200 404 404 200  401 401 403 404"      // the same, and the owner
	apiInvited  = "401 401 401 401 401  401 401 401  404 404 404 200  401 401 404 404"      // for who may invite
	apiLogin    = "401 401 401 401 401  401 401 401  403 403 403 403  401 401 403 403  401" // a wrong password; a key is refused
	apiRegister = "400 401 401 401 401  400 400 400  403 403 403 403  400 400 403 403  400" // a wrong code
)

func init() {
	rows := map[string]string{
		"GET /api/users":                       apiList,
		"POST /api/users":                      apiAdd,
		"GET /api/users/all":                   apiList,
		"GET /api/users/identity-metadata":     apiMe,
		"GET /api/users/external-search":       apiMe,
		"GET /api/users/:user":                 apiSee,
		"PUT /api/users/:user":                 apiEdit,
		"DELETE /api/users/:user":              apiEdit,
		"PUT /api/users/:user/revoke-sessions": apiAccount,
		"GET /api/users/:user/spaces":          apiLook,
		"GET /api/users/:user/teams":           apiLook,
		"POST /api/users/invitations":          apiAdd,
		"GET /api/users/invitations/:id":       apiInvited,
		"POST /api/users/login":                apiLogin,
		"POST /api/users/register":             apiRegister,
		"POST /api/users/logout":               apiOpen,

		"GET /api/teams":                     apiList,
		"POST /api/teams":                    apiAdd,
		"GET /api/teams/all":                 apiList,
		"GET /api/teams/:id":                 apiSee,
		"PUT /api/teams/:id":                 apiEdit,
		"DELETE /api/teams/:id":              apiEdit,
		"GET /api/teams/:id/scopeduserroles": apiSee,
		"GET /api/scopeduserroles":           apiList,
		"POST /api/scopeduserroles":          apiRefuse,
		"GET /api/scopeduserroles/:id":       apiSee,
		"PUT /api/scopeduserroles/:id":       apiRefuse,
		"DELETE /api/scopeduserroles/:id":    apiRefuse,
		"GET /api/userroles":                 apiList,
		"POST /api/userroles":                apiRefuse,
		"GET /api/userroles/all":             apiList,
		"GET /api/userroles/:id":             apiSee,
		"PUT /api/userroles/:id":             apiRefuse,
		"DELETE /api/userroles/:id":          apiRefuse,

		"GET /api/events":          apiList,
		"GET /api/events/:id":      apiList,
		"GET /api/events/archives": apiList,

		"GET /api/configuration/eventretention":          apiConfig,
		"GET /api/configuration/eventretention/values":   apiConfig,
		"PUT /api/configuration/eventretention/values":   apiConfig,
		"GET /api/configuration/eventretention/metadata": apiConfig,

		"GET /api/smtpconfiguration":              apiConfig,
		"PUT /api/smtpconfiguration":              apiConfig,
		"GET /api/smtpconfiguration/isconfigured": apiMe,

		"GET /api/events/categories":    apiMe,
		"GET /api/events/groups":        apiMe,
		"GET /api/events/agents":        apiMe,
		"GET /api/events/documenttypes": apiMe,

		"GET /api/subscriptions":        apiList,
		"POST /api/subscriptions":       apiAdd,
		"GET /api/subscriptions/all":    apiList,
		"GET /api/subscriptions/:id":    apiList, // refused before anybody looks whether it is there
		"PUT /api/subscriptions/:id":    apiConfig,
		"DELETE /api/subscriptions/:id": apiConfig,

		"GET /api/services":        apiConfig,
		"POST /api/services":       strings.Replace(apiConfig, "200", "201", 1),
		"GET /api/services/:id":    apiConfig,
		"PUT /api/services/:id":    apiConfig,
		"DELETE /api/services/:id": apiConfig,
	}
	for name, row := range rows {
		expectations[name] = row
	}
}

// bodies are what routes of the REST API need to be accepted; "unique" stands
// for a new word each time.
var bodies = map[string]string{
	"POST /api/apikeys/revocations": `{"ExpectedKeys":10000,"Reason":"unique"}`,

	"POST /api/users":             `{"Username":"unique","DisplayName":"Matrix","Password":"correct horse unique staple"}`,
	"PUT /api/users/:user":        `{"DisplayName":"unique"}`,
	"POST /api/users/invitations": `{"AddToTeamIds":[]}`,
	"POST /api/users/login":       `{"Username":"alice","Password":"not the password at all"}`,
	"POST /api/users/register":    `{"Username":"unique","DisplayName":"Matrix","Password":"correct horse unique staple","InvitationCode":"no code"}`,
	"POST /api/teams":             `{"Name":"unique","MemberUserIds":[],"ExternalSecurityGroups":[]}`,
	"PUT /api/teams/:id":          `{"Name":"unique"}`,
	"POST /api/subscriptions":     `{"Name":"unique"}`,
	"PUT /api/subscriptions/:id":  `{"Name":"unique"}`,
	"POST /api/services":          `{"Name":"matrix"}`,
	"PUT /api/services/:id":       `{"Description":"unique"}`,
}

// queries are what such routes need beside a body.
var queries = map[string]string{"POST /api/apikeys/revocations": "?status=usable"}

// bodyFor returns the body to send to a route.
func bodyFor(name string) string {
	body, ok := bodies[unspaced(name)]
	if !ok {
		return `{"Purpose":"matrix"}`
	}
	return strings.ReplaceAll(body, "unique", rand.Text())
}

// unspaced returns the route of which a route below a space is another name.
func unspaced(name string) string {
	return strings.NewReplacer("/api/spaces-1/", "/api/", "/api/spaces/:space/", "/api/").Replace(name)
}

// callersOf returns who knocks at a route. At another name of a route a few are
// enough: what they are answered comes from the same place.
func callersOf(name string) []string {
	if unspaced(name) == name {
		return callers
	}
	return []string{"nobody", "admin", "bob's key", "admin's key"}
}

// expectationOf returns what is expected of a route.
func expectationOf(name string) (string, bool) {
	if row, ok := expectations[name]; ok {
		return row, true
	}
	row, ok := expectations[unspaced(name)]
	return row, ok
}

// aliceLogin is the caller who signed in by POST /api/users/login: at the REST
// API the same as her key, everywhere else nobody.
const aliceLogin = "alice's login"

// columnOf returns whose column counts for a caller.
func columnOf(caller string, row []string, path string) int {
	i := slices.Index(callers, caller)
	switch {
	case caller == robotToken && len(row) <= i && strings.HasPrefix(path, "/api"):
		return slices.Index(callers, "robot's key")
	case caller != aliceLogin && caller != robotToken || len(row) > i:
		return i
	case strings.HasPrefix(path, "/api"):
		return slices.Index(callers, "alice's key")
	}
	return 0
}

// loginOf returns a client with a session of the REST API.
func loginOf(t *testing.T, f *storetest.Fixture, site *webtest.Site, u models.User) *webtest.Client {
	t.Helper()
	id, err := f.Store.InstallationID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	random := make([]byte, 32)
	rand.Read(random)
	cookie := base64.RawURLEncoding.EncodeToString(random)
	startSession(f, u, cookie)
	client := site.Client()
	client.SetCookie("OctopusIdentificationToken_"+id, cookie)
	client.Header.Set("X-Octopus-Csrf-Token", web.CSRFToken(cookie))
	return client
}

// restIDInPath makes what ":id" names below the REST API; "" for what this file
// knows nothing of.
func restIDInPath(t *testing.T, f *storetest.Fixture, pattern string) string {
	t.Helper()
	switch {
	case strings.HasSuffix(pattern, "/users/login"):
		f.Exec("DELETE FROM sign_in_counters") // callers share an address, and must not slow each other down
	case strings.HasSuffix(pattern, "/scopeduserroles/:id"):
		return fmt.Sprint("scopeduserroles-", f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
	case strings.HasSuffix(pattern, "/userroles/:id"):
		return fmt.Sprint("userroles-", f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
	case strings.HasSuffix(pattern, "invitations/:id"):
		made, _, err := f.Store.Invite(f.As(f.Admin), nil)
		if err != nil {
			t.Fatal(err)
		}
		return made.PublicID()
	case strings.HasSuffix(pattern, "/events/:id"):
		return fmt.Sprint("Events-", f.Count("SELECT MAX(id) FROM events"))
	case strings.Contains(pattern, "/subscriptions/:id"):
		f.Exec("DELETE FROM subscriptions WHERE name LIKE 'Matrix %'")
		made, err := f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{Name: "Matrix " + rand.Text()})
		if err != nil {
			t.Fatal(err)
		}
		return made.PublicID()
	case strings.Contains(pattern, "/services/:id"):
		f.Exec("DELETE FROM services")
		made, err := f.Store.CreateService(f.As(f.Admin), models.NewService{Name: "in-the-path"})
		if err != nil {
			t.Fatal(err)
		}
		return made.PublicID()
	}
	return ""
}
