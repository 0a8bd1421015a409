package models_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

var (
	everyone = models.Team{ID: 1, Name: "Everyone", BuiltIn: models.Everyone, Version: 1}
	admins   = models.Team{ID: 2, Name: "Keyport Administrators", BuiltIn: models.Administrators, Permissions: models.AllPermissions, Version: 1}
	auditors = models.Team{ID: 3, Name: "Auditors", Permissions: models.Views, Version: 1}
	settlers = models.Team{ID: 4, Name: "Settings", Permissions: models.PermissionsOf(models.ConfigureServer), Version: 1}

	// Somebody who edits teams and has an auditor's rights besides.
	teamEditor = models.User{ID: 7, Username: "editor", IsActive: true, Permissions: models.Views | models.PermissionsOf(models.TeamEdit)}
	viewer     = models.User{ID: 8, Username: "viewer", IsActive: true, Permissions: models.Views}
)

// granted stands for no refusal where tests compare kinds.
const granted = models.Kind(-1)

func TestParseTeamID(t *testing.T) {
	for in, want := range map[string]int64{
		"Teams-3": 3, "teams-3": 3, "TEAMS-30": 30, "Teams-03": 0, "Teams-+3": 0, "Teams-": 0, "Teams-0": 0, "Teams--1": 0, "3": 0, "": 0, "Users-3": 0,
		"Teams-99999999999999999999": 0,
	} {
		got, ok := models.ParseTeamID(in)
		if ok != (want != 0) || ok && got != want {
			t.Errorf("ParseTeamID(%q): got %d, %v, want %d", in, got, ok, want)
		}
	}
	if got := admins.PublicID(); got != "Teams-2" {
		t.Errorf("got %q, want Teams-2", got)
	}
}

// An auditor looks at everything and changes nothing.
func TestViews(t *testing.T) {
	for _, p := range models.Permissions {
		if got, want := models.Views.Has(p), strings.HasSuffix(string(p), "View"); got != want {
			t.Errorf("%s: got %v, want %v", p, got, want)
		}
	}
}

func TestNewTeamCheck(t *testing.T) {
	tests := []struct {
		name              string
		wish              models.NewTeam
		name_, desc       string
		wantName, wantErr string
	}{
		{"clean", models.NewTeam{Name: " Platform ", Description: " runs it "}, "Platform", "runs it", "", ""},
		{"no name", models.NewTeam{Name: " \t"}, "", "", "Enter a name for the team.", ""},
		{"long name", models.NewTeam{Name: strings.Repeat("é", 65)}, strings.Repeat("é", 65), "", "The name has 65 characters. Use 64 or fewer.", ""},
		{"longest name", models.NewTeam{Name: strings.Repeat("é", 64)}, strings.Repeat("é", 64), "", "", ""},
		{"control", models.NewTeam{Name: "a\x00b"}, "a\x00b", "", "The name holds an invisible control character. Remove it, or type the text again.", ""},
		{"long description", models.NewTeam{Name: "a", Description: strings.Repeat("x", 201)}, "a", strings.Repeat("x", 201), "", "The description has 201 characters. Use 200 or fewer."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := tt.wish.Check()
			err := models.InvalidInput(problems)
			if got.Name != tt.name_ || got.Description != tt.desc {
				t.Errorf("got %+v", got)
			}
			for field, want := range map[string]string{"Name": tt.wantName, "Description": tt.wantErr} {
				message := ""
				if err != nil {
					message = err.Problem(field)
				}
				if message != want {
					t.Errorf("%s: got %q, want %q", field, message, want)
				}
			}
		})
	}
}

// Whoever may change a thing may open the page that shows it.
func TestEditBringsView(t *testing.T) {
	for edit, view := range map[models.Permission]models.Permission{
		models.UserEdit: models.UserView, models.TeamEdit: models.TeamView, models.SubscriptionEdit: models.SubscriptionView,
	} {
		got, _ := models.NewTeam{Name: "x", Permissions: models.PermissionsOf(edit)}.Check()
		if want := models.PermissionsOf(edit, view); got.Permissions != want {
			t.Errorf("%s: got %v, want %v", edit, got.Permissions.Names(), want.Names())
		}
	}
	if got, _ := (models.NewTeam{Name: "x", Permissions: 1 << 31}).Check(); got.Permissions != 0 {
		t.Errorf("got %b, want rights that do not exist left out", got.Permissions)
	}
}

func TestMakeTeam(t *testing.T) {
	tests := []struct {
		name  string
		actor *models.Actor
		wish  models.PermissionSet
		want  models.Kind
	}{
		{"nobody", nil, 0, models.Unauthenticated},
		{"person", bySession(alice), 0, models.Forbidden},
		{"viewer", bySession(viewer), 0, models.Forbidden},
		{"editor, no rights", bySession(teamEditor), 0, granted},
		{"editor, an auditor's rights", bySession(teamEditor), models.Views, granted},
		{"editor, own rights", bySession(teamEditor), teamEditor.Permissions, granted},
		{"editor, another right", bySession(teamEditor), models.PermissionsOf(models.ConfigureServer), models.Forbidden},
		{"editor, all rights", bySession(teamEditor), models.AllPermissions, models.Forbidden},
		{"editor, to administer", bySession(teamEditor), models.PermissionsOf(models.AdministerSystem), models.Forbidden},
		{"administrator, all rights", bySession(admin), models.AllPermissions, granted},
		{"console, all rights", console, models.AllPermissions, granted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := models.MakeTeam(models.NewTeam{Name: " Platform ", Permissions: tt.wish}, tt.actor)
			if kind := models.KindOf(err); err != nil && kind != tt.want || err == nil && tt.want != granted {
				t.Fatalf("got %v, want kind %d", err, tt.want)
			}
			if err == nil && (got.Name != "Platform" || got.NameFold != "platform" || got.Permissions != tt.wish || got.Version != 1 || got.BuiltIn != "") {
				t.Errorf("got %+v", got)
			}
			if err != nil && got != (models.Team{}) {
				t.Errorf("a refusal comes with a team: %+v", got)
			}
		})
	}
	_, err := models.MakeTeam(models.NewTeam{Name: "x", Permissions: models.PermissionsOf(models.ConfigureServer, models.UserEdit)}, bySession(teamEditor))
	if got, want := models.Refusal(err).Problem("Permissions"), "You can't give a team permissions that you don't hold yourself: UserEdit and ConfigureServer. Clear them, or ask an administrator."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMayTouchTeams(t *testing.T) {
	const yes, no = granted, models.Forbidden
	type answers struct{ change, remove, members models.Kind }
	tests := []struct {
		name  string
		team  models.Team
		actor *models.Actor
		want  answers
	}{
		{"nobody", auditors, nil, answers{models.Unauthenticated, models.Unauthenticated, models.Unauthenticated}},
		{"person", auditors, bySession(alice), answers{no, no, no}},
		{"viewer", auditors, bySession(viewer), answers{no, no, no}},
		{"editor", auditors, bySession(teamEditor), answers{yes, yes, yes}},
		{"editor, stronger team", settlers, bySession(teamEditor), answers{no, no, no}},
		{"editor, everyone", everyone, bySession(teamEditor), answers{yes, no, no}},
		{"editor, administrators", admins, bySession(teamEditor), answers{no, no, no}},
		{"editor with all rights but to administer, administrators", admins,
			bySession(models.User{ID: 9, Permissions: models.AllPermissions &^ models.PermissionsOf(models.AdministerSystem)}), answers{no, no, no}},
		{"administrator", settlers, bySession(admin), answers{yes, yes, yes}},
		{"administrator, everyone", everyone, bySession(admin), answers{yes, no, no}},
		{"administrator, administrators", admins, bySession(admin), answers{no, no, yes}},
		{"administrator of another team, administrators", admins,
			bySession(models.User{ID: 9, Permissions: models.PermissionsOf(models.AdministerSystem)}), answers{no, no, yes}},
		{"console, administrators", admins, console, answers{no, no, yes}},
		{"console", settlers, console, answers{yes, yes, yes}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, change := models.ChangeTeam(tt.team, models.TeamChange{NewTeam: models.NewTeam{Name: "New"}, Version: 1}, tt.actor)
			for what, check := range map[string]struct {
				err  error
				want models.Kind
			}{
				"change":  {change, tt.want.change},
				"remove":  {models.MayDeleteTeam(tt.team, tt.actor), tt.want.remove},
				"members": {models.MayChangeMembers(tt.team, tt.actor), tt.want.members},
			} {
				got := granted
				if check.err != nil {
					got = models.KindOf(check.err)
				}
				if got != check.want {
					t.Errorf("%s: got %v, want kind %d", what, check.err, check.want)
				}
			}
		})
	}
}

func TestChangeTeam(t *testing.T) {
	wish := models.TeamChange{NewTeam: models.NewTeam{Name: " Revision ", Description: "looks", Permissions: models.PermissionsOf(models.EventView)}, Version: 1}
	got, err := models.ChangeTeam(auditors, wish, bySession(teamEditor))
	if err != nil || got.ID != 3 || got.Name != "Revision" || got.NameFold != "revision" || got.Description != "looks" || got.Permissions != wish.Permissions || got.Version != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	wish.Version = 7
	if _, err := models.ChangeTeam(auditors, wish, bySession(teamEditor)); models.KindOf(err) != models.Conflict {
		t.Errorf("got %v, want a conflict of versions", err)
	}
	wish = models.TeamChange{NewTeam: models.NewTeam{Name: "Nobody", Description: "renamed", Permissions: models.Views}, Version: 1}
	got, err = models.ChangeTeam(everyone, wish, bySession(teamEditor))
	if err != nil || got.Name != "Everyone" || got.Description != "" || got.Permissions != models.Views {
		t.Errorf("everyone: got %+v, %v, want only other permissions", got, err)
	}
	wish.Permissions = models.PermissionsOf(models.AdministerSystem)
	_, err = models.ChangeTeam(everyone, wish, bySession(admin))
	if problem(t, err, "Permissions") == "" {
		t.Errorf("everyone as administrators: got %v", err)
	}
	wish.Permissions = models.PermissionsOf(models.ConfigureServer)
	if got, err := models.ChangeTeam(auditors, wish, bySession(teamEditor)); models.KindOf(err) != models.Forbidden || got != auditors {
		t.Errorf("got %+v, %v, want the team unchanged and a refusal", got, err)
	}
}

func TestMayRemoveMember(t *testing.T) {
	tests := []struct {
		name  string
		team  models.Team
		user  int64
		actor *models.Actor
		want  bool
	}{
		{"administrator, another administrator", admins, 99, bySession(admin), true},
		{"administrator, self", admins, admin.ID, bySession(admin), false},
		{"administrator, self, by key", admins, admin.ID, byKey(admin, now.Add(day)), false},
		{"editor, self, from an ordinary team", auditors, teamEditor.ID, bySession(teamEditor), true},
		{"editor, administrator", admins, admin.ID, bySession(teamEditor), false},
		{"console, administrator", admins, admin.ID, console, true},
		{"anybody, everyone", everyone, alice.ID, bySession(admin), false},
	}
	for _, tt := range tests {
		if err := models.MayRemoveMember(tt.team, tt.user, tt.actor); (err == nil) != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestMaySeeTeams(t *testing.T) {
	for name, tt := range map[string]struct {
		actor *models.Actor
		want  models.Kind
	}{
		"nobody": {nil, models.Unauthenticated}, "person": {bySession(alice), models.Forbidden}, "viewer": {bySession(viewer), granted},
		"who gives users teams": {bySession(bob), granted}, "administrator": {bySession(admin), granted}, "console": {console, granted},
		"who only sees users": {bySession(charlie), models.Forbidden},
	} {
		err := models.MaySeeTeams(tt.actor)
		if err == nil && tt.want != granted || err != nil && models.KindOf(err) != tt.want {
			t.Errorf("%s: got %v, want kind %d", name, err, tt.want)
		}
	}
}

// Whatever an editor does to teams, in whatever order, nobody comes out with a
// right that he did not have before and that the editor does not have either.
func TestNobodyGetsMoreThanTheEditorHas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func() models.PermissionSet { return models.PermissionSet(r.Uint32()) & models.AllPermissions }
	few := func() models.PermissionSet { return some() & models.PermissionSet(r.Uint32()) }
	allowed := 0
	for range 20000 {
		editor := models.User{ID: 1, IsActive: true, Permissions: some()&^models.PermissionsOf(models.AdministerSystem) | models.PermissionsOf(models.TeamEdit)}
		actor := bySession(editor)
		before := models.Team{ID: 5, Name: "Team", Permissions: few(), Version: 1}
		if r.IntN(10) == 0 {
			before = everyone
			before.Permissions = editor.Permissions & some()
		}
		stranger := some()
		rights := func(team models.Team, member bool) models.PermissionSet {
			if member {
				return stranger | team.Permissions
			}
			return stranger
		}
		member := r.IntN(2) == 0
		had := rights(before, member)
		after := before
		for range 1 + r.IntN(4) {
			switch r.IntN(3) {
			case 0:
				if changed, err := models.ChangeTeam(after, models.TeamChange{NewTeam: models.NewTeam{Name: "Team", Permissions: few()}, Version: after.Version}, actor); err == nil {
					after = changed
					allowed++
				}
			case 1:
				if models.MayChangeMembers(after, actor) == nil {
					member = !member
					allowed++
				}
			case 2:
				if made, err := models.MakeTeam(models.NewTeam{Name: "Other", Permissions: few()}, actor); err == nil {
					stranger |= made.Permissions // and he is put into it
					allowed++
				}
			}
		}
		if gained := rights(after, member) &^ had; !editor.Permissions.Covers(gained) {
			t.Fatalf("an editor with %v gave %v", editor.Permissions.Names(), gained.Names())
		}
	}
	if allowed < 5000 {
		t.Errorf("only %d changes were allowed, want enough to prove something", allowed)
	}
}

// Members of the team that owns a service account stand in for administrators,
// as long as the account may not do more than they may.
func TestOwnerTeamMakesKeys(t *testing.T) {
	member := alice
	weak, mighty := robot, strong
	capable := models.User{ID: 10, Username: "capable", IsActive: true, Permissions: strong.Permissions}
	tests := []struct {
		name   string
		actor  *models.Actor
		owner  models.User
		member bool
		want   models.Kind
	}{
		{"member", bySession(member), weak, true, granted},
		{"member by key", byKey(member, now.Add(day)), weak, true, granted},
		{"no member", bySession(member), weak, false, models.NotFound},
		{"member, inactive account", bySession(member), inactive(weak), true, models.Forbidden},
		{"member, account that may do more", bySession(member), mighty, true, models.Forbidden},
		{"member who may do as much", bySession(capable), mighty, true, granted},
		{"a person has no owner team", bySession(member), bob, true, models.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, userKeys := range []bool{true, false} {
				s := settings
				s.UserAPIKeys = userKeys // service accounts don't care
				key, err := models.IssueKey(models.NewKey{Purpose: "CI"}, models.KeyGrant{Owner: tt.owner, Settings: s, Actor: tt.actor, InOwnerTeam: tt.member, Now: now})
				got := granted
				if err != nil {
					got = models.KindOf(err)
				}
				if got != tt.want {
					t.Errorf("got %v, want kind %d", err, tt.want)
				}
				if err == nil && tt.actor.Key != nil && key.ExpiresAt.After(tt.actor.Key.Expires) {
					t.Errorf("got a key until %s, made by one until %s", key.ExpiresAt, tt.actor.Key.Expires)
				}
			}
		})
	}
	_, err := models.IssueKey(models.NewKey{Purpose: "CI"}, models.KeyGrant{Owner: mighty, Settings: settings, Actor: bySession(member), InOwnerTeam: true, Now: now})
	if got, want := models.Refusal(err).Message, "This service account may do more than you may, so you can't create a key for it. Ask an administrator to create it."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	key := models.APIKey{UserID: robot.ID}
	for name, actor := range map[string]*models.Actor{"member": bySession(member), "member by key": byKey(member, now.Add(day))} {
		if err := models.MayRevoke(key, actor, true); err != nil {
			t.Errorf("%s, revoke: got %v", name, err)
		}
		if err := models.MaySeeKeysOf(robot.ID, actor, true); err != nil {
			t.Errorf("%s, see: got %v", name, err)
		}
	}
	if models.MayRevoke(key, nil, true) == nil || models.MaySeeKeysOf(robot.ID, nil, true) == nil {
		t.Error("nobody is nobody's member")
	}
}
