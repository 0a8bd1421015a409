package web_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// callers are all kinds of who may knock, in the order of the columns below.
// Alice owns what the paths name.
var callers = []string{
	"nobody", "wrong key", "expired key", "revoked key", "disabled key", // nobody, as far as the server knows
	"alice", "bob", "admin", // browsers
	"alice's key", "bob's key", "robot's key", "admin's key",

	// Who looks at everything, and a member of the team that owns the robot. Rows
	// that name no column for them expect the same as for bob.
	"auditor", "caretaker", "auditor's key", "caretaker's key",

	aliceLogin,
	robotToken,
}

// expected returns what a row expects of the i-th caller.
func expected(row []string, i int) string {
	const everybody = 12 // the columns before the auditor's
	switch {
	case len(row) == 1:
		return row[0]
	case i < len(row):
		return row[i]
	case strings.HasSuffix(callers[i], "'s key"):
		return row[slices.Index(callers, "bob's key")]
	case i >= everybody:
		return row[slices.Index(callers, "bob")]
	}
	return "a column that is missing"
}

// What routes of a kind answer each caller. A row with one number is for all.
const (
	open = "200"
	// Only keys count for services, neither sessions nor tokens.
	verification = "401 401 401 401 401  401 401 401  200 200 200 200  401 401 200 200  401 401"
	toSignIn     = "303 303 303 303 303  303 303 303  303 303 303 303" // no session: to sign in; with one: on to somewhere
	personPage   = "303 303 303 303 303  200 200 200  303 303 303 303" // pages know only sessions
	ownerPage    = "303 303 303 303 303  200 404 404  303 303 303 303"
	ownerPost    = "303 303 303 303 303  303 404 404  303 303 303 303"
	adminPage    = "303 303 303 303 303  403 403 200  303 303 303 303"
	adminPost    = "303 303 303 303 303  403 403 303  303 303 303 303"
	adminTo      = "303 303 303 303 303  403 403 303  303 303 303 303"
	nowhere      = "303 303 303 303 303  404 404 404  303 303 303 303"                           // nothing there for people either
	setupPage    = "404"                                                                         // there are people already
	apiOpen      = "200 401 401 401 401  200 200 200  200 200 200 200"                           // a broken key is refused even where none is needed
	apiMe        = "401 401 401 401 401  401 401 401  200 200 200 200"                           // the REST API knows no session
	apiRefuse    = "401 401 401 401 401  401 401 401  400 400 400 400"                           // what Keyport does not have
	apiSelf      = "401 401 401 401 401  401 401 401  200 200 200 200  401 401 200 200  403 403" // the key of the call; a login and a token have none
	apiConfig    = "401 401 401 401 401  401 401 401  403 403 403 200"
	apiOwner     = "401 401 401 401 401  401 401 401  200 404 404 200" // administrators may look
	apiLook      = apiOwner + "  401 401 200 404"                      // and so may auditors
	teamLook     = adminPage + "  200 403 303 303"
	teamEdit     = adminPage
	teamPost     = adminPost
	// Nobody makes a key for another person; the owner may do so here too.
	personKeyMake   = "303 303 303 303 303  200 404 403  303 303 303 303  404 404 303 303"
	personKeyStored = "303 303 303 303 303  303 404 303  303 303 303 303  303 404 303 303"
	apiMake         = "401 401 401 401 401  401 401 401  200 404 404 403" // but not make keys for a person
)

// expectations holds every route of the router. A route that is not here fails
// the test, so that nobody adds one without saying who may use it.
var expectations = map[string]string{
	"GET /healthz":     open,
	"GET /readyz":      open,
	"GET /static/*":    open,
	"GET /favicon.ico": toSignIn,

	"GET /verify":           verification,
	"HEAD /verify":          verification,
	"GET /verify/:service":  verification,
	"HEAD /verify/:service": verification,

	// A service asks by a key of its own account, and nobody else may.
	"POST /introspect":       "401 401 401 401 401  401 401 401  403 403 200 403",
	"POST /introspect/batch": "401 401 401 401 401  401 401 401  403 403 400 403", // a form, and it wants JSON

	"GET /setup":                setupPage,
	"POST /setup":               setupPage,
	"GET /sign-in":              "200 200 200 200 200  303 303 303  200 200 200 200",
	"POST /sign-in":             "422",
	"GET /sign-in/sso":          "303", // on to the provider
	"GET /sign-in/sso/callback": "403", // nobody began that
	"POST /sign-out":            toSignIn,

	// Passkeys are bound to a host name, and the server under test has none.
	"POST /sign-in/passkey":                                 "404",
	"POST /sign-in/passkey/options":                         "404",
	"GET /sign-in/second-step":                              "303", // nobody has taken the first step
	"POST /sign-in/second-step":                             "303",
	"POST /sign-in/second-step/passkey-options":             "404",
	"GET /account/sign-in":                                  personPage,
	"GET /account/sign-in/app":                              toSignIn,
	"POST /account/sign-in/app":                             toSignIn,
	"POST /account/sign-in/app/confirmation":                toSignIn,
	"POST /account/sign-in/app/removal":                     toSignIn,
	"POST /account/sign-in/passkeys":                        toSignIn,
	"POST /account/sign-in/passkeys/options":                nowhere,
	"POST /account/sign-in/passkeys/request":                nowhere,
	"POST /account/sign-in/passkeys/:id/removal":            ownerPost,
	"POST /account/sign-in/recovery-codes":                  toSignIn,
	"POST /account/sign-in/devices/removal":                 toSignIn,
	"POST /configuration/users/:user/second-factor/removal": adminPost,

	// No link is at hand, and no mail is set up: see password_links_test.go.
	"GET /invitation":                               "404",
	"POST /invitation":                              "404",
	"GET /reset-password":                           "404",
	"POST /reset-password":                          "404",
	"GET /forgot-password":                          "404",
	"POST /forgot-password":                         "404",
	"GET /forgot-password/sent":                     "404",
	"GET /configuration/users/:user/password-link":  adminTo,
	"POST /configuration/users/:user/password-link": adminPage,

	"GET /unsubscribe":  "404", // no token
	"POST /unsubscribe": "404",

	"GET /":                                toSignIn,
	"GET /account":                         toSignIn,
	"GET /account/profile":                 personPage,
	"GET /account/time-zone":               toSignIn,
	"POST /account/time-zone":              toSignIn,
	"GET /account/key-mail":                toSignIn,
	"POST /account/key-mail":               toSignIn,
	"GET /account/password":                personPage,
	"POST /account/password":               "303 303 303 303 303  422 422 422  303 303 303 303",
	"GET /account/sessions":                personPage,
	"GET /account/rest-api":                personPage,
	"GET /account/calendar":                personPage,
	"POST /account/calendar":               personPage,
	"GET /account/calendar/off":            toSignIn,
	"POST /account/calendar/off":           "303 303 303 303 303  409 409 409  303 303 303 303", // the route before has made another one
	"GET /calendar/:token":                 "404",                                               // there is none of that name
	"HEAD /calendar/:token":                "404",
	"POST /account/sessions/end-others":    toSignIn,
	"POST /account/sessions/:id/end":       ownerPost,
	"GET /account/apikeys":                 personPage,
	"POST /account/apikeys":                personPage,
	"GET /account/apikeys/new":             personPage,
	"GET /account/apikeys/stored":          toSignIn,
	"POST /account/apikeys/stored":         toSignIn,
	"GET /account/apikeys/:id":             ownerPage,
	"GET /account/apikeys/:id/revocation":  ownerPage,
	"POST /account/apikeys/:id/revocation": ownerPost,
	"GET /account/apikeys/:id/rotation":    ownerPage,
	"POST /account/apikeys/:id/rotation":   ownerPage,
	"GET /account/apikeys/:id/receipt":     "303 303 303 303 303  404 404 404  303 303 303 303", // the key was not revoked
	"GET /configuration":                   adminTo + "  303 403 303 303",
	"GET /account/service-accounts":        personPage,

	"GET /configuration/users":                               adminPage + "  200 403 303 303",
	"POST /configuration/users":                              adminPost,
	"GET /configuration/users/new":                           adminPage,
	"GET /configuration/users/:user":                         adminPage + "  200 403 303 303",
	"POST /configuration/users/:user":                        adminPost,
	"GET /configuration/users/:user/deactivation":            adminPage,
	"POST /configuration/users/:user/deactivation":           adminPost,
	"POST /configuration/users/:user/activation":             adminPost,
	"GET /configuration/users/:user/receipt":                 "303 303 303 303 303  403 403 404  303 303 303 303  404 403 303 303", // the user is active
	"GET /configuration/users/:user/deletion":                adminPage,
	"POST /configuration/users/:user/deletion":               adminPost,
	"GET /configuration/users/:user/apikeys":                 "303 303 303 303 303  200 404 200  303 303 303 303  200 404 303 303",
	"POST /configuration/users/:user/apikeys":                personKeyMake,
	"GET /configuration/users/:user/apikeys/new":             personKeyMake,
	"GET /configuration/users/:user/apikeys/stored":          personKeyStored,
	"POST /configuration/users/:user/apikeys/stored":         personKeyStored,
	"GET /configuration/users/:user/apikeys/:id":             "303 303 303 303 303  200 404 200  303 303 303 303  200 404 303 303",
	"GET /configuration/users/:user/apikeys/:id/revocation":  "303 303 303 303 303  200 404 200  303 303 303 303  403 404 303 303",
	"POST /configuration/users/:user/apikeys/:id/revocation": "303 303 303 303 303  303 404 303  303 303 303 303  404 404 303 303",
	"GET /configuration/users/:user/apikeys/:id/rotation":    personKeyMake,
	"POST /configuration/users/:user/apikeys/:id/rotation":   personKeyMake,

	"GET /configuration/users/:user/apikeys/:id/receipt": "303 303 303 303 303  404 404 404  303 303 303 303  404 404 303 303",

	"GET /configuration/apikeys":                         adminPage + "  200 403 303 303",
	"GET /configuration/apikeys/weeks":                   adminPage + "  200 403 303 303",
	"GET /configuration/apikeys/export":                  adminPage + "  200 403 303 303",
	"GET /configuration/apikeys/revocations/:id":         adminPage + "  200 403 303 303",
	"GET /configuration/apikeys/revocation":              adminPage,
	"GET /configuration/apikeys/revocations/:id/receipt": "303 303 303 303 303  403 403 404  303 303 303 303  404 403 303 303", // it is not over
	"POST /configuration/apikeys/revocations":            adminPost,
	"GET /configuration/apikeys/:id/revocation":          adminPage,
	"POST /configuration/apikeys/:id/revocation":         adminPost,

	"GET /configuration/audit":                  adminPage + "  200 403 303 303",
	"GET /configuration/audit/export":           adminPage + "  200 403 303 303",
	"GET /configuration/services":               adminPage,
	"POST /configuration/services":              adminPost,
	"GET /configuration/services/new":           adminPage,
	"GET /configuration/services/:id":           adminPage,
	"POST /configuration/services/:id":          adminPost,
	"GET /configuration/services/:id/deletion":  adminPage,
	"POST /configuration/services/:id/deletion": adminPost,

	"GET /configuration/settings/smtp":       adminPage,
	"POST /configuration/settings/smtp":      adminPost,
	"POST /configuration/settings/smtp/test": "303 303 303 303 303  403 403 422  303 303 303 303", // nothing is sent here

	"GET /configuration/settings/audit":    adminPage,
	"POST /configuration/settings/audit":   adminPost,
	"GET /configuration/tasks":             adminPage,
	"POST /configuration/tasks/expiry/run": adminPost,

	"GET /configuration/subscriptions":                                  teamLook,
	"POST /configuration/subscriptions":                                 "303 303 303 303 303  403 403 422  303 303 303 303", // without a name
	"GET /configuration/subscriptions/new":                              teamEdit,
	"GET /configuration/subscriptions/:id":                              teamLook,
	"POST /configuration/subscriptions/:id":                             "303 303 303 303 303  403 403 422  303 303 303 303",
	"POST /configuration/subscriptions/:id/switch":                      teamPost,
	"POST /configuration/subscriptions/:id/test":                        teamPost,
	"POST /configuration/subscriptions/:id/replay":                      teamPost,
	"POST /configuration/subscriptions/:id/deliveries/:delivery/replay": "303 303 303 303 303  403 403 404  303 303 303 303",
	"POST /configuration/subscriptions/:id/secret":                      teamPost,
	"GET /configuration/subscriptions/:id/deletion":                     teamEdit,
	"POST /configuration/subscriptions/:id/deletion":                    teamPost,

	"GET /configuration/teams":                            teamLook,
	"GET /configuration/teams/:id":                        teamLook,
	"GET /configuration/teams/new":                        teamEdit,
	"POST /configuration/teams":                           teamPost,
	"POST /configuration/teams/:id":                       teamPost,
	"GET /configuration/teams/:id/deletion":               teamEdit,
	"POST /configuration/teams/:id/deletion":              teamPost,
	"POST /configuration/teams/:id/members":               teamPost,
	"POST /configuration/teams/:id/members/:user/removal": teamPost,

	"GET /configuration/settings":                        adminTo,
	"GET /configuration/settings/authentication":         adminPage,
	"POST /configuration/settings/authentication":        adminPost,
	"GET /configuration/settings/authentication/impact":  adminPage,
	"GET /configuration/settings/authentication/receipt": adminPage,

	"GET /api":                                       apiOpen,
	"GET /api/":                                      apiOpen,
	"GET /app":                                       toSignIn,
	"GET /api/authentication":                        apiOpen,
	"GET /api/openapi.json":                          apiOpen,
	"GET /api/spaces":                                apiMe,
	"POST /api/spaces":                               apiRefuse,
	"GET /api/spaces/all":                            apiMe,
	"GET /api/spaces/:space":                         apiMe,
	"PUT /api/spaces/:space":                         apiRefuse,
	"DELETE /api/spaces/:space":                      apiRefuse,
	"GET /api/spaces-1":                              apiMe,
	"GET /api/serverstatus":                          apiMe,
	"GET /api/serverstatus/timezones":                apiMe,
	"GET /api/permissions/all":                       apiMe,
	"GET /api/configuration/feature-toggles":         apiMe,
	"GET /api/configuration/enabled-feature-toggles": apiMe,
	"GET /api/configuration":                         apiConfig,
	"GET /api/configuration/authentication":          apiConfig,
	"GET /api/configuration/authentication/values":   apiConfig,
	"PUT /api/configuration/authentication/values":   apiConfig,
	"GET /api/configuration/authentication/metadata": apiConfig,
	"GET /api/configuration/authentication/receipt":  apiConfig,
	"GET /api/users/:user/deactivation":              "401 401 401 401 401  401 401 401  403 403 403 404  401 401 404 403", // the user is active
	"GET /api/apikeys/revocations/:id/receipt":       "401 401 401 401 401  401 401 401  403 403 403 404  401 401 404 403", // it is not over
	"POST /api/apikeys/revocations":                  strings.Replace(apiAdd, "201", "202", 1),
	"GET /api/apikeys/revocations/:id":               apiList,
	"GET /api/apikeys/revocations/:id/keys":          apiList,
	"GET /api/users/authentication":                  apiMe,
	"GET /api/users/authentication/:user":            apiMe,
	"GET /api/users/:user/permissions":               apiLook,
	"GET /api/users/:user/permissions/configuration": apiLook,
	"GET /api/users/:user/permissions/export":        apiLook,
	"GET /api/apikeys":                               apiList,
	"GET /api/apikeys/self":                          apiSelf,
	"DELETE /api/apikeys/self":                       apiSelf,
	"GET /api/users/:user/apikeys/v1":                apiLook,
	"GET /api/users/me":                              apiMe,
	"GET /api/users/:user/apikeys":                   apiLook,
	"POST /api/users/:user/apikeys":                  apiMake,
	"GET /api/users/:user/apikeys/:id":               apiLook,
	"DELETE /api/users/:user/apikeys/:id":            apiOwner,
	"GET /api/users/:user/apikeys/:id/revocation":    "401 401 401 401 401  401 401 401  404 404 404 404  401 401 404 404", // the key was not revoked
	"GET /api/replicas":                              apiConfig,
	"POST /api/users/:user/apikeys/:id/rotate":       apiMake,
	"POST /api/apikeys/self/rotate":                  apiSelf,
}

// matrixSelection chooses all keys, as of when the clock of the door stands still.
var matrixSelection = models.KeySelection{At: doorTime}.String()

// inputs are what a route needs to be accepted.
var inputs = map[string]url.Values{
	"POST /introspect": {"token": {"no key"}},

	"POST /account/apikeys/:id/rotation":                   {"overlap": {"1"}, "expiry": {"30"}, "zone": {"UTC"}},
	"POST /configuration/users/:user/apikeys/:id/rotation": {"overlap": {"1"}, "expiry": {"30"}, "zone": {"UTC"}},

	"POST /account/time-zone":                           {"zone": {"Europe/Stockholm"}},
	"POST /account/key-mail":                            {"mail": {"off"}},
	"POST /account/password":                            {"current": {"not it"}, "password": {"another long passphrase"}, "again": {"another long passphrase"}},
	"POST /account/apikeys":                             {"purpose": {"matrix"}, "expiry": {"30"}, "zone": {"UTC"}},
	"POST /configuration/users":                         {"username": {"made by the matrix"}},
	"POST /configuration/users/:user":                   {"version": {"1"}, "username": {"renamed by the matrix"}},
	"POST /configuration/users/:user/apikeys":           {"purpose": {"matrix"}, "expiry": {"30"}, "zone": {"UTC"}},
	"POST /configuration/apikeys/revocations":           {"selection": {matrixSelection}, "shown": {"10000"}, "reason": {"matrix"}},
	"POST /configuration/services":                      {"name": {"by-the-matrix"}},
	"POST /configuration/services/:id":                  {"version": {"1"}},
	"POST /configuration/teams":                         {"name": {"matrix"}, "preset": {"auditor"}},
	"POST /configuration/teams/:id":                     {"version": {"1"}, "name": {"Renamed by the matrix"}, "preset": {"none"}},
	"POST /configuration/teams/:id/members":             {"username": {"alice"}},
	"POST /sign-in":                                     {"username": {"alice"}, "password": {"not the password at all"}},
	"POST /configuration/settings/authentication":       {"version": {"1"}, "default": {"180"}, "maximum": {"366"}, "user-keys": {"on"}},
	"GET /configuration/settings/authentication/impact": {"maximum": {"30"}},
	"POST /configuration/settings/smtp":                 {"version": {"1"}},
	"POST /configuration/settings/audit":                {"version": {"1"}, "days": {"90"}},
}

func TestRoutesAgainstCallers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		d := newDoor(t, f)
		seen := map[string]bool{}
		routes := d.site.Server.Routes()
		slices.SortFunc(routes, func(a, b web.Route) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
		})
		for _, r := range routes {
			name := r.Method + " " + r.Path
			seen[name] = true
			want, ok := expectationOf(name)
			if !ok {
				t.Errorf("route %s has no expectation: say who may use it", name)
				continue
			}
			t.Run(name, func(t *testing.T) { checkRoute(t, d, r, strings.Fields(want)) })
		}
		for name := range expectations {
			if !seen[name] {
				t.Errorf("expectation %s is about a route that is not there", name)
			}
		}
	})
}

func checkRoute(t *testing.T, d *door, r web.Route, want []string) {
	name := r.Method + " " + r.Path
	d.renew()
	for _, caller := range callersOf(name) {
		client, path := d.knock(t, caller, r.Path)
		before, logged := census(d.f), d.site.LogSize()
		a := callRoute(client, r, path)
		if got, want := fmt.Sprint(a.Status), expected(want, columnOf(caller, want, r.Path)); got != want {
			t.Errorf("%s as %s: got %s, want %s: %.300s", name, caller, got, want, a.Body)
		}
		refused := a.Status >= 400 || a.Status == 303 && strings.HasPrefix(a.Header.Get("Location"), "/sign-in?return")
		if refused && census(d.f) != before {
			t.Errorf("%s as %s was refused, yet something was written", name, caller)
		}
		if log := d.site.LogFrom(logged); a.Status >= 500 || strings.Contains(log, `"panic"`) {
			t.Errorf("%s as %s broke: %s", name, caller, log)
		}
		d.after(caller, r.Method, refused, a)
	}
}

// callRoute calls a route with what it needs to be accepted.
func callRoute(client *webtest.Client, r web.Route, path string) webtest.Answer {
	name := r.Method + " " + r.Path
	switch {
	case strings.HasPrefix(r.Path, "/api") && (r.Method == http.MethodPost || r.Method == http.MethodPut):
		return client.JSON(r.Method, path+queries[name], bodyFor(name))
	case r.Method == http.MethodPost:
		return client.Form(path, inputs[name])
	}
	return client.Do(r.Method, path+"?"+inputs[name].Encode(), "", nil)
}

// census is one number made of the counts that a refused call must not change.
func census(f *storetest.Fixture) int {
	return f.Count(`SELECT (SELECT count(*) FROM api_keys)
		+ 17 * (SELECT count(*) + CAST(sum(version + permissions) AS BIGINT) FROM teams)
		+ 37 * (SELECT count(*) FROM team_members)
		+ 43 * (SELECT (SELECT count(*) FROM revocations) + (SELECT count(*) FROM revocation_keys))
		+ 97 * (SELECT count(*) FROM invitations)
		+ 113 * (SELECT count(*) + CAST(COALESCE(sum(version), 0) AS BIGINT) FROM services)
		+ 131 * (SELECT count(*) + CAST(COALESCE(sum(version), 0) AS BIGINT) FROM oidc_identities)
		+ 53 * (SELECT CAST(sum(version) AS BIGINT) + count(CASE WHEN is_active THEN 1 END) FROM users)
		+ 1000 * (SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL)
		+ 71 * (SELECT (SELECT count(*) FROM passkeys) + (SELECT count(*) FROM totp_secrets))
		+ 1000000 * (SELECT count(*) FROM users)
		+ 100000000 * (SELECT version FROM auth_settings)
		+ 10000000000 * (SELECT count(*) FROM sessions)
		+ 100000000000000 * (SELECT count(*) FROM one_time_links)`)
}

// passkeyInPath gives Alice a passkey, if the path names one, and returns its
// number. What callers before have left is removed: they share an address and
// people, and must not slow each other down.
func passkeyInPath(f *storetest.Fixture, id string, named bool) string {
	for _, table := range []string{"sign_in_counters", "passkeys", "totp_secrets"} {
		f.Exec("DELETE FROM " + table)
	}
	if !named {
		return id
	}
	f.Exec("INSERT INTO passkeys (user_id, credential_id, user_handle, record, name, created_at) VALUES (?, ?, ?, '{}', 'in the path', ?)",
		f.Alice.ID, []byte(models.NewToken()), []byte("handle"), f.Store.Now())
	return fmt.Sprint(f.Count("SELECT max(id) FROM passkeys"))
}
