// Package oidctest is an OpenID provider for tests: the certified one of
// zitadel/oidc over a small storage, with a page to sign in, on a loopback
// port. It can be told to misbehave, which no real provider does on request.
package oidctest

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// Person is somebody who can sign in at the provider.
type Person struct {
	Subject    string // never changes
	Username   string
	Password   string
	Name       string
	Email      string
	Unverified bool // nobody has checked the address
	Groups     []string
}

// Client is a program that people sign in to.
type Client struct {
	ID, Secret string // without secret, the client is a public one
	Redirect   string
	InToken    bool // ID tokens say all, and not only who
}

// Provider is an OpenID provider.
type Provider struct {
	Issuer  string
	storage *storage
	op      *op.Provider
	faults  faults
}

// New makes a provider that is reached under the issuer's address.
func New(issuer string) (*Provider, error) {
	p := &Provider{Issuer: issuer, storage: newStorage(issuer)}
	var err error
	p.op, err = op.NewProvider(&op.Config{CryptoKey: [32]byte{7}, CodeMethodS256: true, AuthMethodPost: true, SupportedScopes: []string{"openid", "email", "profile"}},
		p.storage, op.StaticIssuer(issuer), op.WithAllowInsecure())
	return p, err
}

// Start runs a provider until the end of the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p, err := New("http://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = p
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// SetPerson adds a person, or replaces the one with the same subject.
func (p *Provider) SetPerson(person Person) { p.storage.setPerson(person) }

// SetClient adds a client, or replaces the one with the same id.
func (p *Provider) SetClient(c Client) { p.storage.setClient(c) }

// Codes returns all codes and access tokens that were given out, which must not
// be found in any log.
func (p *Provider) Codes() []string { return p.storage.given() }

// ServeHTTP answers as the standard says, unless it was told not to.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/login" {
		p.login(w, r)
		return
	}
	p.faults.serve(p, w, r)
}

var loginPage = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>Example Login</title><main>
<h1>Example Login</h1>{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login"><input type="hidden" name="id" value="{{.ID}}">
<label>Name <input name="username" autocomplete="username"></label>
<label>Secret <input name="password" type="password"></label>
<button name="do" value="sign-in">Log in</button><button name="do" value="cancel">Cancel</button></form></main></html>`))

// login is the page on which people say who they are.
func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	if r.Method != http.MethodPost {
		loginPage.Execute(w, map[string]string{"ID": id})
		return
	}
	request, err := p.storage.AuthRequestByID(r.Context(), id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch {
	case r.FormValue("do") == "cancel":
		answer := url.Values{"error": {"access_denied"}, "state": {request.GetState()}}
		http.Redirect(w, r, request.GetRedirectURI()+"?"+answer.Encode(), http.StatusFound)
	case p.storage.recognise(id, r.FormValue("username"), r.FormValue("password")):
		http.Redirect(w, r, fmt.Sprintf("%s/authorize/callback?id=%s", p.Issuer, url.QueryEscape(id)), http.StatusFound)
	default:
		w.WriteHeader(http.StatusUnauthorized)
		loginPage.Execute(w, map[string]string{"ID": id, "Problem": "Wrong name or secret."})
	}
}

// SignIn does what a person in a browser does who was sent to the address: it
// signs in, and returns the address that the provider leads back to.
func (p *Provider) SignIn(t testing.TB, address, username string) *url.URL {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	follow := func(response *http.Response, err error) *url.URL {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		to, err := response.Location()
		if err != nil {
			t.Fatalf("the provider answered %s with status %d and leads nowhere", response.Request.URL.Path, response.StatusCode)
		}
		return to
	}
	login := follow(browser.Get(address))
	form := url.Values{"id": {login.Query().Get("id")}, "username": {username}, "password": {p.storage.passwordOf(username)}}
	return follow(browser.Get(follow(browser.PostForm(p.Issuer+"/login", form)).String()))
}
