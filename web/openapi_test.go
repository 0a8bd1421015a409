package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// notREST are the routes for programs that the description leaves to others:
// assets, probes and the pages.
func isREST(path string) bool {
	return path == "/api" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/token/") || strings.HasPrefix(path, "/introspect")
}

// Every route of the REST API is described, and nothing else.
func TestDescriptionMatchesRouter(t *testing.T) {
	document, err := webtest.Contract()
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			described[method+" "+path] = true
		}
	}
	site := webtest.New(t, storetest.New(t, storetest.SQLite).Store)
	for _, r := range site.Server.Routes() {
		if !isREST(r.Path) {
			continue
		}
		name := r.Method + " " + template(r.Path)
		if !described[name] {
			t.Errorf("%s is not described", name)
		}
		delete(described, name)
	}
	for name := range described {
		t.Errorf("%s is described, and is not there", name)
	}
}

func template(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// What is served is the description that the tests use.
func TestDescriptionIsServed(t *testing.T) {
	site := webtest.New(t, storetest.New(t, storetest.SQLite).Store)
	answer := site.Client().Get("/api/openapi.json").Want(200)
	if text(t, answer, "openapi") != "3.1.0" || text(t, answer, "servers.0.url") != site.URL {
		t.Errorf("got %.300s", answer.Body)
	}
	for _, path := range []string{"/api/apikeys", "/api/apikeys/self"} {
		if dig(t, answer, "paths").(map[string]any)[path].(map[string]any)["get"].(map[string]any)["x-keyport-extension"] != true {
			t.Errorf("%s is not marked as ours", path)
		}
	}
}

// Each answer that is kept as an example is one that the description allows.
func TestGoldensAreAsDescribed(t *testing.T) {
	document, err := webtest.Contract()
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"root": "/api", "user": "/api/users/users-1", "users": "/api/users", "apikey": "/api/users/users-1/apikeys/apikeys-1", "apikeys": "/api/users/users-1/apikeys",
		"apikeys-v1": "/api/users/users-1/apikeys/v1", "team": "/api/teams/teams-1", "event": "/api/events/events-1", "events": "/api/events", "subscription": "/api/subscriptions/subscriptions-1",
		"subscriptions": "/api/subscriptions", "smtpconfiguration": "/api/smtpconfiguration", "configuration-values": "/api/configuration/authentication/values", "retention-values": "/api/configuration/eventretention/values", "oidc-identities": "/api/serviceaccounts/users-1/oidcidentities/v1",
		"authentication": "/api/authentication", "space": "/api/spaces/spaces-1", "user-permissions": "/api/users/users-1/permissions", "jwks": "/.well-known/jwks", "openid-configuration": "/.well-known/openid-configuration",
	} {
		golden, err := os.ReadFile(filepath.Join("testdata", name+".golden.json"))
		if err != nil {
			t.Fatal(err)
		}
		if problem := webtest.Violation(document, http.MethodGet, path, 200, "application/json", golden); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
	changed := `{"Id":"Users-1","Surprise":true}`
	if webtest.Violation(document, http.MethodGet, "/api/users/me", 200, "application/json", []byte(changed)) == "" {
		t.Error("an answer with a member that is not described passes")
	}
	if webtest.Violation(document, http.MethodDelete, "/api/users/users-1", 204, "", nil) == "" {
		t.Error("a status that is not described passes")
	}
}
