package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// own makes a team the owner of a service account.
func own(f *storetest.Fixture, account models.User, team models.Team) {
	f.Exec("UPDATE users SET owner_team_id = ? WHERE id = ?", team.ID, account.ID)
}

func TestOwnerTeamLooksAfterKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Platform", 0, f.Alice)
		key, _ := f.Issue(f.Robot, models.NewKey{Purpose: "Deploy"})
		can := func(ctx context.Context, want bool) {
			t.Helper()
			kind := models.NotFound
			if want {
				kind = 0
			}
			_, err := f.Store.User(ctx, f.Robot.ID)
			wantKind(t, err, kind)
			_, err = f.Store.UserByName(ctx, "robot")
			wantKind(t, err, kind)
			_, err = f.Store.APIKeysOf(ctx, f.Robot.ID, models.KeyFilter{})
			wantKind(t, err, kind)
			_, err = f.Store.APIKey(ctx, f.Robot.ID, key.ID)
			wantKind(t, err, kind)
			made, _, err := f.Store.IssueAPIKey(ctx, f.Robot.ID, models.NewKey{Purpose: "By a member"})
			wantKind(t, err, kind)
			_, err = f.Store.RevokeAPIKey(ctx, f.Robot.ID, made.ID)
			wantKind(t, err, kind)
		}
		alice := f.As(f.Alice)
		can(alice, false)
		own(f, f.Robot, team)
		can(alice, true)
		can(f.As(f.Bob), false)
		can(asNow(t, f, f.Alice), true)

		_, secret := f.Issue(f.Alice, models.NewKey{Purpose: "Alice's own", Expires: models.ExpiresAt(f.Store.Now().Add(day))})
		byKey := f.AsKey(secret)
		can(byKey, true)
		_, _, err := f.Store.IssueAPIKey(byKey, f.Robot.ID, models.NewKey{Purpose: "Too long", Expires: models.ExpiresAt(f.Store.Now().Add(2 * day))})
		wantProblem(t, err, "Expires")
		child, _, err := f.Store.IssueAPIKey(byKey, f.Robot.ID, models.NewKey{Purpose: "As long"})
		wantKind(t, err, 0)
		if want := f.Store.Now().Add(day); child.ExpiresAt.After(want) || child.ParentID == "" {
			t.Errorf("a key made by a key ends %s, want %s or before", child.ExpiresAt, want)
		}
		settings(t, f, 180, 366, false)
		can(alice, true) // service accounts keep making keys while people can't

		must[models.User](t)(f.Store.RemoveTeamMember(storetest.Console(), team.ID, f.Alice.ID))
		can(alice, false)
		can(byKey, false)
	})
}

// A member can't get through the account what he doesn't hold himself.
func TestOwnerTeamDoesNotClimb(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Platform", 0, f.Alice)
		own(f, f.Robot, team)
		mighty := teamOf(t, f, "Settings", models.PermissionsOf(models.ConfigureServer), f.Robot)
		alice := f.As(f.Alice)
		key, _ := f.Issue(f.Robot, models.NewKey{})
		before := f.Count("SELECT count(*) FROM api_keys")
		_, _, err := f.Store.IssueAPIKey(alice, f.Robot.ID, models.NewKey{Purpose: "Climb"})
		wantKind(t, err, models.Forbidden)
		if after := f.Count("SELECT count(*) FROM api_keys"); after != before {
			t.Errorf("keys = %d, want %d", after, before)
		}
		_, err = f.Store.RevokeAPIKey(alice, f.Robot.ID, key.ID) // ending one gives nothing
		wantKind(t, err, 0)
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), mighty.ID, "alice"))
		_, _, err = f.Store.IssueAPIKey(alice, f.Robot.ID, models.NewKey{Purpose: "Level"})
		wantKind(t, err, 0)
		// The members of a team that owns the account of an administrator are none.
		admins := builtIn(t, f, models.Administrators)
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), admins.ID, "robot"))
		_, _, err = f.Store.IssueAPIKey(alice, f.Robot.ID, models.NewKey{Purpose: "Climb"})
		wantKind(t, err, models.Forbidden)
	})
}

func TestMyServiceAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Platform", 0, f.Alice)
		own(f, f.Robot, team)
		f.Issue(f.Robot, models.NewKey{})
		revoked, _ := f.Issue(f.Robot, models.NewKey{})
		_, err := f.Store.RevokeAPIKey(storetest.Console(), f.Robot.ID, revoked.ID)
		wantKind(t, err, 0)
		got := must[[]models.OwnedAccount](t)(f.Store.MyServiceAccounts(f.As(f.Alice)))
		want := models.OwnedAccount{ID: f.Robot.ID, Username: "robot", DisplayName: "Robot", IsActive: true, Team: "Platform", UsableKeys: 1}
		if len(got) != 1 || got[0] != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for name, ctx := range map[string]context.Context{"stranger": f.As(f.Bob), "administrator": f.As(f.Admin), "console": storetest.Console()} {
			if got := must[[]models.OwnedAccount](t)(f.Store.MyServiceAccounts(ctx)); len(got) != 0 {
				t.Errorf("%s: got %+v, want none", name, got)
			}
		}
		_, err = f.Store.MyServiceAccounts(nobody)
		wantKind(t, err, models.Unauthenticated)
		for user, want := range map[int64]bool{f.Alice.ID: true, f.Bob.ID: false, f.Admin.ID: false, f.Robot.ID: false} {
			if u := must[models.User](t)(f.Store.User(storetest.Console(), user)); u.Caretakes != want {
				t.Errorf("%s caretakes: %v, want %v", u.Username, u.Caretakes, want)
			}
		}
	})
}

// A team that owns accounts stays; the database says so too.
func TestDeleteOwnerTeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Platform", 0, f.Alice)
		own(f, f.Robot, team)
		events := newEvents(t, f, func() {
			_, err := f.Store.DeleteTeam(f.As(f.Admin), team.ID)
			wantKind(t, err, models.Conflict)
		})
		if got := must[models.Team](t)(f.Store.Team(storetest.Console(), team.ID)); got.Members != 1 || len(events) != 0 {
			t.Errorf("team = %+v, events = %v", got, events)
		}
		f.Exec("UPDATE users SET owner_team_id = NULL WHERE id = ?", f.Robot.ID)
		must[models.Team](t)(f.Store.DeleteTeam(f.As(f.Admin), team.ID))
	})
}

// Only service accounts are owned, whatever a program believes.
func TestPersonsHaveNoOwnerTeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		teamOf(t, f, "Platform", 0, f.Alice)
		_, err := storetest.SQL(t, f.URL).Exec("UPDATE users SET owner_team_id = (SELECT id FROM teams WHERE name = 'Platform') WHERE username = 'bob'")
		if err == nil {
			t.Error("a person got an owner team")
		}
		_, err = storetest.SQL(t, f.URL).Exec("UPDATE users SET owner_team_id = 4711 WHERE username = 'robot'")
		if err == nil {
			t.Error("an account got an owner that does not exist")
		}
	})
}

// Each page asks whether the reader's teams own accounts, so that must not read
// through all users.
func TestCaretakingIsFoundByIndex(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	plans := f.Store.PlansOf(t, func() { must[models.User](t)(f.Store.User(storetest.Console(), f.Alice.ID)) })
	for _, plan := range plans {
		if strings.Contains(plan, "SCAN a") || strings.Contains(plan, "SCAN m") || !strings.Contains(plan, "users_owned") {
			t.Errorf("the query plan reads whole tables: %s", plan)
		}
	}
	if len(plans) == 0 {
		t.Error("no query was seen")
	}
}
