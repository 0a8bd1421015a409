package models_test

import (
	"slices"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestPermissionSet(t *testing.T) {
	if got := models.PermissionsOf(models.Permissions...); got != models.AllPermissions {
		t.Errorf("all: got %b, want %b", got, models.AllPermissions)
	}
	if got := models.AllPermissions.Names(); !slices.Equal(got, models.Permissions) {
		t.Errorf("names: got %v, want %v", got, models.Permissions)
	}
	set := models.PermissionsOf(models.EventView, models.UserView, "Unknown")
	if got, want := set.Names(), []models.Permission{models.UserView, models.EventView}; !slices.Equal(got, want) {
		t.Errorf("names: got %v, want %v", got, want)
	}
}

func TestPermissionSetHas(t *testing.T) {
	none, view := models.PermissionSet(0), models.PermissionsOf(models.UserView)
	system := models.PermissionsOf(models.AdministerSystem)
	tests := []struct {
		name string
		set  models.PermissionSet
		p    models.Permission
		want bool
	}{
		{"held", view, models.UserView, true},
		{"not held", view, models.UserEdit, false},
		{"nothing held", none, models.UserView, false},
		{"AdministerSystem stands for all", system, models.UserEdit, true},
		{"AdministerSystem itself", system, models.AdministerSystem, true},
		{"not AdministerSystem by all others", models.AllPermissions &^ system, models.AdministerSystem, false},
		{"unknown right", models.AllPermissions, "Unknown", false},
		{"unknown right, system", system, "", false},
	}
	for _, tt := range tests {
		if got := tt.set.Has(tt.p); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPermissionSetCovers(t *testing.T) {
	view, edit := models.PermissionsOf(models.UserView), models.PermissionsOf(models.UserEdit)
	system := models.PermissionsOf(models.AdministerSystem)
	tests := []struct {
		name string
		s, t models.PermissionSet
		want bool
	}{
		{"same", view, view, true},
		{"more", view | edit, view, true},
		{"less", view, view | edit, false},
		{"other", view, edit, false},
		{"nothing", view, 0, true},
		{"nothing by nothing", 0, 0, true},
		{"something by nothing", 0, view, false},
		{"system covers all", system, models.AllPermissions, true},
		{"all others don't cover system", models.AllPermissions &^ system, system, false},
	}
	for _, tt := range tests {
		if got := tt.s.Covers(tt.t); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
