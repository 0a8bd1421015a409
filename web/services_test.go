package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

func TestServicesByForms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		const list = "/configuration/services"
		form := url.Values{"name": {"billing"}, "description": {"Invoices"}, "rate": {"60"}, "reads": {"get,HEAD /reports/**\r\nPOST /search\r\n"}}
		at := admin.Form(list, form).Want(303).Header.Get("Location")
		page := admin.Get(at).Want(200)
		if got := words(page, "main [role=status] .notice-title"); got != "The service billing is registered" {
			t.Errorf("notice: got %q", got)
		}
		if got := words(page, "#reads"); got != "GET,HEAD /reports/** POST /search" {
			t.Errorf("rules: got %q", got)
		}
		if got := words(admin.Get(list).Want(200), "tbody [data-label]"); got != "60 a minute 2 rules" {
			t.Errorf("row: got %q", got)
		}
		change := url.Values{"version": {page.Value("version")}, "description": {"Money"}, "rate": {""}}
		admin.Form(at, change).Want(303)
		if stale := admin.Form(at, change).Want(409); !strings.Contains(words(stale, "main"), "Somebody else saved this service") {
			t.Error("whoever saves too late is not told")
		}
		id, _ := models.ParseServiceID(strings.TrimPrefix(at, list+"/"))
		if s, err := f.Store.Service(f.As(f.Admin), id); err != nil || s.Name != "billing" || s.Description != "Money" || s.RatePerMinute != 0 || len(s.ReadOnly) != 0 {
			t.Errorf("stored %+v, %v", s, err)
		}
		if got := words(admin.Get(at+"/deletion").Want(200), "h1"); got != "Remove “billing”?" {
			t.Errorf("the question: got %q", got)
		}
		if got := admin.Form(at+"/deletion", nil).Want(303).Header.Get("Location"); got != list {
			t.Errorf("removing leads to %q", got)
		}
		admin.Get(at).Want(404)
	})
}

func TestServiceFormRefuses(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
	for field, form := range map[string]url.Values{
		"name":  {"name": {"Not A Name"}, "rate": {"0"}},
		"rate":  {"name": {"billing"}, "rate": {"many"}},
		"reads": {"name": {"billing"}, "reads": {"FETCH /x"}},
	} {
		a := admin.Form("/configuration/services", form).Want(422)
		if words(a, "#"+field+"-error") == "" || a.Find("#"+field+"[aria-invalid=true]").Length() != 1 || !strings.HasPrefix(words(a, "title"), "Error:") {
			t.Errorf("%s: the error is not beside its field: %s", field, words(a, "main"))
		}
		fragment := admin.HTMX(http.MethodPost, "/configuration/services", form).Want(422)
		if strings.Contains(fragment.Body, "<html") || words(fragment, "#"+field+"-error") == "" {
			t.Errorf("%s: htmx got no fragment with the error", field)
		}
	}
	if n := f.Count("SELECT count(*) FROM services"); n != 0 {
		t.Errorf("%d services were registered", n)
	}
}

// Each recipe asks for its service, takes away what callers forge, keeps the
// credential from the service, and copies all of the identity. What the real
// programs do with them is tested in web/proxytest.
func TestServicePageHasRecipes(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	made := register(t, f, models.NewService{Name: "billing"})[0]
	for public, path := range map[string]string{"http://127.0.0.1:8080/keys": "/keys/verify/billing", "https://keyport.example.com": "/verify/billing"} {
		site := webtest.New(t, f.Store, func(o *web.Options) { o.PublicURL, _ = url.Parse(public) })
		client := browserOf(f, site, f.Admin)
		for _, c := range client.Cookies() {
			client.Header.Set("Cookie", "__Host-keyport="+c.Value) // as behind TLS
		}
		page := client.Get("/configuration/services/" + made.PublicID()).Want(200)
		for _, proxy := range []string{"nginx", "caddy", "haproxy", "apache", "traefik", "envoy"} {
			text := page.Find("pre#" + proxy + ", pre#" + proxy + "-lua").Text()
			for _, want := range append([]string{path, "x-octopus-apikey", "x-api-key", "authorization", "x-http-method-override"}, identity...) {
				if proxy == "envoy" && strings.EqualFold(want, "x-keyport-service") {
					want = "prefix: x-keyport-"
				}
				if !strings.Contains(strings.ToLower(text), strings.ToLower(want)) {
					t.Errorf("%s lacks %s", proxy, want)
				}
			}
			if strings.Contains(text, "{{") || page.Find("button[data-copy="+proxy+"]").Length() != 1 {
				t.Errorf("%s has a gap, or no button to copy it", proxy)
			}
			if checks := strings.Contains(text, "ca-certificates.crt"); checks != strings.HasPrefix(public, "https:") && proxy != "caddy" && proxy != "traefik" {
				t.Errorf("%s, Keyport at %s: checks its certificate: %v", proxy, public, checks)
			}
		}
		if n := page.Find("details .value:contains('by a test')").Length(); n != 1 {
			t.Errorf("%d recipes say that nobody ran them, want that for Envoy", n)
		}
	}
}
