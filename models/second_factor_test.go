package models_test

import (
	"net/url"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestRelyingPartyOf(t *testing.T) {
	tests := []struct {
		address    string
		id, origin string
		ok         bool
	}{
		{"https://Keyport.example.com/portal", "keyport.example.com", "https://keyport.example.com", true},
		{"https://keyport.example.com:8443", "keyport.example.com", "https://keyport.example.com:8443", true},
		{"http://localhost:8080", "localhost", "http://localhost:8080", true},
		{"http://portal.localhost:8080", "portal.localhost", "http://portal.localhost:8080", true},
		{"http://keyport.example.com", "keyport.example.com", "http://keyport.example.com", false},
		{"https://192.0.2.1", "192.0.2.1", "https://192.0.2.1", false},
		{"http://127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1:8080", false},
		{"https://[2001:db8::1]", "2001:db8::1", "https://[2001:db8::1]", false},
	}
	for _, tt := range tests {
		t.Run(tt.address, func(t *testing.T) {
			u, err := url.Parse(tt.address)
			if err != nil {
				t.Fatal(err)
			}
			rp, ok := models.RelyingPartyOf(u)
			if want := (models.RelyingParty{ID: tt.id, Origin: tt.origin}); rp != want || ok != tt.ok {
				t.Errorf("RelyingPartyOf = %+v, %t, want %+v, %t", rp, ok, want, tt.ok)
			}
		})
	}
}

func TestMayRemoveSecondFactor(t *testing.T) {
	editor := models.PermissionsOf(models.UserView, models.UserEdit)
	actor := func(p models.PermissionSet) *models.Actor {
		return &models.Actor{Via: models.ViaSession, User: models.User{ID: 1, Permissions: p}}
	}
	tests := []struct {
		name  string
		actor *models.Actor
		of    models.PermissionSet
		want  models.Kind
	}{
		{"nobody", nil, 0, models.Unauthenticated},
		{"somebody", actor(0), 0, models.Forbidden},
		{"who may only look", actor(models.PermissionsOf(models.UserView)), 0, models.Forbidden},
		{"editor", actor(editor), 0, 0},
		{"editor, of an equal", actor(editor), editor, 0},
		{"editor, of one who may more", actor(editor), models.PermissionsOf(models.ConfigureServer), models.Forbidden},
		{"editor, of an administrator", actor(editor), models.AllPermissions, models.Forbidden},
		{"administrator", actor(models.AllPermissions), models.AllPermissions, 0},
		{"console", &models.Actor{Via: models.ViaConsole}, models.AllPermissions, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := models.MayRemoveSecondFactor(models.User{ID: 2, Permissions: tt.of}, tt.actor)
			if got := models.KindOf(err); (err == nil) != (tt.want == 0) || err != nil && got != tt.want {
				t.Errorf("error = %v, want kind %d", err, tt.want)
			}
		})
	}
}
