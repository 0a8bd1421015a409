package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// limited returns a key of a user with some access.
func limited(f *storetest.Fixture, u models.User, wish models.AccessWish) string {
	_, secret := f.Issue(u, models.NewKey{Purpose: "limited", Access: wish})
	return secret.Reveal()
}

// A read-only key changes nothing and makes no key, whatever the method is
// called on the way.
func TestReadOnlyKeysOnlyRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := site.WithKey(limited(f, f.Admin, models.AccessWish{Level: "ReadOnly"}))
		keys := "/api/users/" + f.Robot.PublicID() + "/apikeys"
		victim, _ := f.Issue(f.Robot, models.NewKey{Purpose: "victim"})
		for _, path := range []string{"/api", "/api/users/me", keys, "/api/events"} {
			admin.Get(path).Want(200)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			for _, path := range []string{keys, keys + "/" + victim.ID, "/api/users/" + f.Alice.PublicID(), "/api/apikeys/self", "/api/teams", "/api/users/login"} {
				answer := admin.JSON(method, path, `{"Purpose":"more"}`)
				if answer.Status != 403 && answer.Status != 405 {
					t.Errorf("%s %s answers %d", method, path, answer.Status)
				}
			}
		}
		refused := admin.JSON(http.MethodPost, keys, `{"Purpose":"more"}`).Want(403)
		if !strings.Contains(refused.Body, "read-only") {
			t.Errorf("the refusal does not say why: %s", refused.Body)
		}
		for _, claimed := range []string{"DELETE", "delete", "GET", "HEAD", "OPTIONS"} {
			admin.Do(http.MethodPost, keys+"/"+victim.ID, "", http.Header{"X-Http-Method-Override": {claimed}}).Want(403)
		}
		admin.Do(http.MethodGet, "/api/users/me", "", http.Header{"X-Http-Method-Override": {"DELETE"}}).Want(200)
		if key, err := f.Store.APIKey(f.As(f.Admin), f.Robot.ID, victim.ID); err != nil || key.RevokedAt != nil {
			t.Errorf("a read-only key revoked another: %v, %v", key.RevokedAt, err)
		}
	})
}

// What is limited to other services does not open Keyport's own REST API.
func TestServicesOfKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		refused := site.WithKey(limited(f, f.Alice, models.AccessWish{Services: []string{"billing"}})).Get("/api/users/me").Want(403)
		if message, _ := refused.JSON()["ErrorMessage"].(string); !strings.Contains(message, "billing") {
			t.Errorf("the refusal does not say why: %s", refused.Body)
		}
		site.WithKey(limited(f, f.Alice, models.AccessWish{Services: []string{"billing", models.OwnService}})).Get("/api/users/me").Want(200)
	})
}

// A key from a wrong network looks like no key at all, byte by byte, and only
// the log knows. No use is noted.
func TestNetworksOfKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		unknown := site.WithKey(models.NewSecret().Reveal()).Get("/api/users/me").Want(401)
		for name, wish := range map[string]models.AccessWish{"elsewhere": {Allowed: []string{"192.0.2.0/24"}}, "denied": {Denied: []string{"127.0.0.0/8"}}} {
			key, secret := f.Issue(f.Alice, models.NewKey{Purpose: name, Access: wish})
			before := len(site.Log())
			refused := site.WithKey(secret.Reveal()).Get("/api/users/me").Want(401)
			if refused.Body != unknown.Body {
				t.Errorf("%s: %s\nunknown: %s", name, refused.Body, unknown.Body)
			}
			if log := site.Log()[before:]; !strings.Contains(log, key.ID) || !strings.Contains(log, "network") || strings.Contains(log, secret.Reveal()) {
				t.Errorf("%s: the log says %s", name, log)
			}
			if err := f.Store.FlushSeen(t.Context()); err != nil {
				t.Fatal(err)
			}
			if key, _ = f.Store.APIKey(f.As(f.Alice), f.Alice.ID, key.ID); key.LastUsedAt != nil {
				t.Errorf("%s: what was refused counts as a use", name)
			}
		}
		site.WithKey(limited(f, f.Alice, models.AccessWish{Allowed: []string{"127.0.0.1", "::1"}})).Get("/api/users/me").Want(200)
	})
}

// A key that is limited makes no key that is not, by the REST API either.
func TestAccessOverREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		keys := "/api/users/me/apikeys"
		whole := site.WithKey(limited(f, f.Alice, models.AccessWish{}))
		made := whole.JSON(http.MethodPost, keys, `{"Purpose":"a","AccessLevel":"ReadOnly","Services":["keyport","billing","billing"],"AllowedNetworks":["127.0.0.0/8","10.0.0.0/8"],"DeniedNetworks":["10.9.0.7"]}`).Want(200).JSON()
		read := whole.Get(keys + "/" + made["Id"].(string)).Want(200)
		for _, want := range []string{`"AccessLevel": "ReadOnly"`, `"billing"`, `"10.0.0.0/8"`, `"10.9.0.7/32"`} {
			if !strings.Contains(read.Body, want) {
				t.Errorf("reading lacks %s: %s", want, read.Body)
			}
		}
		narrow := site.WithKey(limited(f, f.Alice, models.AccessWish{Services: []string{"keyport", "billing"}, Allowed: []string{"127.0.0.0/8", "10.0.0.0/8"}}))
		child := narrow.JSON(http.MethodPost, keys, `{"Purpose":"same"}`).Want(200).JSON()
		inherited := whole.Get(keys + "/" + child["Id"].(string)).Want(200).JSON()
		if len(inherited["Services"].([]any)) != 2 || len(inherited["AllowedNetworks"].([]any)) != 2 {
			t.Errorf("what was left out is not the maker's: %v", inherited)
		}
		for _, more := range []string{`"Services":[]`, `"Services":["stock"]`, `"AllowedNetworks":[]`, `"AllowedNetworks":["0.0.0.0/0"]`,
			`"AllowedNetworks":["10.0.0.1/8"]`, `"AccessLevel":"Custom"`, `"Services":"billing"`, `"Services":["a b"]`, `"DeniedNetworks":["x"]`} {
			narrow.JSON(http.MethodPost, keys, `{"Purpose":"more",`+more+`}`).Want(400)
		}
	})
}
