package models_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

// almost may do all but administer the system.
var almost = models.User{ID: 7, Username: "almost", IsActive: true, Permissions: models.AllPermissions &^ models.PermissionsOf(models.AdministerSystem)}

func TestMayChangeAndStopUsers(t *testing.T) {
	const granted = models.Kind(-1)
	editor := bob // may see and edit users
	onlyEdits := models.User{ID: 8, Permissions: models.PermissionsOf(models.UserEdit)}
	service := models.User{ID: 9, IsService: true, IsActive: true, Permissions: models.AllPermissions}
	tests := []struct {
		name         string
		actor        *models.Actor
		user         models.User
		change, stop models.Kind
	}{
		{"nobody", nil, alice, models.Unauthenticated, models.Unauthenticated},
		{"person, another", bySession(alice), robot, models.NotFound, models.NotFound},
		{"person, himself", bySession(alice), alice, models.NotFound, models.NotFound},
		{"who only sees users", bySession(charlie), alice, models.Forbidden, models.Forbidden},
		{"who only sees users, himself", bySession(charlie), charlie, models.Forbidden, models.Forbidden},
		{"editor, person", bySession(editor), alice, granted, granted},
		{"editor, inactive person", bySession(editor), inactive(alice), granted, granted},
		{"editor, service account", bySession(editor), robot, granted, granted},
		{"editor by key", byKey(editor, now.Add(day)), alice, granted, granted},
		{"editor, same rights", bySession(editor), models.User{ID: 10, Permissions: editor.Permissions}, granted, granted},
		{"editor, himself", bySession(editor), editor, granted, models.Forbidden},
		{"editor by key, himself", byKey(editor, now.Add(day)), editor, granted, models.Forbidden},
		{"editor, service account with other rights", bySession(editor), strong, models.Forbidden, models.Forbidden},
		{"editor, administrator", bySession(editor), admin, models.Forbidden, models.Forbidden},
		{"editor, inactive administrator", bySession(editor), inactive(admin), models.Forbidden, models.Forbidden},
		{"editor without view, person", bySession(onlyEdits), alice, granted, granted},
		{"editor without view, who sees", bySession(onlyEdits), charlie, models.Forbidden, models.Forbidden},
		{"all rights but one, administrator", bySession(almost), admin, models.Forbidden, models.Forbidden},
		{"all rights but one, all the others", bySession(almost), strong, granted, granted},
		{"administrator, administrator", bySession(admin), models.User{ID: 11, Permissions: models.AllPermissions}, granted, granted},
		{"administrator, himself", bySession(admin), admin, granted, models.Forbidden},
		{"service account, itself", byKey(service, now.Add(day)), service, granted, models.Forbidden},
		{"console, administrator", console, admin, granted, granted},
		{"console, user without id", console, models.User{}, granted, granted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for what, got := range map[string]struct {
				err  error
				want models.Kind
			}{"change": {models.MayChangeUser(tt.user, tt.actor), tt.change}, "stop": {models.MayStopUser(tt.user, tt.actor), tt.stop}} {
				if got.want == granted && got.err != nil || got.want != granted && models.KindOf(got.err) != got.want {
					t.Errorf("%s: got %v, want kind %d", what, got.err, got.want)
				}
			}
		})
	}
}

func TestChangeUser(t *testing.T) {
	team := int64(3)
	person := models.User{ID: 1, Username: "maya", UsernameFold: "maya", DisplayName: "Maya", Email: "maya@example.com", IsActive: true, Version: 4}
	account := models.User{ID: 2, Username: "robot", DisplayName: "robot", IsService: true, IsActive: true, Version: 4}
	wish := func(change func(*models.UserChange)) models.UserChange {
		w := models.UserChange{Username: "Vera", DisplayName: "Vera Ünal", Email: "vera@example.com", Version: 4}
		change(&w)
		return w
	}
	tests := []struct {
		name  string
		user  models.User
		wish  models.UserChange
		field string // "" when all is well
	}{
		{"usual", person, wish(func(*models.UserChange) {}), ""},
		{"blanks around", person, wish(func(w *models.UserChange) { w.Username, w.Email = " Vera ", " vera@example.com " }), ""},
		{"service account with a team", account, wish(func(w *models.UserChange) { w.OwnerTeamID = &team }), ""},
		{"person with a team", person, wish(func(w *models.UserChange) { w.OwnerTeamID = &team }), "OwnerTeam"},
		{"no name", person, wish(func(w *models.UserChange) { w.Username = "\u00a0" }), "Username"},
		{"64 characters", person, wish(func(w *models.UserChange) {
			w.Username, w.DisplayName = strings.Repeat("m", 64), strings.Repeat("é", 64)
		}), ""},
		{"65 characters", person, wish(func(w *models.UserChange) { w.Username = strings.Repeat("m", 65) }), "Username"},
		{"reserved", person, wish(func(w *models.UserChange) { w.Username = "Me" }), "Username"},
		{"somebody's id", person, wish(func(w *models.UserChange) { w.Username = "users-7" }), "Username"},
		{"look-alike", person, wish(func(w *models.UserChange) { w.Username = "mаya" }), "Username"},
		{"long display name", person, wish(func(w *models.UserChange) { w.DisplayName = strings.Repeat("é", 65) }), "DisplayName"},
		{"longest address", person, wish(func(w *models.UserChange) { w.Email = strings.Repeat("m", 244) + "@example.com" }), ""},
		{"long address", person, wish(func(w *models.UserChange) { w.Email = strings.Repeat("m", 245) + "@example.com" }), "EmailAddress"},
		{"no address at all", person, wish(func(w *models.UserChange) { w.Email = "" }), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := models.ChangeUser(tt.user, tt.wish, bySession(bob))
			if tt.field != "" {
				if models.KindOf(err) != models.Invalid || models.Refusal(err).Problem(tt.field) == "" {
					t.Errorf("got %v, want a problem with %s", err, tt.field)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.ID != tt.user.ID || got.IsService != tt.user.IsService || got.IsActive != tt.user.IsActive || got.UsernameFold != models.Fold(tt.wish.Username) || got.OwnerTeamID != tt.wish.OwnerTeamID {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestChangeUserRefusesTheLateAndTheWeak(t *testing.T) {
	user := models.User{ID: 1, Username: "maya", Version: 4}
	_, err := models.ChangeUser(user, models.UserChange{Username: "vera", Version: 3}, bySession(admin))
	if models.KindOf(err) != models.Conflict {
		t.Errorf("an old version: got %v, want a conflict", err)
	}
	// Who may not change the user learns nothing of the version or the input.
	for _, wish := range []models.UserChange{{Username: "vera", Version: 3}, {Version: 4}} {
		if _, err := models.ChangeUser(user, wish, bySession(alice)); models.KindOf(err) != models.NotFound {
			t.Errorf("a stranger: got %v, want not found", err)
		}
	}
	got, err := models.ChangeUser(models.User{ID: 1, Username: "maya", DisplayName: "Maya", Version: 4}, models.UserChange{Username: "vera", Version: 4}, console)
	if err != nil || got.DisplayName != "vera" {
		t.Errorf("an empty display name: got %q, %v, want the user name", got.DisplayName, err)
	}
}

func TestOwnerTeamIsForServiceAccounts(t *testing.T) {
	team := int64(3)
	if _, problems := (models.NewUser{Username: "robot", IsService: true, OwnerTeamID: &team}).Check(); len(problems) != 0 {
		t.Errorf("service account: got %v, want no problem", problems)
	}
	_, problems := models.NewUser{Username: "maya", OwnerTeamID: &team}.Check()
	if err := models.InvalidInput(problems); err == nil || err.Problem("OwnerTeam") == "" {
		t.Errorf("person: got %v, want a problem with OwnerTeam", problems)
	}
}

func TestUserCounts(t *testing.T) {
	counts := models.UserCounts{
		models.KindPerson:  {models.UserActive: 5, models.UserInactive: 2},
		models.KindService: {models.UserActive: 11},
	}
	tests := []struct {
		kind   models.UserKind
		status models.UserStatus
		want   int
	}{
		{"", "", 18}, {models.KindPerson, "", 7}, {models.KindService, "", 11}, {"", models.UserActive, 16},
		{"", models.UserInactive, 2}, {models.KindService, models.UserInactive, 0}, {models.KindPerson, models.UserActive, 5},
	}
	for _, tt := range tests {
		if got := counts.Of(tt.kind, tt.status); got != tt.want {
			t.Errorf("Of(%q, %q) = %d, want %d", tt.kind, tt.status, got, tt.want)
		}
	}
}
