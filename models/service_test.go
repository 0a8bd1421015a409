package models_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func configurer() *models.Actor {
	return &models.Actor{Via: models.ViaSession, User: models.User{ID: 1, Permissions: models.PermissionsOf(models.ConfigureServer)}}
}

func TestServiceNames(t *testing.T) {
	for name, want := range map[string]bool{
		"billing": true, "a": true, "7": true, "billing-eu-2": true, strings.Repeat("a", 63): true,
		"": false, "keyport": false, "Billing": false, "-a": false, "a-": false, "a--b": false, "a_b": false, "a.b": false, "a b": false, "a/b": false,
		"bílling": false, "a\n": true /* trimmed */, "a\nb": false, strings.Repeat("a", 64): false,
	} {
		_, err := models.MakeService(models.NewService{Name: name}, configurer())
		if got := err == nil; got != want {
			t.Errorf("%q: got %v (%v), want %v", name, got, err, want)
		}
	}
}

func TestServiceIsChecked(t *testing.T) {
	tests := []struct {
		name  string
		wish  models.NewService
		field string
	}{
		{"description", models.NewService{Name: "a", Description: strings.Repeat("x", 201)}, "Description"},
		{"rate below zero", models.NewService{Name: "a", RatePerMinute: -1}, "RatePerMinute"},
		{"rate", models.NewService{Name: "a", RatePerMinute: 1_000_001}, "RatePerMinute"},
		{"unknown method", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("BREW /")}, "ReadOnly"},
		{"no method", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("/reports")}, "ReadOnly"},
		{"no path", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("GET")}, "ReadOnly"},
		{"relative", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("GET reports")}, "ReadOnly"},
		{"dots", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("GET /a/../b")}, "ReadOnly"},
		{"escape", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("GET /a%2fb")}, "ReadOnly"},
		{"half a star", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("GET /a*")}, "ReadOnly"},
		{"two stars inside", models.NewService{Name: "a", ReadOnly: models.ParseReadRules("GET /**/a")}, "ReadOnly"},
		{"too many", models.NewService{Name: "a", ReadOnly: models.ParseReadRules(strings.Repeat("GET /\n", 51))}, "ReadOnly"},
	}
	for _, tt := range tests {
		_, err := models.MakeService(tt.wish, configurer())
		if r := models.Refusal(err); r == nil || r.Problem(tt.field) == "" {
			t.Errorf("%s: got %v, want a problem of %s", tt.name, err, tt.field)
		}
	}
}

func TestServiceKeepsItsName(t *testing.T) {
	s := models.Service{ID: 3, Name: "billing", Version: 2}
	if _, err := models.ChangeService(s, models.ServiceChange{NewService: models.NewService{Name: "invoices"}}, configurer()); models.KindOf(err) != models.Invalid {
		t.Errorf("another name: got %v, want Invalid", err)
	}
	if _, err := models.ChangeService(s, models.ServiceChange{Version: 1}, configurer()); models.KindOf(err) != models.Conflict {
		t.Errorf("an old version: got %v, want Conflict", err)
	}
	got, err := models.ChangeService(s, models.ServiceChange{NewService: models.NewService{Description: " new ", RatePerMinute: 5}, Version: 2}, configurer())
	if err != nil || got.Name != "billing" || got.Description != "new" || got.RatePerMinute != 5 || got.Version != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, actor := range []*models.Actor{nil, {Via: models.ViaSession, User: models.User{ID: 2, Permissions: models.Views}}} {
		if _, err := models.ChangeService(s, models.ServiceChange{}, actor); err == nil {
			t.Errorf("%+v may change a service", actor)
		}
	}
}

func TestServiceID(t *testing.T) {
	for id, want := range map[string]int64{"Services-3": 3, "services-3": 3, "Services-03": 0, "Services-0": 0, "Services--3": 0, "Services-": 0, "3": 0, "Teams-3": 0, "Services-9223372036854775808": 0} {
		got, ok := models.ParseServiceID(id)
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%s: got %d, %v, want %d", id, got, ok, want)
		}
	}
}
