package store_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestUserRecordLife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin, value := f.As(f.Admin), " To The Letter "
		identities := []models.RecordedIdentity{{Provider: "Octopus ID", Claims: map[string]models.RecordedClaim{"email": {Value: &value, Identifying: true}, "dn": {}}}}
		var made models.UserRecord
		events := newEvents(t, f, func() {
			made = must[models.UserRecord](t)(f.Store.CreateUserRecord(admin, models.NewUserRecord{
				NewUser: models.NewUser{Username: "dora", Email: "dora@example.com", Password: storetest.Password}, Identities: identities, Inactive: true}))
		})
		if len(events) != 1 || made.IsActive {
			t.Errorf("made %+v with %d events, want one", made, len(events))
		}
		_, err := f.Store.SignIn(nobody, "dora", storetest.Password)
		wantKind(t, err, models.Unauthenticated)

		name, yes, none := "Dora B.", true, []models.RecordedIdentity{}
		events = newEvents(t, f, func() {
			got := must[models.UserRecord](t)(f.Store.PutUser(admin, made.ID, models.UserPut{DisplayName: &name, IsActive: &yes, Identities: &identities, Password: storetest.Password}))
			if got.DisplayName != name || !got.IsActive || !reflect.DeepEqual(got.Identities, identities) || got.Email != "dora@example.com" {
				t.Errorf("put %+v", got)
			}
			must[models.UserRecord](t)(f.Store.PutUser(admin, made.ID, models.UserPut{DisplayName: &name, IsActive: &yes, Identities: &identities})) // once more is no event
		})
		if len(events) != 2 {
			t.Errorf("events = %+v, want one for the name and one for being active", events)
		}
		events = newEvents(t, f, func() { must[models.UserRecord](t)(f.Store.PutUser(admin, made.ID, models.UserPut{Identities: &none})) })
		if len(events) != 1 || events[0].Message != "The recorded identities of dora were changed" || strings.Contains(events[0].Differences[0].Path+events[0].Message, value) {
			t.Errorf("events = %+v", events)
		}
		if n := f.Count("SELECT count(*) FROM recorded_identities"); n != 0 {
			t.Errorf("%d rows of a user without identities", n)
		}
		must[models.UserRecord](t)(f.Store.PutUser(admin, made.ID, models.UserPut{Identities: &identities}))
		must[models.UserSummary](t)(f.Store.DeleteUser(admin, made.ID))
		if n := f.Count("SELECT count(*) FROM recorded_identities"); n != 0 {
			t.Errorf("%d rows of a user who is gone", n)
		}
	})
}

// A change is all or nothing, and who may not learns nothing.
func TestPutUserRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		name, no, taken := "Other", false, "bob"
		bad := []models.RecordedIdentity{{}}
		whole := models.UserPut{DisplayName: &name, IsActive: &no}
		before := len(f.Events())
		for caller, want := range map[string]models.Kind{"alice": models.Forbidden, "bob": models.NotFound, "admin": 0} {
			user := map[string]models.User{"alice": f.Alice, "bob": f.Bob, "admin": f.Admin}[caller]
			for _, put := range []models.UserPut{whole, {Password: "guess"}, {}} {
				if want == 0 {
					continue
				}
				_, err := f.Store.PutUser(f.As(user), f.Alice.ID, put)
				wantKind(t, err, want)
			}
		}
		_, err := f.Store.PutUser(nobody, f.Alice.ID, whole)
		wantKind(t, err, models.Unauthenticated)
		admin := f.As(f.Admin)
		_, err = f.Store.PutUser(admin, f.Alice.ID, models.UserPut{DisplayName: &name, Identities: &bad})
		wantProblem(t, err, "Identities")
		_, err = f.Store.PutUser(admin, f.Alice.ID, models.UserPut{IsActive: &no, Username: &taken})
		wantKind(t, err, models.Conflict)
		_, err = f.Store.PutUser(admin, f.Admin.ID, models.UserPut{DisplayName: &name, IsActive: &no})
		wantKind(t, err, models.Forbidden)
		_, err = f.Store.PutUser(admin, f.Robot.ID, models.UserPut{Password: storetest.Password})
		wantProblem(t, err, "Password")
		_, err = f.Store.PutUser(admin, 987654, models.UserPut{Password: storetest.Password})
		wantKind(t, err, models.NotFound)
		if after := len(f.Events()); after != before {
			t.Errorf("refused changes left %d events", after-before)
		}
		stored := must[models.User](t)(f.Store.User(storetest.Console(), f.Alice.ID))
		if stored.DisplayName != f.Alice.DisplayName || !stored.IsActive || stored.Version != f.Alice.Version {
			t.Errorf("refused changes left %+v", stored)
		}
	})
}

// Sending another password than the stored one is refused, and slowed down like
// any guessing; the right one changes nothing.
func TestPutPassword(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		for range models.ThrottleDevice.Free + 2 {
			must[models.UserRecord](t)(f.Store.PutUser(admin, f.Alice.ID, models.UserPut{Password: storetest.Password}))
		}
		browser := f.As(f.Alice)
		slowed := false
		for range models.ThrottleDevice.Free + 1 {
			_, err := f.Store.PutUser(admin, f.Alice.ID, models.UserPut{Password: "a guess among guesses"})
			if slowed = models.KindOf(err) == models.TooMany; !slowed {
				wantProblem(t, err, "Password")
			}
		}
		if !slowed {
			t.Error("guessing is not slowed down")
		}
		if !comesIn(t, f.Store, browser) {
			t.Error("guessing ended a session")
		}
		must[models.User](t)(f.Store.SignIn(nobody, "alice", storetest.Password))
	})
}

func TestEndSessionsOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, caller := range []models.User{f.Admin, f.Alice} {
			one, two, bob := f.As(f.Alice), f.As(f.Alice), f.As(f.Bob)
			by := f.As(caller)
			events := newEvents(t, f, func() {
				if n := must[int](t)(f.Store.EndSessionsOf(by, f.Alice.ID)); n < 2 {
					t.Errorf("%s ended %d sessions", caller.Username, n)
				}
			})
			if len(events) != 1 || events[0].Message != "Sessions of alice were ended" || comesIn(t, f.Store, one) || comesIn(t, f.Store, two) || !comesIn(t, f.Store, bob) {
				t.Errorf("%s: events %+v", caller.Username, events)
			}
		}
		if n := must[int](t)(f.Store.EndSessionsOf(f.As(f.Admin), f.Alice.ID)); n != 0 {
			t.Errorf("%d sessions were left", n)
		}
		_, err := f.Store.EndSessionsOf(f.As(f.Bob), f.Alice.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.EndSessionsOf(nobody, f.Alice.ID)
		wantKind(t, err, models.Unauthenticated)
	})
}

func TestDirectory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := f.As(f.Admin)
		got := must[models.Directory](t)(f.Store.Directory(admin, models.DirectoryFilter{All: true}))
		var names []string
		for _, u := range got.Users {
			names = append(names, u.Username)
		}
		if strings.Join(names, " ") != "admin alice bob charlie robot" || got.Total != 5 {
			t.Errorf("directory = %v, %d", names, got.Total)
		}
		for _, filter := range []models.DirectoryFilter{{Search: "\x00", All: true}, {Search: strings.Repeat("x", 300), All: true}, {ByID: true, All: true}, {IDs: []int64{-1}, ByID: true, All: true}, {Page: models.Page{Skip: 9, Take: 9}}} {
			if got := must[models.Directory](t)(f.Store.Directory(admin, filter)); len(got.Users) != 0 {
				t.Errorf("%+v finds %v", filter, got.Users)
			}
		}
		_, err := f.Store.Directory(f.As(f.Alice), models.DirectoryFilter{})
		wantKind(t, err, models.Forbidden)
		_, err = f.Store.Directory(nobody, models.DirectoryFilter{})
		wantKind(t, err, models.Unauthenticated)
	})
}

func TestTeamsOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		if got := must[[]models.Team](t)(f.Store.TeamsOf(f.As(f.Admin), f.Admin.ID)); len(got) != 2 || got[0].BuiltIn != models.Everyone || got[1].BuiltIn != models.Administrators {
			t.Errorf("teams of the administrator: %+v", got)
		}
		if got := must[[]models.Team](t)(f.Store.TeamsOf(f.As(f.Alice), f.Alice.ID)); len(got) != 1 {
			t.Errorf("teams of alice: %+v", got)
		}
		_, err := f.Store.TeamsOf(f.As(f.Alice), f.Bob.ID)
		wantKind(t, err, models.NotFound)
		_, err = f.Store.TeamsOf(f.As(f.Admin), 987654)
		wantKind(t, err, models.NotFound)
	})
}
