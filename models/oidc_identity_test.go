package models_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestOIDCIdentityID(t *testing.T) {
	if got, want := (models.OIDCIdentity{ID: 7}).PublicID(), "ServiceAccountOidcIdentities-7"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for in, want := range map[string]int64{"ServiceAccountOidcIdentities-7": 7, "serviceaccountoidcidentities-12": 12, "": 0, "7": 0, "ServiceAccountOidcIdentities-": 0,
		"ServiceAccountOidcIdentities-07": 0, "ServiceAccountOidcIdentities-+7": 0, "ServiceAccountOidcIdentities-0": 0, "ServiceAccountOidcIdentities--1": 0, "Users-7": 0} {
		if got, ok := models.ParseOIDCIdentityID(in); got != want && ok || ok != (want > 0) {
			t.Errorf("%q: got %d, %v, want %d", in, got, ok, want)
		}
	}
}

func TestIsIssuer(t *testing.T) {
	for issuer, want := range map[string]bool{
		"https://token.actions.githubusercontent.com": true, "https://gitlab.example/": true, "https://a.example:8443/realms/x": true, "https://[2001:db8::1]/": true,
		"http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost:1": true, "https://127.0.0.1": true,
		"http://a.example": false, "http://10.0.0.1": false, "http://localhost.example": false, "http://127.0.0.1.example": false, "ftp://a.example": false, "https:a.example": false,
		"": false, "a.example": false, "//a.example": false, "https://": false, "https://:443": false, "https://a.example?": false, "https://a.example#": false, "https://a@a.example": false,
		" https://a.example": false, "https://a.example\n": false, "https://ä.example": false, "HTTPS://a.example": true, "https://a.example/" + strings.Repeat("a", 300): false,
	} {
		if got := models.IsIssuer(issuer); got != want {
			t.Errorf("%q: got %v, want %v", issuer, got, want)
		}
	}
}

func TestTrusts(t *testing.T) {
	const guid = "7d0f1fcd-5fb0-4a52-9fb4-8d1f6b1f0a11"
	identity := models.OIDCIdentity{Issuer: "https://i.example", Subject: "repo:a/*"}
	custom := identity
	custom.Audience = "api://keyport"
	claims := models.SubjectClaims{Issuer: "https://i.example", Subject: "repo:a/b", Audience: []string{"x", guid}}
	tests := []struct {
		name     string
		identity models.OIDCIdentity
		change   func(c *models.SubjectClaims)
		want     bool
	}{
		{"all right", identity, func(*models.SubjectClaims) {}, true},
		{"other issuer", identity, func(c *models.SubjectClaims) { c.Issuer = "https://j.example" }, false},
		{"issuer with a slash", identity, func(c *models.SubjectClaims) { c.Issuer += "/" }, false},
		{"issuer in other case", identity, func(c *models.SubjectClaims) { c.Issuer = "https://I.example" }, false},
		{"other subject", identity, func(c *models.SubjectClaims) { c.Subject = "repo:ab/b" }, false},
		{"subject in other case", identity, func(c *models.SubjectClaims) { c.Subject = "repo:A/b" }, false},
		{"other audience", identity, func(c *models.SubjectClaims) { c.Audience = []string{"x"} }, false},
		{"no audience", identity, func(c *models.SubjectClaims) { c.Audience = nil }, false},
		{"part of the audience", identity, func(c *models.SubjectClaims) { c.Audience = []string{guid[:30]} }, false},
		{"custom audience", custom, func(c *models.SubjectClaims) { c.Audience = []string{"api://keyport"} }, true},
		{"the id where a custom one is asked for", custom, func(*models.SubjectClaims) {}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := claims
			tt.change(&c)
			if got := tt.identity.Trusts(c, guid); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if identity.Trusts(models.SubjectClaims{Issuer: "https://i.example", Subject: "repo:a/b", Audience: []string{""}}, "") {
		t.Error("an empty audience counts")
	}
}

func TestReadSubjectClaims(t *testing.T) {
	token := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
	}
	tests := []struct {
		name, token string
		want        int // audiences, -1 when it can't be read
	}{
		{"one audience", token(`{"iss":"i","sub":"s","aud":"a"}`), 1},
		{"a list", token(`{"iss":"i","sub":"s","aud":["a","b"],"exp":1,"x":{"y":[1]}}`), 2},
		{"none", token(`{"iss":"i","sub":"s"}`), 0},
		{"no issuer", token(`{"sub":"s","aud":"a"}`), -1},
		{"no subject", token(`{"iss":"i","aud":"a"}`), -1},
		{"a number for the subject", token(`{"iss":"i","sub":7,"aud":"a"}`), -1},
		{"numbers for audiences", token(`{"iss":"i","sub":"s","aud":[7]}`), -1},
		{"an object for the audience", token(`{"iss":"i","sub":"s","aud":{}}`), -1},
		{"an empty list", token(`[]`), -1}, {"text", token(`"x"`), -1}, {"half", token(`{"iss":`), -1},
		{"two parts", "e30.e30", -1}, {"four parts", token(`{"iss":"i","sub":"s"}`) + ".x", -1}, {"nothing", "", -1}, {"not base64", "e30.!!!.x", -1},
		{"too long", token(`{"iss":"i","sub":"` + strings.Repeat("s", models.MaxSubjectToken) + `"}`), -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := models.ReadSubjectClaims(tt.token)
			if ok != (tt.want >= 0) || ok && (len(got.Audience) != tt.want || got.Issuer != "i" || got.Subject != "s") {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

func FuzzReadSubjectClaims(f *testing.F) {
	f.Add("e30.eyJpc3MiOiJpIiwic3ViIjoicyJ9.x")
	f.Add("...")
	f.Fuzz(func(t *testing.T, token string) {
		if c, ok := models.ReadSubjectClaims(token); ok && (c.Issuer == "" || c.Subject == "") {
			t.Errorf("%q: got %+v", token, c)
		}
	})
}

func TestMayChangeOIDCIdentities(t *testing.T) {
	person := alice
	token := &models.Actor{User: bob, Via: models.ViaToken, Token: &models.AccessToken{Expires: now.Add(day)}}
	const fine = models.Kind(-1)
	tests := []struct {
		name        string
		account     models.User
		actor       *models.Actor
		member      bool
		see, change models.Kind
	}{
		{"nobody", robot, nil, false, models.Unauthenticated, models.Unauthenticated},
		{"a stranger", robot, bySession(alice), false, models.NotFound, models.NotFound},
		{"a stranger's key", robot, byKey(alice, now.Add(day)), false, models.NotFound, models.NotFound},
		{"who sees users", robot, bySession(charlie), false, fine, models.Forbidden},
		{"who edits users", robot, bySession(bob), false, fine, fine},
		{"who edits users, by key", robot, byKey(bob, now.Add(day)), false, fine, fine},
		{"who edits users, by token", robot, token, false, fine, fine},
		{"who edits but doesn't see users", robot, bySession(models.User{ID: 9, Permissions: models.PermissionsOf(models.UserEdit)}), false, fine, fine},
		{"who edits users, of a stronger account", strong, bySession(bob), false, fine, models.Forbidden},
		{"administrator", strong, bySession(admin), false, fine, fine},
		{"the account itself", robot, byKey(robot, now.Add(day)), false, fine, models.Forbidden},
		{"the account itself, as a member of its owner team", robot, byKey(robot, now.Add(day)), true, fine, models.Forbidden},
		{"a strong account itself", models.User{ID: 8, IsService: true, Permissions: models.AllPermissions}, byKey(models.User{ID: 8, IsService: true, Permissions: models.AllPermissions}, now.Add(day)), false, fine, models.Forbidden},
		{"a member of the owner team", robot, bySession(alice), true, fine, fine},
		{"a member of the owner team, by key", robot, byKey(alice, now.Add(day)), true, fine, models.Forbidden},
		{"a member of the owner team, of a stronger account", strong, bySession(alice), true, fine, models.Forbidden},
		{"the console", strong, console, false, fine, fine},
		{"of a person, the administrator", person, bySession(admin), false, models.NotFound, models.NotFound},
		{"of a person, the person", person, bySession(alice), false, models.NotFound, models.NotFound},
	}
	kind := func(err error) models.Kind {
		if err == nil {
			return fine
		}
		return models.KindOf(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := kind(models.MaySeeOIDCIdentities(tt.account, tt.actor, tt.member)); got != tt.see {
				t.Errorf("see: got %v, want %v", got, tt.see)
			}
			if got := kind(models.MayChangeOIDCIdentities(tt.account, tt.actor, tt.member)); got != tt.change {
				t.Errorf("change: got %v, want %v", got, tt.change)
			}
		})
	}
}
