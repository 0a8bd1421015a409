//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web/oidctest"
)

func TestSignOnConfigurationRefused(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(files, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open, empty, long := write("open", "hunter2hunter2", 0o644), write("empty", " \n", 0o600), write("long", strings.Repeat("hunter2", 1000), 0o600)
	usual := environ{"KEYPORT_OIDC_ISSUER": "https://login.example.com", "KEYPORT_OIDC_CLIENT_ID": "keyport"}
	tests := []struct {
		name     string
		env      environ
		sentence string
	}{
		{"issuer without https", usual.with("KEYPORT_OIDC_ISSUER", "http://login.example.com"), "KEYPORT_OIDC_ISSUER must be an https address"},
		{"issuer without scheme", usual.with("KEYPORT_OIDC_ISSUER", "login.example.com"), "KEYPORT_OIDC_ISSUER must be an https address"},
		{"issuer, unreadable", usual.with("KEYPORT_OIDC_ISSUER", "https://login.example.com/%zz"), "KEYPORT_OIDC_ISSUER must be an https address"},
		{"issuer with other letters", usual.with("KEYPORT_OIDC_ISSUER", "https://lögin.example.com"), "KEYPORT_OIDC_ISSUER must be an https address"},
		{"issuer with a password", usual.with("KEYPORT_OIDC_ISSUER", "https://a:hunter2@login.example.com"), "KEYPORT_OIDC_ISSUER must not hold a user name"},
		{"issuer with query", usual.with("KEYPORT_OIDC_ISSUER", "https://login.example.com?a=b"), "KEYPORT_OIDC_ISSUER must not hold"},
		{"issuer with fragment", usual.with("KEYPORT_OIDC_ISSUER", "https://login.example.com#"), "KEYPORT_OIDC_ISSUER must not hold"},
		{"no client id", environ{"KEYPORT_OIDC_ISSUER": "https://login.example.com"}, "KEYPORT_OIDC_CLIENT_ID is missing"},
		{"client id alone", environ{"KEYPORT_OIDC_CLIENT_ID": "keyport"}, "KEYPORT_OIDC_CLIENT_ID is set, but KEYPORT_OIDC_ISSUER is not"},
		{"secret alone", environ{"KEYPORT_OIDC_CLIENT_SECRET": "hunter2"}, "KEYPORT_OIDC_CLIENT_SECRET is set, but KEYPORT_OIDC_ISSUER is not"},
		{"users alone", environ{"KEYPORT_OIDC_USERS": "link"}, "KEYPORT_OIDC_USERS is set, but KEYPORT_OIDC_ISSUER is not"},
		{"secret twice", usual.with("KEYPORT_OIDC_CLIENT_SECRET", "hunter2", "KEYPORT_OIDC_CLIENT_SECRET_FILE", long), "KEYPORT_OIDC_CLIENT_SECRET and KEYPORT_OIDC_CLIENT_SECRET_FILE are both set"},
		{"secret file, missing", usual.with("KEYPORT_OIDC_CLIENT_SECRET_FILE", filepath.Join(files, "none")), "which can't be read"},
		{"secret file, folder", usual.with("KEYPORT_OIDC_CLIENT_SECRET_FILE", files), "which is not a file"},
		{"secret file, readable by all", usual.with("KEYPORT_OIDC_CLIENT_SECRET_FILE", open), "can be read by other accounts. Run: chmod 600 " + open},
		{"secret file, empty", usual.with("KEYPORT_OIDC_CLIENT_SECRET_FILE", empty), "is empty, too long or can't be read"},
		{"secret file, long", usual.with("KEYPORT_OIDC_CLIENT_SECRET_FILE", long), "is empty, too long or can't be read"},
		{"name, long", usual.with("KEYPORT_OIDC_NAME", strings.Repeat("x", 41)), "KEYPORT_OIDC_NAME has 41 characters"},
		{"name with a control character", usual.with("KEYPORT_OIDC_NAME", "a\x07b"), "KEYPORT_OIDC_NAME holds an invisible control character"},
		{"scopes without openid", usual.with("KEYPORT_OIDC_SCOPES", "email profile"), "KEYPORT_OIDC_SCOPES lacks openid"},
		{"teams, no pair", usual.with("KEYPORT_OIDC_TEAMS", "platform"), `KEYPORT_OIDC_TEAMS holds "platform". Use pairs`},
		{"teams, no team", usual.with("KEYPORT_OIDC_TEAMS", "a=B; platform="), `KEYPORT_OIDC_TEAMS holds "platform="`},
		{"teams, no group", usual.with("KEYPORT_OIDC_TEAMS", "=Platform"), `KEYPORT_OIDC_TEAMS holds "=Platform"`},
		{"teams, everyone", usual.with("KEYPORT_OIDC_TEAMS", "all=Everyone"), "in which everybody is already"},
		{"claim without teams", usual.with("KEYPORT_OIDC_GROUPS_CLAIM", "roles"), "KEYPORT_OIDC_GROUPS_CLAIM is set, but KEYPORT_OIDC_TEAMS is not"},
		{"users", usual.with("KEYPORT_OIDC_USERS", "all"), `KEYPORT_OIDC_USERS is "all". Use link or create.`},
		{"local sign-in", usual.with("KEYPORT_LOCAL_SIGN_IN", "no"), `KEYPORT_LOCAL_SIGN_IN is "no". Use on or off.`},
		{"no way in", environ{"KEYPORT_LOCAL_SIGN_IN": "off"}, "KEYPORT_LOCAL_SIGN_IN is off, but there is no single sign-on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			got := keyport(t, tt.env.with("KEYPORT_LISTEN", "127.0.0.1:0", "KEYPORT_DATA_DIR", filepath.Join(folder, "data")), "")
			got.want(t, exitUsage, tt.sentence)
			if strings.Count(got.stderr, "\n") != 1 || strings.Contains(got.stderr, "hunter2") || !isEmpty(t, folder) {
				t.Errorf("want one line without secrets, and nothing created: %q", got.stderr)
			}
		})
	}
}

func TestReadSignOn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := environ{"KEYPORT_OIDC_ISSUER": "https://login.example.com/", "KEYPORT_OIDC_CLIENT_ID": "keyport"}
	c, err := readConfig(env.get)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.SignOn; s.Issuer != "https://login.example.com/" || s.Name != "single sign-on" || !slices.Equal(s.Scopes, []string{"openid", "email", "profile"}) || s.GroupsClaim != "" || s.Policy.Create || s.LocalOff || s.ClientSecret != "" {
		t.Errorf("defaults: got %+v", s)
	}
	c, err = readConfig(env.with("KEYPORT_OIDC_CLIENT_SECRET_FILE", file, "KEYPORT_OIDC_NAME", " Example Login ", "KEYPORT_OIDC_SCOPES", "openid,email groups", "KEYPORT_OIDC_USERS", "create",
		"KEYPORT_LOCAL_SIGN_IN", "off", "KEYPORT_OIDC_TEAMS", "cn=ops,ou=groups,dc=example=Platform team ;\n audit = Auditors;").get)
	if err != nil {
		t.Fatal(err)
	}
	s := c.SignOn
	if s.ClientSecret != "from the file" || s.Name != "Example Login" || !slices.Equal(s.Scopes, []string{"openid", "email", "groups"}) || s.GroupsClaim != "groups" || !s.Policy.Create || !s.LocalOff {
		t.Errorf("got %+v", s)
	}
	want := []models.GroupTeam{{Group: "cn=ops,ou=groups,dc=example", Team: "Platform team"}, {Group: "audit", Team: "Auditors"}}
	if !slices.Equal(s.Policy.Teams, want) {
		t.Errorf("teams: got %+v, want %+v", s.Policy.Teams, want)
	}
}

// The whole program against a real provider: it starts while the provider is
// away, says so when somebody wants to sign on, and lets people in later.
func TestSignOnWithTheProgram(t *testing.T) {
	eachEngine(t, func(t *testing.T, env environ) {
		provider := oidctest.Start(t)
		away := provider.Misbehave(oidctest.Faults{Instead: func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}})
		env = env.with("KEYPORT_OIDC_ISSUER", provider.Issuer, "KEYPORT_OIDC_CLIENT_ID", "keyport", "KEYPORT_OIDC_CLIENT_SECRET", "the secret of the client",
			"KEYPORT_ADMIN_USERNAME", "maya", "KEYPORT_ADMIN_PASSWORD", password, "KEYPORT_ADMIN_EMAIL", "maya@example.com", "KEYPORT_LOCAL_SIGN_IN", "off")
		p := startPortal(t, env)
		jar, _ := cookiejar.New(nil)
		browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		get := func(address string, want int) (*http.Response, string) {
			t.Helper()
			response, err := browser.Get(address)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != want {
				t.Fatalf("%s: got %d, want %d: %s", response.Request.URL.Path, response.StatusCode, want, body)
			}
			return response, string(body)
		}
		if response, body := get(p.url+"/sign-in/sso", 503); !strings.Contains(body, "can&#39;t be reached at the moment") || response.Header.Get("Retry-After") == "" {
			t.Errorf("the page does not say that the provider is away: %s", body)
		}
		away()
		provider.SetClient(oidctest.Client{ID: "keyport", Secret: "the secret of the client", Redirect: p.url + "/sign-in/sso/callback"})
		provider.SetPerson(oidctest.Person{Subject: "1", Username: "maya", Password: "x", Email: "maya@example.com"})
		signOn := func(want int) {
			t.Helper()
			response, _ := get(p.url+"/sign-in/sso", http.StatusSeeOther)
			get(provider.SignIn(t, response.Header.Get("Location"), "maya").String(), want)
		}
		time.Sleep(3 * time.Second) // a provider that gave no answer is left alone for a moment
		signOn(http.StatusSeeOther)
		get(p.url+"/configuration/settings/authentication", http.StatusOK)

		provider.SetPerson(oidctest.Person{Subject: "1", Username: "maya who left", Password: "x", Email: "maya@example.org"})
		provider.SetPerson(oidctest.Person{Subject: "2", Username: "maya", Password: "x", Email: "maya@example.com"})
		signOn(http.StatusForbidden)
		for _, said := range []string{"Unlinked maya (Users-1).\n", "maya was not linked.\n"} {
			if got := keyport(t, env, "", "user", "unlink", "--username", "Maya"); got.code != exitOK || got.stdout != said {
				t.Errorf("got %d, %q, %q; want %q", got.code, got.stdout, got.stderr, said)
			}
		}
		signOn(http.StatusSeeOther)
		keyport(t, env, "", "user", "unlink", "--username", "nobody").want(t, exitFailure, `There is no user "nobody".`)
		keyport(t, env, "", "user", "unlink").want(t, exitUsage, "needs --username NAME")
		p.stop(t)
		if log := p.stdout.String() + p.stderr.String(); strings.Contains(log, "the secret of the client") || strings.Contains(log, password) {
			t.Error("the output holds a secret")
		}
	})
}
