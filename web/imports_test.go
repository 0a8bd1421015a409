package web_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/keyport/keyport"

// floors says what each package may import of ours and, where it matters, of
// the libraries the house is built with. An import goes down, never up.
var floors = map[string]struct{ ours, libraries []string }{
	"models":                  {},
	"static":                  {},
	"models/store/migrations": {},
	"models/store":            {ours: []string{"models", "models/store/migrations"}, libraries: []string{"gorm.io", "pgx", "sqlite", "goose", "webauthn"}},
	"views":                   {ours: []string{"models", "static"}, libraries: []string{"templ", "rsc.io/qr"}},
	"handlers":                {ours: []string{"models", "models/store", "views"}, libraries: []string{"echo", "templ"}},
	"handlers/api":            {ours: []string{"models", "models/store"}, libraries: []string{"echo"}},
	"web/egress":              {},
	"web/keyauth":             {}, // applications import it, and get nothing else along
	"web/openid":              {ours: []string{"models"}, libraries: []string{"oidc", "oauth2"}},
	"web/tracing":             {libraries: []string{"opentelemetry"}},
	"web/metrics":             {ours: []string{"models", "models/store"}, libraries: []string{"prometheus"}},
	"web":                     {ours: []string{"models", "models/store", "views", "static", "handlers", "handlers/api", "web/egress", "web/metrics", "web/openid", "web/tracing"}, libraries: []string{"echo", "templ", "sessions"}},
	"web/delivery":            {ours: []string{"models", "models/store", "views", "handlers/api", "web/egress", "web/tracing"}, libraries: []string{"go-mail"}},
	"cmd/keyport":             {ours: []string{"models", "models/store", "web", "web/delivery", "web/egress", "web/metrics", "web/openid", "web/tracing"}},
}

// watched are the libraries that have a floor of their own.
var watched = []string{"webauthn", "rsc.io/qr", "go-mail", "gorm.io", "pgx", "sqlite", "goose", "echo", "templ", "sessions", "oidc", "oauth2", "prometheus", "opentelemetry"}

func TestImportsGoDown(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		floor, known := floors[name]
		if !known {
			if !testTool(name) {
				t.Errorf("package %s has no floor: add it to the table, or put its code where it belongs", name)
			}
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module+"/"); ok && !slices.Contains(floor.ours, ours) {
				t.Errorf("%s imports %s, which is not below it", name, ours)
			}
			if library := watchedIn(imported); library != "" && !slices.Contains(floor.libraries, library) {
				t.Errorf("%s imports %s, which belongs to another floor", name, imported)
			}
		}
	}
}

// TestModelsAreThePureFloor holds the rules free of everything that is not in
// the standard library, which is what makes them testable with plain values.
func TestModelsAreThePureFloor(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath != module+"/models" {
			continue
		}
		for _, imported := range p.Imports {
			if strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
				t.Errorf("models imports %s; want the standard library only", imported)
			}
		}
		return
	}
	t.Error("package models not found")
}

// testTool reports packages that only tests and builds use.
func testTool(name string) bool {
	return strings.Contains(name, "storetest") || strings.HasSuffix(name, "test") || strings.HasPrefix(name, "web/e2e") || name == "views/gallery"
}

func watchedIn(imported string) string {
	if strings.HasPrefix(imported, module) {
		return ""
	}
	for _, library := range watched {
		if strings.Contains(imported, library) {
			return library
		}
	}
	return ""
}

type listed struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	command.Dir = ".."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}
