package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// doorTime is when all callers of the matrix knock.
var doorTime = storetest.Epoch.Add(2 * time.Hour)

// door is the site at which all callers of the matrix knock. Starting a site
// and making a caller takes longer than most calls, so both serve many.
type door struct {
	t       *testing.T // of all routes: what is kept outlives the one that made it
	f       *storetest.Fixture
	site    *webtest.Site
	static  string // a file that the pages name
	routes  int    // that the site has served
	clients map[string]*webtest.Client
}

func newDoor(t *testing.T, f *storetest.Fixture) *door {
	t.Helper()
	f.Clock.Set(doorTime)
	d := &door{t: t, f: f}
	d.open()
	return d
}

func (d *door) open() {
	d.t.Helper()
	d.site, d.routes, d.clients = webtest.New(d.t, d.f.Store, withProvider), 0, map[string]*webtest.Client{}
	d.static = staticFile(d.t, d.site)
}

// renew starts another site before so many wrong keys have come from the one
// network of all callers that it is told to slow down: four a route, of sixty.
func (d *door) renew() {
	if d.routes++; d.routes > 12 {
		d.open()
	}
}

// knock makes the things that the path names, and a client for the caller.
func (d *door) knock(t *testing.T, caller, pattern string) (*webtest.Client, string) {
	t.Helper()
	path := d.pathOf(t, pattern)
	client := d.clients[caller]
	if client == nil {
		client = clientFor(d.t, d.f, d.site, caller)
		d.clients[caller] = client
	}
	return client, oidcIdentityInPath(t, d.f, path)
}

// after forgets callers whom a call may have ended: all of them if it changed
// something, and the caller whose cookies the answer has changed.
func (d *door) after(caller, method string, refused bool, a webtest.Answer) {
	if !refused && method != http.MethodGet && method != http.MethodHead {
		clear(d.clients)
	}
	if len(a.Header.Values("Set-Cookie")) > 0 {
		delete(d.clients, caller)
	}
}

// pathOf makes the things that a path names.
func (d *door) pathOf(t *testing.T, pattern string) string {
	t.Helper()
	user := d.f.Alice
	if strings.HasPrefix(pattern, "/configuration/users/:user") && !strings.Contains(pattern, "apikeys") || pattern == "/api/users/:user" {
		user = userInPath(t, d.f)
	}
	if strings.Contains(pattern, ":service") {
		d.registerBilling(t)
	}
	return strings.NewReplacer(":service", "billing", ":space", "Spaces-1", ":user", user.PublicID(), ":id", d.idInPath(t, pattern), "/static/*", d.static).Replace(pattern)
}

// registerBilling registers the service in the path, unless it is there.
func (d *door) registerBilling(t *testing.T) {
	t.Helper()
	if _, known, err := d.f.Store.RegisteredService(t.Context(), "billing"); err != nil || !known {
		register(t, d.f, models.NewService{Name: "billing"})
	}
}

// idInPath makes what ":id" names: a key of Alice's, where nothing else is meant.
func (d *door) idInPath(t *testing.T, pattern string) string {
	t.Helper()
	id := restIDInPath(t, d.f, pattern)
	switch {
	case id != "":
	case strings.Contains(pattern, "sessions/:id"):
		id = sessionIDOf(d.f, d.f.Alice)
	case strings.Contains(pattern, "teams/:id"):
		id = teamInPath(t, d.f).PublicID()
	case strings.Contains(pattern, "revocations/:id"):
		id = revocationInPath(t, d.f)
		if strings.HasPrefix(pattern, "/api/") {
			id = models.DocumentRevocations + "-" + id
		}
		clear(d.clients) // it is about the keys of all
	case strings.Contains(pattern, ":id"):
		key, _ := d.f.Issue(d.f.Alice, models.NewKey{Purpose: "named in the path"})
		id = key.ID
	}
	if strings.Contains(pattern, "sign-in") {
		id = passkeyInPath(d.f, id, strings.Contains(pattern, "passkeys/:id"))
	}
	return id
}

func clientFor(t *testing.T, f *storetest.Fixture, site *webtest.Site, caller string) *webtest.Client {
	t.Helper()
	owner, isKey := strings.CutSuffix(caller, "'s key")
	users := map[string]models.User{"alice": f.Alice, "bob": f.Bob, "admin": f.Admin, "robot": f.Robot}
	if owner == "auditor" || owner == "caretaker" {
		users[owner] = memberOf(t, f, owner)
	}
	switch {
	case caller == "nobody":
		return site.Client()
	case caller == aliceLogin:
		return loginOf(t, f, site, f.Alice)
	case caller == robotToken:
		return robotClient(t, f, site)
	case caller == "wrong key":
		return site.WithKey(models.NewSecret().Reveal())
	case isKey:
		_, secret := f.Issue(users[owner], models.NewKey{})
		return site.WithKey(secret.Reveal())
	case strings.HasSuffix(caller, " key"):
		return site.WithKey(deadKey(t, f, caller))
	}
	return browserOf(f, site, users[caller])
}

// deadKey makes a key that worked once. The disabled one has an owner of its
// own, so that the others are refused for what they are.
func deadKey(t *testing.T, f *storetest.Fixture, kind string) string {
	t.Helper()
	switch kind {
	case "expired key":
		f.Clock.Advance(-2 * time.Hour)
		defer f.Clock.Advance(2 * time.Hour)
		_, secret := f.Issue(f.Bob, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(time.Hour))})
		return secret.Reveal()
	case "revoked key":
		key, secret := f.Issue(f.Bob, models.NewKey{})
		if _, err := f.Store.RevokeAPIKey(storetest.Console(), f.Bob.ID, key.ID); err != nil {
			t.Fatal(err)
		}
		return secret.Reveal()
	}
	setActive(f, f.Charlie, true)
	_, secret := f.Issue(f.Charlie, models.NewKey{})
	setActive(f, f.Charlie, false)
	t.Cleanup(func() { setActive(f, f.Charlie, true) })
	return secret.Reveal()
}

// setActive switches an account past the store.
func setActive(f *storetest.Fixture, u models.User, active bool) {
	f.Exec(fmt.Sprintf("UPDATE users SET is_active = (1 = %d) WHERE id = ?", map[bool]int{true: 1}[active]), u.ID)
}

func staticFile(t *testing.T, site *webtest.Site) string {
	t.Helper()
	href, ok := site.Client().Get("/sign-in").Find("link[rel=stylesheet]").Attr("href")
	if !ok {
		t.Fatal("the sign-in page names no stylesheet")
	}
	return href
}
