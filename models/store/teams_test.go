package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// teamOf makes a team with members, as the console.
func teamOf(t *testing.T, f *storetest.Fixture, name string, p models.PermissionSet, members ...models.User) models.Team {
	t.Helper()
	team := must[models.Team](t)(f.Store.CreateTeam(storetest.Console(), models.NewTeam{Name: name, Permissions: p}))
	for _, m := range members {
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), team.ID, m.Username))
	}
	return team
}

// builtIn returns a team that Keyport brings along.
func builtIn(t *testing.T, f *storetest.Fixture, which models.BuiltIn) models.Team {
	t.Helper()
	for _, team := range must[[]models.Team](t)(f.Store.Teams(storetest.Console())) {
		if team.BuiltIn == which {
			return team
		}
	}
	t.Fatalf("there is no team %q", which)
	return models.Team{}
}

// rightsOf returns what a user may do now.
func rightsOf(t *testing.T, s *store.Store, u models.User) models.PermissionSet {
	t.Helper()
	return must[models.User](t)(s.User(storetest.Console(), u.ID)).Permissions
}

// asNow signs a user in with the rights that he has now.
func asNow(t *testing.T, f *storetest.Fixture, u models.User) context.Context {
	t.Helper()
	return f.As(must[models.User](t)(f.Store.User(storetest.Console(), u.ID)))
}

func TestTeams(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		teamOf(t, f, "zebra", 0)
		auditors := teamOf(t, f, "Auditors", models.Views, f.Bob)
		teamOf(t, f, "users", models.PermissionsOf(models.UserEdit), f.Charlie)
		var names []string
		for _, team := range must[[]models.Team](t)(f.Store.Teams(asNow(t, f, f.Bob))) {
			names = append(names, fmt.Sprint(team.Name, " ", team.Members))
		}
		if got, want := strings.Join(names, ", "), "Everyone 5, Keyport Administrators 1, Auditors 1, users 1, zebra 0"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := must[models.Team](t)(f.Store.Team(asNow(t, f, f.Charlie), auditors.ID)); got.Name != "Auditors" || got.Permissions != models.Views || got.Members != 1 || got.Version != 1 {
			t.Errorf("got %+v", got)
		}
		for name, tt := range map[string]struct {
			ctx        context.Context
			list, show models.Kind
		}{"nobody": {nobody, models.Unauthenticated, models.Unauthenticated}, "stranger": {f.As(f.Alice), models.Forbidden, models.NotFound}, "auditor": {asNow(t, f, f.Bob), 0, 0}} {
			t.Run(name, func(t *testing.T) {
				_, err := f.Store.Teams(tt.ctx)
				wantKind(t, err, tt.list)
				_, err = f.Store.Team(tt.ctx, auditors.ID)
				wantKind(t, err, tt.show)
				_, err = f.Store.TeamMembers(tt.ctx, auditors.ID, models.MemberFilter{})
				wantKind(t, err, tt.show)
			})
		}
		_, err := f.Store.Team(storetest.Console(), 4711)
		wantKind(t, err, models.NotFound)
	})
}

func TestTeamMembers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "All of them", 0, f.Alice, f.Bob, f.Charlie, f.Robot)
		must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "jt", DisplayName: "JÚLIA Takács"}, false))
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), team.ID, "JT"))
		for search, want := range map[string]string{
			"": "alice bob charlie jt robot", " AL": "alice", "o": "bob robot", "júlia t": "jt", "%": "", `\`: "", "_": "", "admin": "", "a\x00": "", "\xff": "", strings.Repeat("x", 5000): "",
		} {
			list := must[models.MemberList](t)(f.Store.TeamMembers(storetest.Console(), team.ID, models.MemberFilter{Search: search, Page: models.Page{Take: 30}}))
			var got []string
			for _, u := range list.Members {
				got = append(got, u.Username)
			}
			if strings.Join(got, " ") != want || list.Total != len(got) {
				t.Errorf("%.20q: got %v of %d, want %s", search, got, list.Total, want)
			}
		}
		page := must[models.MemberList](t)(f.Store.TeamMembers(storetest.Console(), team.ID, models.MemberFilter{Page: models.Page{Skip: 3, Take: 1}}))
		if page.Total != 5 || len(page.Members) != 1 || page.Members[0].Username != "jt" || page.Members[0].DisplayName != "JÚLIA Takács" {
			t.Errorf("page = %+v", page)
		}
		if list := must[models.MemberList](t)(f.Store.TeamMembers(storetest.Console(), builtIn(t, f, models.Everyone).ID, models.MemberFilter{Page: models.Page{Take: 30}})); list.Total != 0 {
			t.Errorf("everyone lists %d members, want none", list.Total)
		}
	})
}

func TestTeamLife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		var team models.Team
		events := newEvents(t, f, func() {
			team = must[models.Team](t)(f.Store.CreateTeam(admin, models.NewTeam{Name: " Release 🚀 managers ", Permissions: models.PermissionsOf(models.UserEdit)}))
			must[models.User](t)(f.Store.AddTeamMember(admin, team.ID, " BOB "))
			must[models.User](t)(f.Store.AddTeamMember(admin, team.ID, "bob")) // is in it
			wish := models.TeamChange{NewTeam: models.NewTeam{Name: "Releasers", Description: "Ship it", Permissions: models.Views}, Version: 1}
			must[models.Team](t)(f.Store.ChangeTeam(admin, team.ID, wish))
			wish.Version = 2
			must[models.Team](t)(f.Store.ChangeTeam(admin, team.ID, wish)) // the same again
			must[models.User](t)(f.Store.RemoveTeamMember(admin, team.ID, f.Bob.ID))
			must[models.User](t)(f.Store.RemoveTeamMember(admin, team.ID, f.Bob.ID)) // is out
			must[models.User](t)(f.Store.AddTeamMember(admin, team.ID, "robot"))
			must[models.Team](t)(f.Store.DeleteTeam(admin, team.ID))
		})
		want := []string{
			"Created: Team Release 🚀 managers was created [Name <nil> → Release 🚀 managers] [Permissions <nil> → [UserView UserEdit]]",
			"Modified: User bob was added to the team Release 🚀 managers [MemberUserIds <nil> → [" + f.Bob.PublicID() + "]]",
			"Modified: Team Releasers was changed [Name Release 🚀 managers → Releasers] [Description  → Ship it] [Permissions [UserView UserEdit] → [UserView TeamView EventView SubscriptionView]]",
			"Modified: User bob was removed from the team Releasers [MemberUserIds [" + f.Bob.PublicID() + "] → <nil>]",
			"Modified: User robot was added to the team Releasers [MemberUserIds <nil> → [" + f.Robot.PublicID() + "]]",
			"Deleted: Team Releasers was deleted [Name Releasers → <nil>] [Description Ship it → <nil>] [Permissions [UserView TeamView EventView SubscriptionView] → <nil>] [MemberUserIds [" + f.Robot.PublicID() + "] → <nil>]",
		}
		var got []string
		for _, e := range events {
			line := fmt.Sprintf("%s: %s", e.Category, e.Message)
			for _, d := range e.Differences {
				line += fmt.Sprintf(" [%s %v → %v]", d.Path, d.Before, d.After)
			}
			got = append(got, line)
			if e.DocumentType != models.DocumentTeams || e.DocumentID != team.PublicID() || e.Username != "admin" {
				t.Errorf("event = %+v", e)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if e := events[1]; *e.RelatedUserID != f.Bob.ID || len(e.References) != 2 || e.References[1] != (models.Reference{DocumentID: team.PublicID(), Start: 31, Length: 19}) {
			t.Errorf("event = %+v", e)
		}
		_, err := f.Store.Team(admin, team.ID)
		wantKind(t, err, models.NotFound)
	})
}

func TestTeamNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		first := teamOf(t, f, "Première équipe", 0)
		for _, name := range []string{"PREMIÈRE ÉQUIPE", " première équipe ", "everyone", "Keyport administrators", ""} {
			_, err := f.Store.CreateTeam(admin, models.NewTeam{Name: name})
			wantProblem(t, err, "Name")
		}
		second := teamOf(t, f, "Second", 0)
		_, err := f.Store.ChangeTeam(admin, second.ID, models.TeamChange{NewTeam: models.NewTeam{Name: first.Name}, Version: 1})
		wantProblem(t, err, "Name")
		if got := must[models.Team](t)(f.Store.Team(admin, second.ID)); got.Name != "Second" || got.Version != 1 {
			t.Errorf("team = %+v", got)
		}
		must[models.Team](t)(f.Store.ChangeTeam(admin, first.ID, models.TeamChange{NewTeam: models.NewTeam{Name: "PREMIÈRE ÉQUIPE"}, Version: 1}))
	})
}

// Of two who save at the same time, one is told of the other.
func TestChangeTeamTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Contested", 0)
		answers := make(chan error)
		for i := range 4 {
			ctx, s := f.As(f.Admin), f.Reopen(1)
			go func() {
				_, err := s.ChangeTeam(ctx, team.ID, models.TeamChange{NewTeam: models.NewTeam{Name: fmt.Sprint("Name ", i)}, Version: 1})
				answers <- err
			}()
		}
		won := 0
		for range 4 {
			if err := <-answers; err == nil {
				won++
			} else {
				wantKind(t, err, models.Conflict)
			}
		}
		if got := must[models.Team](t)(f.Store.Team(storetest.Console(), team.ID)); won != 1 || got.Version != 2 {
			t.Errorf("%d won, team = %+v", won, got)
		}
	})
}

func TestBuiltInTeams(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		everyone, admins := builtIn(t, f, models.Everyone), builtIn(t, f, models.Administrators)
		for _, team := range []models.Team{everyone, admins} {
			_, err := f.Store.DeleteTeam(admin, team.ID)
			wantKind(t, err, models.Forbidden)
		}
		wish := models.TeamChange{NewTeam: models.NewTeam{Name: "Renamed", Permissions: models.PermissionsOf(models.EventView)}, Version: 1}
		_, err := f.Store.ChangeTeam(admin, admins.ID, wish)
		wantKind(t, err, models.Forbidden)
		got := must[models.Team](t)(f.Store.ChangeTeam(admin, everyone.ID, wish))
		if got.Name != "Everyone" || rightsOf(t, f.Store, f.Alice) != wish.Permissions {
			t.Errorf("everyone = %+v, Alice may %v", got, rightsOf(t, f.Store, f.Alice).Names())
		}
		_, err = f.Store.AddTeamMember(admin, everyone.ID, "alice")
		wantKind(t, err, models.Forbidden)
		_, err = f.Store.RemoveTeamMember(admin, everyone.ID, f.Alice.ID)
		wantKind(t, err, models.Forbidden)
		must[models.User](t)(f.Store.AddTeamMember(admin, admins.ID, "alice"))
		if got := rightsOf(t, f.Store, f.Alice); got != models.AllPermissions {
			t.Errorf("a new administrator may %v", got.Names())
		}
	})
}

func TestAddTeamMemberByName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Team", 0)
		for _, name := range []string{"", "  ", "ali", "nobody here", "a\x00b", "\xff", "Users-1", strings.Repeat("x", 100000)} {
			_, err := f.Store.AddTeamMember(f.As(f.Admin), team.ID, name)
			wantProblem(t, err, "Username")
		}
		_, err := f.Store.RemoveTeamMember(f.As(f.Admin), team.ID, 4711)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.AddTeamMember(f.As(f.Admin), 4711, "alice")
		wantKind(t, err, models.NotFound)
	})
}

func TestCandidates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := teamOf(t, f, "Team", 0, f.Bob)
		teamOf(t, f, "Editors", models.PermissionsOf(models.TeamEdit), f.Charlie)
		names := func(ctx context.Context, search string) string {
			var names []string
			for _, u := range must[[]models.User](t)(f.Store.Candidates(ctx, team.ID, search)) {
				names = append(names, u.Username)
			}
			return strings.Join(names, " ")
		}
		for search, want := range map[string]string{"": "", "O": "robot", "ali": "alice", "example": "", "%": "", "\x00": ""} {
			if got := names(f.As(f.Admin), search); got != want {
				t.Errorf("%q: got %q, want %q", search, got, want)
			}
		}
		for name, ctx := range map[string]context.Context{"nobody": nobody, "person": f.As(f.Alice), "who edits teams but sees no users": asNow(t, f, f.Charlie)} {
			if got := names(ctx, "a"); got != "" {
				t.Errorf("%s: got %q, want nothing", name, got)
			}
		}
	})
}

// What a replica changes counts for the other one at the next request: by
// session, by key, and in a context that was made before.
func TestRightsChangeAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other := f.Reopen(1)
		team := teamOf(t, f, "Watchers", models.PermissionsOf(models.EventView))
		_, secret := f.Issue(f.Bob, models.NewKey{})
		session := f.As(f.Bob)
		may := func(want bool, when string) {
			t.Helper()
			_, user, err := other.Session(nobody, models.ActorFrom(session).SessionDigest)
			wantKind(t, err, 0)
			byKey, _, err := other.Authenticate(nobody, secret.Reveal())
			wantKind(t, err, 0)
			if user.Permissions.Has(models.EventView) != want || byKey.Permissions.Has(models.EventView) != want {
				t.Errorf("%s: by session %v, by key %v, want %v", when, user.Permissions.Names(), byKey.Permissions.Names(), want)
			}
		}
		may(false, "before")
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), team.ID, "bob"))
		may(true, "after joining")
		wish := models.TeamChange{Version: 1, NewTeam: models.NewTeam{Name: "Watchers"}}
		must[models.Team](t)(f.Store.ChangeTeam(storetest.Console(), team.ID, wish))
		may(false, "after the team lost the right")
		wish.Version, wish.Permissions = 2, models.PermissionsOf(models.EventView)
		must[models.Team](t)(f.Store.ChangeTeam(storetest.Console(), team.ID, wish))
		may(true, "after the team got it back")
		must[models.User](t)(f.Store.RemoveTeamMember(storetest.Console(), team.ID, f.Bob.ID))
		may(false, "after leaving")
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), team.ID, "bob"))
		must[models.Team](t)(f.Store.DeleteTeam(storetest.Console(), team.ID))
		may(false, "after the team was deleted")

		editors := teamOf(t, f, "Editors", models.PermissionsOf(models.TeamEdit), f.Charlie)
		stale := asNow(t, f, f.Charlie)
		must[models.User](t)(f.Store.RemoveTeamMember(storetest.Console(), editors.ID, f.Charlie.ID))
		_, err := other.CreateTeam(stale, models.NewTeam{Name: "Too late"})
		wantKind(t, err, models.Forbidden)
	})
}

// Whatever an editor tries, in whatever order, nobody comes out with a right
// that he did not have before and that the editor did not hold.
func TestEditorsGiveNoMoreThanTheyHave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		r := rand.New(rand.NewPCG(7, uint64(len(f.Engine))))
		some := func() models.PermissionSet {
			return models.PermissionSet(r.Uint32()&r.Uint32()) & models.AllPermissions
		}
		editing := models.PermissionsOf(models.TeamEdit, models.TeamView, models.UserView, models.EventView)
		teamOf(t, f, "Editors", editing, f.Bob)
		ids := []int64{builtIn(t, f, models.Everyone).ID, builtIn(t, f, models.Administrators).ID}
		for i := range 4 {
			ids = append(ids, teamOf(t, f, fmt.Sprint("Team ", i), some(), f.Charlie).ID)
		}
		users := []models.User{f.Alice, f.Bob, f.Charlie, f.Admin, f.Robot}
		bob := asNow(t, f, f.Bob)
		done := map[string]int{}
		for i := range 150 {
			held := rightsOf(t, f.Store, f.Bob)
			before := map[int64]models.PermissionSet{}
			for _, u := range users {
				before[u.ID] = rightsOf(t, f.Store, u)
			}
			id, user := ids[r.IntN(len(ids))], users[r.IntN(len(users))]
			what, err := "", error(nil)
			switch r.IntN(5) {
			case 0:
				var team models.Team
				what = "create"
				if team, err = f.Store.CreateTeam(bob, models.NewTeam{Name: fmt.Sprint("New ", i), Permissions: some() & (editing | some())}); err == nil {
					ids = append(ids, team.ID)
				}
			case 1, 2:
				what = "change"
				if team, missing := f.Store.Team(storetest.Console(), id); missing == nil {
					_, err = f.Store.ChangeTeam(bob, id, models.TeamChange{Version: team.Version, NewTeam: models.NewTeam{Name: fmt.Sprint("Changed ", i), Permissions: some() & (editing | some())}})
				}
			case 3:
				what = "join"
				_, err = f.Store.AddTeamMember(bob, id, user.Username)
			case 4:
				what = "leave"
				_, err = f.Store.RemoveTeamMember(bob, id, user.ID)
			}
			if err == nil {
				done[what]++
			}
			for _, u := range users {
				if gained := rightsOf(t, f.Store, u) &^ before[u.ID]; !held.Covers(gained) {
					t.Fatalf("%s %d: %s got %v from an editor with %v", what, i, u.Username, gained.Names(), held.Names())
				}
			}
			if now := rightsOf(t, f.Store, f.Bob); !now.Has(models.TeamEdit) {
				t.Fatalf("%s %d: the editor locked himself out", what, i)
			}
		}
		for _, what := range []string{"create", "change", "join", "leave"} {
			if done[what] == 0 {
				t.Errorf("no %s was allowed, want some so that this proves something: %v", what, done)
			}
		}
	})
}
