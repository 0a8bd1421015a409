package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

var mapping = models.SignOnPolicy{Teams: []models.GroupTeam{{Group: "platform", Team: "Platform"}, {Group: "sre", Team: "Platform"}, {Group: "audit", Team: "Auditors"}, {Group: "ghosts", Team: "No such team"}, {Group: "admins", Team: "Keyport Administrators"}}}

// teamsOf returns the names of the teams a user is in, sorted.
func teamsOf(t *testing.T, f *storetest.Fixture, u models.User) string {
	t.Helper()
	return strings.Join(column(t, f.URL, "SELECT t.name FROM teams t JOIN team_members m ON m.team_id = t.id WHERE m.user_id = "+strings.TrimPrefix(u.PublicID(), "Users-")+" ORDER BY 1"), ", ")
}

func addTeam(f *storetest.Fixture, name string, permissions models.PermissionSet) {
	f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES (?, ?, ?)", name, models.Fold(name), int64(permissions))
}

func TestGroupsGiveTeams(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		addTeam(f, "Platform", models.PermissionsOf(models.UserView))
		addTeam(f, "Auditors", models.PermissionsOf(models.EventView))
		addTeam(f, "Own team", 0)
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name IN ('Own team', 'Auditors')", f.Bob.ID)
		steps := []struct {
			name   string
			groups []string
			teams  string
			events []string
		}{
			{"added and removed", []string{"platform", "elsewhere"}, "Own team, Platform", []string{"bob was linked to single sign-on as bob@example.com", "bob was removed from the team Auditors by single sign-on", "bob was added to the team Platform by single sign-on", "bob signed in"}},
			{"the other group of the same team", []string{"sre"}, "Own team, Platform", []string{"bob signed in"}},
			{"administrator", []string{"sre", "admins", "audit"}, "Auditors, Keyport Administrators, Own team, Platform", []string{"bob was added to the team Keyport Administrators by single sign-on", "bob was added to the team Auditors by single sign-on", "bob signed in"}},
			{"no groups", nil, "Own team", []string{"bob was removed from the team Keyport Administrators by single sign-on", "bob was removed from the team Platform by single sign-on", "bob was removed from the team Auditors by single sign-on", "bob signed in"}},
		}
		for _, step := range steps {
			said := saying("b1", "bob@example.com")
			said.Groups = step.groups
			var user models.User
			events := newEvents(t, f, func() { user = must[models.User](t)(f.Store.SignOn(nobody, said, mapping)) })
			if got := teamsOf(t, f, f.Bob); got != step.teams {
				t.Errorf("%s: bob is in %q, want %q", step.name, got, step.teams)
			}
			if got := user.Permissions.Has(models.UserView); got != strings.Contains(step.teams, "Platform") {
				t.Errorf("%s: bob signed in with the permissions %v", step.name, user.Permissions.Names())
			}
			var messages []string
			for _, e := range events {
				messages = append(messages, e.Message)
				if e.DocumentType == models.DocumentTeams && (e.RelatedUserID == nil || *e.RelatedUserID != f.Bob.ID || !strings.HasPrefix(e.DocumentID, "Teams-") || len(e.References) != 2) {
					t.Errorf("%s: event = %+v", step.name, e)
				}
			}
			if slices.Sort(messages); !slices.Equal(messages, slices.Sorted(slices.Values(step.events))) {
				t.Errorf("%s: events = %q, want %q", step.name, messages, step.events)
			}
		}
		if !strings.Contains(f.Log.String(), "do not exist") {
			t.Error("nothing tells of the team that does not exist")
		}
	})
}

// Teams that nothing maps are nobody's business but ours.
func TestWithoutMappingTeamsStay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		said := saying("a1", "admin@example.com")
		said.Groups = []string{"platform"}
		events := newEvents(t, f, func() { must[models.User](t)(f.Store.SignOn(nobody, said, linkOnly)) })
		wantCategories(t, events, models.Modified, models.LoginSucceeded)
		if got := teamsOf(t, f, f.Admin); got != "Keyport Administrators" {
			t.Errorf("the administrator is in %q", got)
		}
	})
}

// A group that was emptied at the provider locks nobody out of Keyport.
func TestGroupsKeepTheLastAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		events := newEvents(t, f, func() {
			user := must[models.User](t)(f.Store.SignOn(nobody, saying("x1", "admin@example.com"), mapping))
			if !user.Permissions.Has(models.AdministerSystem) {
				t.Error("the last administrator has lost the rights")
			}
		})
		wantCategories(t, events, models.Modified, models.LoginSucceeded)
		if teamsOf(t, f, f.Admin) != "Keyport Administrators" || !strings.Contains(f.Log.String(), "last administrator") {
			t.Errorf("the administrator is in %q, and the log says %s", teamsOf(t, f, f.Admin), f.Log)
		}
		second := saying("x2", "alice@example.com")
		second.Groups = []string{"admins"}
		must[models.User](t)(f.Store.SignOn(nobody, second, mapping))
		must[models.User](t)(f.Store.SignOn(nobody, saying("x1", "admin@example.com"), mapping))
		if got := teamsOf(t, f, f.Admin); got != "" {
			t.Errorf("the former administrator is in %q, want none", got)
		}
	})
}
