package store_test

import (
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestPutTeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin, name := f.As(f.Admin), "Operations"
		var made models.TeamRecord
		events := newEvents(t, f, func() {
			made = must[models.TeamRecord](t)(f.Store.CreateTeamRecord(admin, models.NewTeam{Name: "Operators"}, []int64{f.Alice.ID, f.Bob.ID}))
		})
		if len(events) != 3 || len(made.MemberIDs) != 2 || made.Members != 2 {
			t.Errorf("made %+v with %d events, want one for the team and one for each member", made, len(events))
		}
		members := []int64{f.Bob.ID, f.Charlie.ID}
		events = newEvents(t, f, func() {
			got := must[models.TeamRecord](t)(f.Store.PutTeam(admin, made.ID, models.TeamPut{Name: &name, MemberIDs: &members}))
			if got.Name != name || len(got.MemberIDs) != 2 || got.MemberIDs[0] != f.Bob.ID || got.MemberIDs[1] != f.Charlie.ID {
				t.Errorf("put %+v", got)
			}
			must[models.TeamRecord](t)(f.Store.PutTeam(admin, made.ID, models.TeamPut{Name: &name, MemberIDs: &members})) // once more is no event
		})
		if len(events) != 3 {
			t.Errorf("events = %+v", events)
		}
		_, err := f.Store.PutTeam(admin, made.ID, models.TeamPut{MemberIDs: &[]int64{f.Alice.ID, 987654}})
		wantProblem(t, err, "MemberUserIds")
		_, err = f.Store.CreateTeamRecord(admin, models.NewTeam{Name: "Other"}, []int64{987654})
		wantProblem(t, err, "MemberUserIds")
		if got := must[models.TeamRecord](t)(f.Store.TeamRecord(admin, made.ID)); len(got.MemberIDs) != 2 || f.Count("SELECT count(*) FROM teams WHERE name = 'Other'") != 0 {
			t.Errorf("refused changes left %+v", got)
		}
		_, err = f.Store.PutTeam(f.As(f.Alice), made.ID, models.TeamPut{})
		wantKind(t, err, models.NotFound)
		_, err = f.Store.CreateTeamRecord(f.As(f.Alice), models.NewTeam{Name: "Mine"}, nil)
		wantKind(t, err, models.Forbidden)
		_, err = f.Store.TeamRecords(f.As(f.Alice))
		wantKind(t, err, models.Forbidden)
	})
}

// Through the members of a team nobody gets above himself, and the last
// administrator stays.
func TestPutTeamClimbs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		console := storetest.Console()
		admins := int64(f.Count("SELECT id FROM teams WHERE built_in = 'administrators'"))
		editors := must[models.Team](t)(f.Store.CreateTeam(console, models.NewTeam{Name: "Editors", Permissions: models.PermissionsOf(models.TeamEdit)}))
		must[models.User](t)(f.Store.AddTeamMember(console, editors.ID, "alice"))
		alice := f.As(f.Alice)
		_, err := f.Store.PutTeam(alice, admins, models.TeamPut{MemberIDs: &[]int64{f.Admin.ID, f.Alice.ID}})
		wantKind(t, err, models.Forbidden)
		_, err = f.Store.PutTeam(alice, editors.ID, models.TeamPut{MemberIDs: &[]int64{}})
		wantKind(t, err, models.Forbidden) // she would lock herself out
		_, err = f.Store.PutTeam(console, admins, models.TeamPut{MemberIDs: &[]int64{}})
		wantKind(t, err, models.Forbidden)
		must[models.TeamRecord](t)(f.Store.PutTeam(console, admins, models.TeamPut{MemberIDs: &[]int64{f.Bob.ID}}))
	})
}
