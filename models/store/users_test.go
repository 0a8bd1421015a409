package store_test

import (
	"context"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, ctx := range []context.Context{f.As(f.Alice), f.As(f.Admin), storetest.Console()} {
			got := must[models.User](t)(f.Store.User(ctx, f.Alice.ID))
			if got != f.Alice || got.PasswordHash != "" || got.DisplayName != "Alice" || got.Email != "alice@example.com" {
				t.Errorf("User = %+v", got)
			}
			if got := must[models.User](t)(f.Store.UserByName(ctx, " ALICE ")); got != f.Alice {
				t.Errorf("UserByName = %+v", got)
			}
		}
		for name, ctx := range map[string]context.Context{"stranger": f.As(f.Bob), "nobody": nobody} {
			_, byID := f.Store.User(ctx, f.Alice.ID)
			_, byName := f.Store.UserByName(ctx, "alice")
			_, absent := f.Store.UserByName(ctx, "no such user")
			for _, err := range []error{byID, byName, absent} {
				if models.KindOf(err) != models.NotFound {
					t.Errorf("%s: error = %v, want not found", name, err)
				}
			}
		}
		_, err := f.Store.User(f.As(f.Admin), 4711)
		wantKind(t, err, models.NotFound)
		if got := must[models.User](t)(f.Store.User(f.As(f.Admin), f.Admin.ID)).Permissions; got != models.AllPermissions {
			t.Errorf("administrator's permissions = %b, want all", got)
		}
		if f.Alice.Permissions != 0 {
			t.Errorf("a person's permissions = %b, want none", f.Alice.Permissions)
		}
	})
}

func TestPermissionsAreTheUnionOfTeams(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		all := models.PermissionSet(0)
		for i, p := range []models.PermissionSet{
			models.PermissionsOf(models.UserView, models.EventView), models.PermissionsOf(models.UserView, models.TeamEdit), models.PermissionsOf(models.AdministerSystem),
		} {
			name := string(rune('a' + i))
			f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES (?, ?, ?)", name, name, int64(p))
			f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = ?", f.Bob.ID, name)
			all |= p
			if got := must[models.User](t)(f.Store.User(storetest.Console(), f.Bob.ID)).Permissions; got != all {
				t.Errorf("permissions = %b, want %b", got, all)
			}
		}
	})
}

func TestCreateUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		wish := models.NewUser{Username: " Maya ", Email: "maya@example.com", Password: "a long enough sentence"}
		events := newEvents(t, f, func() {
			got := must[models.User](t)(f.Store.CreateUser(f.As(f.Admin), wish, false))
			if got.Username != "Maya" || got.DisplayName != "Maya" || !got.IsActive || got.IsService || got.Permissions != 0 || !got.CreatedAt.Equal(f.Store.Now()) {
				t.Errorf("user = %+v", got)
			}
			must[models.User](t)(f.Store.SignIn(nobody, "maya", "a long enough sentence"))
		})
		if len(events) != 2 || events[0].Message != "User Maya was created" || events[0].Username != "admin" {
			t.Errorf("events = %+v", events)
		}
		wish.Username = "MAYA"
		_, err := f.Store.CreateUser(f.As(f.Admin), wish, false)
		wantKind(t, err, models.Conflict)
		wantProblem(t, err, "Username")
		_, err = f.Store.CreateUser(f.As(f.Admin), models.NewUser{Username: "me"}, false)
		wantProblem(t, err, "Username")
		_, err = f.Store.CreateUser(f.As(f.Admin), models.NewUser{Username: "zoe", Password: "short"}, false)
		wantProblem(t, err, "Password")
		_, err = f.Store.CreateUser(f.As(f.Admin), models.NewUser{Username: "zoe", Teams: []int64{4711}}, false)
		wantProblem(t, err, "Teams")
	})
}

func TestCreateUserRights(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES ('editors', 'editors', ?)", int64(models.PermissionsOf(models.UserEdit, models.UserView)))
		f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES ('auditors', 'auditors', ?)", int64(models.PermissionsOf(models.EventView)))
		f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = 'editors'", f.Bob.ID)
		id := func(name string) int64 {
			return int64(f.Count("SELECT id FROM teams WHERE name_fold = '" + name + "'"))
		}
		bob := f.As(must[models.User](t)(f.Store.User(storetest.Console(), f.Bob.ID)))
		tests := []struct {
			name  string
			ctx   context.Context
			teams []int64
			admin bool
			want  models.Kind
		}{
			{"nobody", nobody, nil, false, models.Unauthenticated},
			{"person", f.As(f.Alice), nil, false, models.Forbidden},
			{"editor", bob, nil, false, 0},
			{"editor, own team", bob, []int64{id("editors")}, false, 0},
			{"editor, everyone", bob, []int64{id("everyone")}, false, models.Invalid},
			{"editor, team with other rights", bob, []int64{id("auditors")}, false, models.Forbidden},
			{"editor, team of administrators", bob, []int64{id("keyport administrators")}, false, models.Forbidden},
			{"editor, administrator", bob, nil, true, models.Forbidden},
			{"administrator, administrator", f.As(f.Admin), []int64{id("editors")}, true, 0},
			{"console, administrator", storetest.Console(), nil, true, 0},
		}
		for i, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				before := f.Count("SELECT count(*) FROM users")
				got, err := f.Store.CreateUser(tt.ctx, models.NewUser{Username: "new" + string(rune('a'+i)), Teams: tt.teams}, tt.admin)
				wantKind(t, err, tt.want)
				if added := f.Count("SELECT count(*) FROM users") - before; (added == 1) != (tt.want == 0) {
					t.Errorf("users added = %d", added)
				}
				if tt.want == 0 && got.Permissions.Has(models.AdministerSystem) != tt.admin {
					t.Errorf("permissions = %b", got.Permissions)
				}
			})
		}
	})
}

// An id is never given twice, so that a new user inherits nothing.
func TestUserIDsAreNotReused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		first := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "last"}, false))
		f.Exec("DELETE FROM users WHERE id = ?", first.ID)
		second := must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: "last"}, false))
		if second.ID <= first.ID {
			t.Errorf("id = %d after %d", second.ID, first.ID)
		}
	})
}

func TestSetTimeZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Alice)
		for _, zone := range []string{"Local", "Mars/Olympus", "../etc/passwd", "Europe/\x00Berlin", "\xff"} {
			wantProblem(t, f.Store.SetTimeZone(ctx, zone), "TimeZone")
		}
		wantKind(t, f.Store.SetTimeZone(nobody, "Europe/Berlin"), models.Unauthenticated)
		events := newEvents(t, f, func() {
			for _, zone := range []string{"Europe/Berlin", "Europe/Berlin", ""} {
				wantKind(t, f.Store.SetTimeZone(ctx, zone), 0)
				if got := must[models.User](t)(f.Store.User(ctx, f.Alice.ID)).TimeZone; got != zone {
					t.Errorf("zone = %q, want %q", got, zone)
				}
			}
		})
		if len(events) != 2 || events[0].Differences[0] != (models.Difference{Path: "TimeZone", Before: "", After: "Europe/Berlin"}) {
			t.Errorf("events = %+v, want two", events)
		}
	})
}
