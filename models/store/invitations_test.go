package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func newcomer(username string) models.NewUser {
	return models.NewUser{Username: username, Password: storetest.Password}
}

// invite makes an invitation and returns its code.
func invite(t *testing.T, f *storetest.Fixture, ctx context.Context, teams ...int64) string {
	t.Helper()
	_, code, err := f.Store.Invite(ctx, teams)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestInvitationWorksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		team := must[models.Team](t)(f.Store.CreateTeam(admin, models.NewTeam{Name: "Newcomers", Permissions: models.Views}))
		code := invite(t, f, admin, team.ID)
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if _, err := f.Store.Register(nobody, code, newcomer("guest"+string(rune('a'+i))), nil); err == nil {
					won.Add(1)
				} else if models.Refusal(err) == nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || f.Count("SELECT count(*) FROM users WHERE username LIKE 'guest%'") != 1 {
			t.Errorf("%d registered with one code", won.Load())
		}
		if n := f.Count("SELECT count(*) FROM team_members m JOIN users u ON u.id = m.user_id WHERE u.username LIKE 'guest%'"); n != 1 {
			t.Errorf("%d memberships, want one", n)
		}
	})
}

// An invitation gives nothing that its maker, or the key that made it, has lost.
func TestInvitationEndsWithItsMaker(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		console := storetest.Console()
		rights := models.PermissionsOf(models.UserEdit, models.UserView, models.EventView)
		editors := must[models.Team](t)(f.Store.CreateTeam(console, models.NewTeam{Name: "Editors", Permissions: rights}))
		must[models.User](t)(f.Store.AddTeamMember(console, editors.ID, "alice"))
		watchers := must[models.Team](t)(f.Store.CreateTeam(console, models.NewTeam{Name: "Watchers", Permissions: models.PermissionsOf(models.EventView)}))
		change := func(team models.Team, p models.PermissionSet) {
			stored := must[models.Team](t)(f.Store.Team(console, team.ID))
			must[models.Team](t)(f.Store.ChangeTeam(console, team.ID, models.TeamChange{NewTeam: models.NewTeam{Name: team.Name, Permissions: p}, Version: stored.Version}))
		}
		key, secret := f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(time.Hour))})
		tests := []struct {
			name string
			by   context.Context
			lose func()
			back func()
		}{
			{"time", f.As(f.Alice), func() { f.Clock.Advance(models.InvitationLife) }, func() { f.Clock.Advance(-models.InvitationLife) }},
			{"the right to invite", f.As(f.Alice), func() { change(editors, models.Views) }, func() { change(editors, rights) }},
			{"the rights of the team", f.As(f.Alice), func() { change(watchers, models.PermissionsOf(models.ConfigureServer)) }, func() { change(watchers, models.PermissionsOf(models.EventView)) }},
			{"key that ends", f.AsKey(secret), func() { f.Clock.Advance(time.Hour) }, func() { f.Clock.Advance(-time.Hour) }},
			{"key that is revoked", f.AsKey(secret), func() { must[models.APIKey](t)(f.Store.RevokeAPIKey(console, f.Alice.ID, key.ID)) }, func() {}},
			{"account", f.As(f.Alice), func() { must[models.UserSummary](t)(f.Store.SetUserActive(console, f.Alice.ID, false)) }, func() {}},
		}
		for _, test := range tests {
			code := invite(t, f, test.by, watchers.ID)
			test.lose()
			_, err := f.Store.Register(nobody, code, newcomer("newcomer"), nil)
			if refusal := models.Refusal(err); refusal == nil || refusal.Problem("InvitationCode") == "" || f.Count("SELECT count(*) FROM users WHERE username = 'newcomer'") != 0 {
				t.Errorf("%s: got %v, want the code dead", test.name, err)
			}
			test.back()
		}
	})
}

func TestInvitationRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		console := storetest.Console()
		editors := must[models.Team](t)(f.Store.CreateTeam(console, models.NewTeam{Name: "Editors", Permissions: models.PermissionsOf(models.UserEdit)}))
		must[models.User](t)(f.Store.AddTeamMember(console, editors.ID, "alice"))
		admins := int64(f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
		before := len(f.Events())
		tests := []struct {
			name  string
			by    context.Context
			teams []int64
			want  models.Kind
		}{
			{"nobody", nobody, nil, models.Unauthenticated}, {"without the right", f.As(f.Bob), nil, models.Forbidden},
			{"a stronger team", f.As(f.Alice), []int64{admins}, models.Forbidden}, {"no such team", f.As(f.Alice), []int64{987654}, models.Invalid},
		}
		for _, test := range tests {
			if _, _, err := f.Store.Invite(test.by, test.teams); models.KindOf(err) != test.want {
				t.Errorf("%s: got %v, want kind %d", test.name, err, test.want)
			}
		}
		_, err := f.Store.Invitation(f.As(f.Bob), 1)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.Invitation(f.As(f.Alice), 987654)
		wantKind(t, err, models.NotFound)
		code := invite(t, f, f.As(f.Alice), editors.ID)
		for _, bad := range []string{"", code + "A", "\x00"} {
			_, err := f.Store.Register(nobody, bad, newcomer("newcomer"), nil)
			wantProblem(t, err, "InvitationCode")
		}
		_, err = f.Store.Register(nobody, code, models.NewUser{Username: "newcomer"}, nil)
		wantProblem(t, err, "Password")
		_, err = f.Store.Register(nobody, code, newcomer("newcomer"), []models.RecordedIdentity{{}})
		wantProblem(t, err, "Identities")
		_, err = f.Store.Register(nobody, code, newcomer("alice"), nil)
		wantKind(t, err, models.Conflict)
		if n := len(f.Events()) - before; n != 1 {
			t.Errorf("%d events, want that of the invitation alone", n)
		}
		user := must[models.UserRecord](t)(f.Store.Register(nobody, code, models.NewUser{Username: "newcomer", Password: storetest.Password, IsService: true, Teams: []int64{admins}}, nil))
		if user.IsService || user.Permissions.Has(models.AdministerSystem) {
			t.Errorf("registered %+v", user)
		}
	})
}
