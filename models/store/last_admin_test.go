package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestLastAdministratorStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admins := builtIn(t, f, models.Administrators)
		console := storetest.Console()
		refused := func(what string) {
			t.Helper()
			events := newEvents(t, f, func() {
				_, err := f.Store.RemoveTeamMember(console, admins.ID, f.Admin.ID)
				wantKind(t, err, models.Forbidden)
			})
			if got := rightsOf(t, f.Store, f.Admin); got != models.AllPermissions || len(events) != 0 {
				t.Errorf("%s: the administrator may %v, events %v", what, got.Names(), events)
			}
		}
		refused("alone")
		must[models.User](t)(f.Store.AddTeamMember(console, admins.ID, "robot"))
		refused("with a service account")
		must[models.User](t)(f.Store.AddTeamMember(console, admins.ID, "bob"))
		f.Exec("UPDATE users SET is_active = (1 = 0) WHERE id = ?", f.Bob.ID)
		refused("with an inactive administrator")
		f.Exec("UPDATE users SET is_active = (1 = 1) WHERE id = ?", f.Bob.ID)
		must[models.User](t)(f.Store.RemoveTeamMember(console, admins.ID, f.Admin.ID))
		if got := rightsOf(t, f.Store, f.Admin); got != 0 {
			t.Errorf("a former administrator may %v", got.Names())
		}
	})
}

func TestAdministratorsDontRemoveThemselves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admins := builtIn(t, f, models.Administrators)
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), admins.ID, "bob"))
		_, err := f.Store.RemoveTeamMember(f.As(f.Admin), admins.ID, f.Admin.ID)
		wantKind(t, err, models.Forbidden)
		must[models.User](t)(f.Store.RemoveTeamMember(f.As(f.Admin), admins.ID, f.Bob.ID))
	})
}

// However many administrators remove each other at the same time, on different
// replicas, one is left.
func TestAdministratorsRemoveEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for round := range 5 {
			admins := builtIn(t, f, models.Administrators)
			people := []models.User{f.Admin, f.Alice, f.Bob, f.Charlie}
			for _, u := range people {
				must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), admins.ID, u.Username))
			}
			var wg sync.WaitGroup
			errs := make([]error, len(people))
			for i := range people {
				ctx, s := f.As(people[i]), f.Reopen(1)
				wg.Go(func() {
					_, errs[i] = s.RemoveTeamMember(ctx, admins.ID, people[(i+1)%len(people)].ID)
				})
			}
			wg.Wait()
			left := f.Count(fmt.Sprintf("SELECT count(*) FROM team_members WHERE team_id = %d", admins.ID))
			if left == 0 {
				t.Fatalf("round %d: nobody is left: %v", round, errs)
			}
			for _, err := range errs {
				if kind := models.KindOf(err); err != nil && kind != models.NotFound && kind != models.Forbidden && kind != models.Unauthenticated {
					t.Errorf("round %d: error = %v", round, err)
				}
			}
		}
	})
}

// Two whom only the console can remove, removed at once: the second removal sees
// the first.
func TestLastTwoAdministratorsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admins := builtIn(t, f, models.Administrators)
		for round := range 8 {
			pair := []models.User{f.Admin, f.Alice}
			for _, u := range pair {
				must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), admins.ID, u.Username))
			}
			answers := make(chan error)
			for _, u := range pair {
				s := f.Reopen(1)
				go func() {
					_, err := s.RemoveTeamMember(storetest.Console(), admins.ID, u.ID)
					answers <- err
				}()
			}
			refused := 0
			for range pair {
				if err := <-answers; err != nil {
					wantKind(t, err, models.Forbidden)
					refused++
				}
			}
			if refused != 1 {
				t.Fatalf("round %d: %d of 2 removals were refused, want 1", round, refused)
			}
		}
	})
}

// Nobody takes the right to edit teams away from himself.
func TestEditorsDontLockThemselvesOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		editors := teamOf(t, f, "Editors", models.PermissionsOf(models.TeamEdit), f.Bob)
		bob := asNow(t, f, f.Bob)
		tries := map[string]func() error{
			"leave":  func() error { _, err := f.Store.RemoveTeamMember(bob, editors.ID, f.Bob.ID); return err },
			"delete": func() error { _, err := f.Store.DeleteTeam(bob, editors.ID); return err },
			"give it up": func() error {
				_, err := f.Store.ChangeTeam(bob, editors.ID, models.TeamChange{Version: 1, NewTeam: models.NewTeam{Name: "Editors"}})
				return err
			},
		}
		for name, try := range tries {
			events := newEvents(t, f, func() { wantKind(t, try(), models.Forbidden) })
			if len(events) != 0 || !rightsOf(t, f.Store, f.Bob).Has(models.TeamEdit) {
				t.Errorf("%s: events %v, rights %v", name, events, rightsOf(t, f.Store, f.Bob).Names())
			}
		}
		teamOf(t, f, "Second editors", models.PermissionsOf(models.TeamEdit), f.Bob)
		_, err := f.Store.RemoveTeamMember(bob, editors.ID, f.Bob.ID)
		wantKind(t, err, 0)
	})
}
