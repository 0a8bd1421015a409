package handlers

import (
	"embed"
	"net"
	"net/url"
	"strings"
	"text/template"

	"github.com/keyport/keyport/views"
)

// The recipes for proxies. Each takes away what the client sent under our names,
// asks, copies who called from the answer, and keeps the credential from the
// service. The tests in web/proxytest run them as the page shows them.
//
//go:embed recipes
var recipeFiles embed.FS

var recipeTemplates = template.Must(template.New("").
	Funcs(template.FuncMap{"lower": strings.ToLower, "variable": proxyVariable}).
	ParseFS(recipeFiles, "recipes/*"))

// recipe is what the page says of a proxy: its name, the version with which the
// tests run it (that of Debian 12; Traefik's is in web/e2e/traefik.mjs), and its
// files.
type recipe struct {
	title, tried string
	files        []recipeFile
}

// recipeFile is a template, and where its text belongs.
type recipeFile struct{ id, template, path string }

// recipes in the order in which the page shows them.
var recipes = []recipe{
	{"nginx", "Tested with nginx 1.22", []recipeFile{{"nginx", "nginx.conf", "/etc/nginx/conf.d/{service}.conf"}}},
	{"Caddy", "Tested with Caddy 2.6", []recipeFile{{"caddy", "Caddyfile", "/etc/caddy/Caddyfile"}}},
	{"HAProxy", "Tested with HAProxy 2.6", []recipeFile{{"haproxy", "haproxy.cfg", "/etc/haproxy/haproxy.cfg"}, {"haproxy-lua", "haproxy.lua", "/etc/haproxy/keyport.lua"}}},
	{"Apache", "Tested with Apache 2.4", []recipeFile{{"apache", "apache.conf", "/etc/apache2/sites-available/{service}.conf"}, {"apache-lua", "apache.lua", "/etc/apache2/keyport-{service}.lua"}}},
	{"Traefik", "Tested with Traefik 3.6", []recipeFile{{"traefik", "traefik.yml", "A file of the file provider"}}},
	{"Envoy", "Not run by a test", []recipeFile{{"envoy", "envoy.yaml", "/etc/envoy/envoy.yaml"}}},
}

// Names of headers that recipes treat alike. Overrides are those by which some
// frameworks take one call for another: what was judged must be what is run.
var (
	identityNames   = []string{"X-Keyport-User-Id", "X-Keyport-User", "X-Keyport-Key-Id", "X-Keyport-Is-Service", "X-Keyport-Access", "X-Keyport-Expires", "X-Keyport-Service"}
	credentialNames = []string{"X-Octopus-ApiKey", "X-Api-Key", "Authorization"}
	overrideNames   = []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"}
)

// recipeValues are what templates are filled with.
type recipeValues struct {
	Service, Host                    string
	Keyport                          keyportAddress
	Identity, Credentials, Overrides []string
}

// VerifyPath is the path of Keyport's answer about the service.
func (v recipeValues) VerifyPath() string { return v.Keyport.Path + "/verify/" + v.Service }

// VerifyURL is where Keyport answers about the service.
func (v recipeValues) VerifyURL() string { return v.Keyport.Origin() + v.VerifyPath() }

// ScriptURL is where Apache's script asks: Apache itself, which checks a
// certificate better than the script can, or Keyport, when there is none.
func (v recipeValues) ScriptURL() string {
	if v.Keyport.TLS() {
		return "http://127.0.0.1:8089" + v.VerifyPath()
	}
	return v.VerifyURL()
}

// keyportAddress is where Keyport is reached, in the parts that proxies want.
type keyportAddress struct{ Scheme, Authority, Path string }

func keyportAt(serverURL string) keyportAddress {
	u, err := url.Parse(serverURL)
	if err != nil {
		return keyportAddress{}
	}
	return keyportAddress{u.Scheme, u.Host, strings.TrimRight(u.EscapedPath(), "/")}
}

// Origin is the address without a path.
func (k keyportAddress) Origin() string { return k.Scheme + "://" + k.Authority }

// TLS reports whether Keyport has a certificate to check.
func (k keyportAddress) TLS() bool { return k.Scheme == "https" }

// Hostname is the name in the certificate.
func (k keyportAddress) Hostname() string { return (&url.URL{Host: k.Authority}).Hostname() }

// Port is the port, also where the address leaves it out.
func (k keyportAddress) Port() string {
	if port := (&url.URL{Host: k.Authority}).Port(); port != "" {
		return port
	}
	if k.TLS() {
		return "443"
	}
	return "80"
}

// HostPort is the socket.
func (k keyportAddress) HostPort() string { return net.JoinHostPort(k.Hostname(), k.Port()) }

// proxyVariable is a header's name as nginx writes it in its variables.
func proxyVariable(header string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(header, "X-")), "-", "_")
}

// proxyRecipes are the configurations for a service.
func proxyRecipes(service, serverURL string) ([]views.ProxyRecipe, error) {
	values := recipeValues{Service: service, Host: service + ".example.com", Keyport: keyportAt(serverURL),
		Identity: identityNames, Credentials: credentialNames, Overrides: overrideNames}
	var filled []views.ProxyRecipe
	for _, r := range recipes {
		proxy := views.ProxyRecipe{Title: r.title, Tried: r.tried}
		for _, f := range r.files {
			var text strings.Builder
			if err := recipeTemplates.ExecuteTemplate(&text, f.template, values); err != nil {
				return nil, err
			}
			path := strings.ReplaceAll(f.path, "{service}", service)
			proxy.Files = append(proxy.Files, views.RecipeFile{ID: f.id, Path: path, Text: strings.TrimSuffix(text.String(), "\n")})
		}
		filled = append(filled, proxy)
	}
	return filled, nil
}
