package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// granted puts a user into a new team with those rights and returns a context in
// which he acts.
func granted(t *testing.T, f *storetest.Fixture, u models.User, rights ...models.Permission) context.Context {
	t.Helper()
	name := "team of " + u.Username
	f.Exec("INSERT INTO teams (name, name_fold, permissions) VALUES (?, ?, ?)", name, name, int64(models.PermissionsOf(rights...)))
	f.Exec("INSERT INTO team_members (team_id, user_id) SELECT id, ? FROM teams WHERE name = ?", u.ID, name)
	return f.As(must[models.User](t)(f.Store.User(storetest.Console(), u.ID)))
}

func changeOf(u models.User) models.UserChange {
	return models.UserChange{Username: u.Username, DisplayName: u.DisplayName, Email: u.Email, OwnerTeamID: u.OwnerTeamID, Version: u.Version}
}

func TestUpdateUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Alice, models.NewKey{})
		wish := models.UserChange{Username: " Alicia ", DisplayName: "Alicia Ünal", Email: "alicia@example.com", Version: f.Alice.Version}
		events := newEvents(t, f, func() {
			got := must[models.User](t)(f.Store.UpdateUser(f.As(f.Admin), f.Alice.ID, wish))
			if stored := must[models.User](t)(f.Store.User(storetest.Console(), f.Alice.ID)); got != stored || got.Username != "Alicia" || got.DisplayName != "Alicia Ünal" || got.Version != f.Alice.Version+1 {
				t.Errorf("user = %+v, stored %+v", got, stored)
			}
			wish.Version++
			must[models.User](t)(f.Store.UpdateUser(f.As(f.Admin), f.Alice.ID, wish)) // nothing new
		})
		if len(events) != 1 || events[0].Message != "User Alicia was changed" || events[0].Category != models.Modified || events[0].DocumentID != f.Alice.PublicID() || len(events[0].Differences) != 3 {
			t.Fatalf("events = %+v, want one with three differences", events)
		}
		if got, want := events[0].Differences[0], (models.Difference{Path: "Username", Before: "alice", After: "Alicia"}); got != want {
			t.Errorf("difference = %+v, want %+v", got, want)
		}
		if !opens(t, f, secret) {
			t.Error("a key stopped working because its owner has a new name")
		}
		must[models.User](t)(f.Store.SignIn(nobody, "ALICIA", storetest.Password))
		_, err := f.Store.SignIn(nobody, "alice", storetest.Password)
		wantKind(t, err, models.Unauthenticated)
		if got := listed(t, f, models.UserFilter{Search: "ÜNAL"}); len(got) != 1 {
			t.Errorf("the new name finds %v", got)
		}
	})
}

func TestUpdateUserRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		everyone, team := int64(f.Count("SELECT id FROM teams WHERE built_in = 'everyone'")), int64(f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
		absent := int64(4711)
		tests := []struct {
			name  string
			user  models.User
			wish  func(*models.UserChange)
			kind  models.Kind
			field string
		}{
			{"taken", f.Alice, func(w *models.UserChange) { w.Username = "BOB" }, models.Conflict, "Username"},
			{"reserved", f.Alice, func(w *models.UserChange) { w.Username = "Users-1" }, models.Invalid, "Username"},
			{"no name", f.Alice, func(w *models.UserChange) { w.Username = "" }, models.Invalid, "Username"},
			{"no address", f.Alice, func(w *models.UserChange) { w.Email = "nowhere" }, models.Invalid, "EmailAddress"},
			{"old version", f.Alice, func(w *models.UserChange) { w.Version-- }, models.Conflict, ""},
			{"person with a team", f.Alice, func(w *models.UserChange) { w.OwnerTeamID = &team }, models.Invalid, "OwnerTeam"},
			{"owned by everyone", f.Robot, func(w *models.UserChange) { w.OwnerTeamID = &everyone }, models.Invalid, "OwnerTeam"},
			{"owned by nobody's team", f.Robot, func(w *models.UserChange) { w.OwnerTeamID = &absent }, models.Invalid, "OwnerTeam"},
			{"absent user", models.User{ID: 4711, Username: "x"}, func(*models.UserChange) {}, models.NotFound, ""},
		}
		for _, tt := range tests {
			events := newEvents(t, f, func() {
				wish := changeOf(tt.user)
				tt.wish(&wish)
				_, err := f.Store.UpdateUser(admin, tt.user.ID, wish)
				wantKind(t, err, tt.kind)
				if tt.field != "" {
					wantProblem(t, err, tt.field)
				}
			})
			if len(events) != 0 {
				t.Errorf("%s: events = %+v", tt.name, events)
			}
		}
		wish := changeOf(f.Robot)
		wish.OwnerTeamID = &team
		got := must[models.User](t)(f.Store.UpdateUser(admin, f.Robot.ID, wish))
		if got.OwnerTeamID == nil || *got.OwnerTeamID != team {
			t.Errorf("owner team = %v, want %d", got.OwnerTeamID, team)
		}
		made := must[models.User](t)(f.Store.CreateUser(admin, models.NewUser{Username: "bot", IsService: true, OwnerTeamID: &team}, false))
		if made.OwnerTeamID == nil || *made.OwnerTeamID != team || made.Version != 1 {
			t.Errorf("created = %+v", made)
		}
		_, err := f.Store.CreateUser(admin, models.NewUser{Username: "bot2", IsService: true, OwnerTeamID: &everyone}, false)
		wantProblem(t, err, "OwnerTeam")
	})
}

// Who may not, may not by any of the operations, and changes nothing.
func TestWhoMayChangeUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		editor, viewer := granted(t, f, f.Bob, models.UserView, models.UserEdit), granted(t, f, f.Charlie, models.UserView)
		tests := []struct {
			name string
			ctx  context.Context
			user models.User
			want models.Kind
		}{
			{"nobody", nobody, f.Alice, models.Unauthenticated},
			{"person", f.As(f.Alice), f.Robot, models.NotFound},
			{"person, absent user", f.As(f.Alice), models.User{ID: 4711}, models.NotFound},
			{"who only sees", viewer, f.Alice, models.Forbidden},
			{"who only sees, absent user", viewer, models.User{ID: 4711}, models.Forbidden},
			{"editor, administrator", editor, f.Admin, models.Forbidden},
			{"editor, absent user", editor, models.User{ID: 4711}, models.NotFound},
			{"administrator, absent user", f.As(f.Admin), models.User{ID: 4711}, models.NotFound},
		}
		before := f.Count("SELECT count(*) FROM users WHERE is_active AND version = 1")
		for _, tt := range tests {
			events := newEvents(t, f, func() {
				wish := changeOf(tt.user)
				wish.Username, wish.Version = "other", 1
				_, update := f.Store.UpdateUser(tt.ctx, tt.user.ID, wish)
				_, stop := f.Store.SetUserActive(tt.ctx, tt.user.ID, false)
				_, start := f.Store.SetUserActive(tt.ctx, tt.user.ID, true)
				_, remove := f.Store.DeleteUser(tt.ctx, tt.user.ID)
				for what, err := range map[string]error{"update": update, "deactivate": stop, "reactivate": start, "delete": remove} {
					if got := models.KindOf(err); err == nil || got != tt.want {
						t.Errorf("%s, %s: error = %v, want kind %d", tt.name, what, err, tt.want)
					}
				}
			})
			if len(events) != 0 {
				t.Errorf("%s: events = %+v", tt.name, events)
			}
		}
		if after := f.Count("SELECT count(*) FROM users WHERE is_active AND version = 1"); after != before {
			t.Errorf("users as they were = %d, want %d", after, before)
		}
		for _, who := range []models.User{f.Bob, f.Admin} {
			ctx := f.As(must[models.User](t)(f.Store.User(storetest.Console(), who.ID)))
			_, stop := f.Store.SetUserActive(ctx, who.ID, false)
			wantKind(t, stop, models.Forbidden)
			_, remove := f.Store.DeleteUser(ctx, who.ID)
			wantKind(t, remove, models.Forbidden)
		}
		must[models.UserSummary](t)(f.Store.DeleteUser(editor, f.Alice.ID))
	})
}

// Of two who save at once, one is told.
func TestUpdateUserTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		replicas := []context.Context{f.As(f.Admin), f.As(f.Admin)}
		user, conflicts := f.Alice, 0
		for range 10 {
			errs := make([]error, len(replicas))
			var wg sync.WaitGroup
			for i, ctx := range replicas {
				wish := changeOf(user)
				wish.DisplayName += string(rune('a' + i))
				wg.Go(func() { _, errs[i] = f.Store.UpdateUser(ctx, user.ID, wish) })
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					wantKind(t, err, models.Conflict)
					conflicts++
				}
			}
			user = must[models.User](t)(f.Store.User(storetest.Console(), user.ID))
		}
		if conflicts != 10 || user.Version != f.Alice.Version+10 {
			t.Errorf("conflicts = %d, version = %d; want 10 and %d", conflicts, user.Version, f.Alice.Version+10)
		}
	})
}
