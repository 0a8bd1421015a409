package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// listed returns the user names of a list, in its order.
func listed(t *testing.T, f *storetest.Fixture, filter models.UserFilter) []string {
	t.Helper()
	filter.Page.Take = 50
	list := must[models.UserList](t)(f.Store.Users(f.As(f.Admin), filter))
	if list.Total != len(list.Users) {
		t.Errorf("total = %d, but %d users are listed", list.Total, len(list.Users))
	}
	var names []string
	for _, u := range list.Users {
		names = append(names, u.Username)
	}
	return names
}

func TestUsersFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for _, wish := range []models.NewUser{
			{Username: "zoe", DisplayName: "Åsa Öberg", Email: "Asa.Oberg@example.com"},
			{Username: "deploy_bot", DisplayName: "100% deploys", IsService: true},
		} {
			must[models.User](t)(f.Store.CreateUser(f.As(f.Admin), wish, false))
		}
		must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), f.Charlie.ID, false))
		tests := []struct {
			name   string
			filter models.UserFilter
			want   []string
		}{
			{"all, by name", models.UserFilter{}, []string{"deploy_bot", "admin", "alice", "bob", "charlie", "robot", "zoe"}},
			{"all, backwards", models.UserFilter{Sort: models.SortName, Descending: true}, []string{"zoe", "robot", "charlie", "bob", "alice", "admin", "deploy_bot"}},
			{"persons", models.UserFilter{Kind: models.KindPerson}, []string{"admin", "alice", "bob", "charlie", "zoe"}},
			{"service accounts", models.UserFilter{Kind: models.KindService}, []string{"deploy_bot", "robot"}},
			{"active", models.UserFilter{Status: models.UserActive, Kind: models.KindPerson}, []string{"admin", "alice", "bob", "zoe"}},
			{"inactive", models.UserFilter{Status: models.UserInactive}, []string{"charlie"}},
			{"inactive service accounts", models.UserFilter{Status: models.UserInactive, Kind: models.KindService}, nil},
			{"user name, other letters", models.UserFilter{Search: " ZO "}, []string{"zoe"}},
			{"display name beyond ASCII", models.UserFilter{Search: "ÅSA ö"}, []string{"zoe"}},
			{"e-mail, other letters", models.UserFilter{Search: "asa.OBERG@"}, []string{"zoe"}},
			{"the same in all", models.UserFilter{Search: "example.com", Status: models.UserActive}, []string{"admin", "alice", "bob", "robot", "zoe"}},
			{"a percent sign is one", models.UserFilter{Search: "%"}, []string{"deploy_bot"}},
			{"an underscore is one", models.UserFilter{Search: "_"}, []string{"deploy_bot"}},
			{"a backslash is one", models.UserFilter{Search: `\`}, nil},
			{"search and kind", models.UserFilter{Search: "o", Kind: models.KindService}, []string{"deploy_bot", "robot"}},
			{"NUL", models.UserFilter{Search: "a\x00"}, nil},
			{"not UTF-8", models.UserFilter{Search: "\xff"}, nil},
			{"longer than any name", models.UserFilter{Search: strings.Repeat("a", 257)}, nil},
		}
		for _, tt := range tests {
			if got := listed(t, f, tt.filter); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
		for field, filter := range map[string]models.UserFilter{"Kind": {Kind: "robot"}, "Status": {Status: "deleted"}, "Sort": {Sort: "email"}} {
			_, err := f.Store.Users(f.As(f.Admin), filter)
			wantProblem(t, err, field)
		}
	})
}

func TestUsersNumbers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.Issue(f.Alice, models.NewKey{})
		f.Issue(f.Alice, models.NewKey{})
		gone, _ := f.Issue(f.Alice, models.NewKey{})
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, gone.ID))
		f.Issue(f.Alice, models.NewKey{Expires: models.ExpiresAt(f.Clock.Now().Add(time.Hour))})
		f.Clock.Advance(time.Hour)
		list := must[models.UserList](t)(f.Store.Users(f.As(f.Admin), models.UserFilter{Page: models.Page{Skip: 1, Take: 2}}))
		if len(list.Users) != 2 || list.Users[0].Username != "alice" || list.Total != 5 {
			t.Fatalf("users = %+v", list)
		}
		if got := list.Users[0]; got.LiveKeys != 2 || !got.HasPassword || got.Permissions != 0 || got.PasswordHash != "" {
			t.Errorf("alice = %+v, want two live keys", got)
		}
		if got := list.Users[1]; got.LiveKeys != 0 {
			t.Errorf("bob = %+v, want no live key", got)
		}
		for want, got := range map[int]int{5: list.Counts.Of("", ""), 4: list.Counts.Of(models.KindPerson, ""), 1: list.Counts.Of(models.KindService, models.UserActive), 0: list.Counts.Of("", models.UserInactive)} {
			if got != want {
				t.Errorf("count = %d, want %d", got, want)
			}
		}
		robot := must[models.UserSummary](t)(f.Store.UserSummary(f.As(f.Admin), f.Robot.ID))
		if robot.HasPassword || robot.SeenAt != nil || !robot.IsService {
			t.Errorf("robot = %+v", robot)
		}
		past := must[models.UserList](t)(f.Store.Users(f.As(f.Admin), models.UserFilter{Page: models.Page{Skip: 5, Take: 30}}))
		if past.Users == nil || len(past.Users) != 0 || past.Total != 5 {
			t.Errorf("beyond the end: %+v", past)
		}
	})
}

func TestUsersAreForThoseWhoMaySeeThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, list := f.Store.Users(f.As(f.Alice), models.UserFilter{})
		wantKind(t, list, models.Forbidden)
		_, list = f.Store.Users(nobody, models.UserFilter{})
		wantKind(t, list, models.Unauthenticated)
		_, one := f.Store.UserSummary(f.As(f.Alice), f.Bob.ID)
		wantKind(t, one, models.Forbidden)
		_, one = f.Store.UserSummary(f.As(f.Admin), 4711)
		wantKind(t, one, models.NotFound)
		viewer := granted(t, f, f.Bob, models.UserView)
		must[models.UserList](t)(f.Store.Users(viewer, models.UserFilter{}))
		must[models.UserSummary](t)(f.Store.UserSummary(viewer, f.Alice.ID))
	})
}

// Rows that an older program wrote are found and ordered once a newer one has
// started.
func TestNamesAreFolded(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			f := storetest.New(t, e)
			f.Exec("UPDATE users SET display_name = 'Åsa', display_name_fold = '', email = 'ÅSA@example.com', email_fold = '' WHERE id = ?", f.Alice.ID)
			must[int](t)(f.Store.Migrate(t.Context()))
			for _, search := range []string{"åsa", "ÅSA@EXAMPLE"} {
				if got := listed(t, f, models.UserFilter{Search: search}); !slices.Equal(got, []string{"alice"}) {
					t.Errorf("search for %q = %v", search, got)
				}
			}
		})
	}
}

// With 10,000 users and 40,000 keys, the list comes from indexes: no order of it
// sorts, and no key is looked at that is not on the page.
func TestUsersUseIndexes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		crowd(t, f, 10_000, 4)
		for _, filter := range []models.UserFilter{
			{}, {Descending: true}, {Sort: models.SortSeen}, {Sort: models.SortSeen, Descending: true}, {Status: models.UserActive},
			{Kind: models.KindPerson, Status: models.UserActive, Sort: models.SortSeen, Descending: true},
		} {
			filter.Page.Take = models.PageSize
			plans := f.Store.PlansOf(t, func() { must[models.UserList](t)(f.Store.Users(storetest.Console(), filter)) })
			if len(plans) != 3 {
				t.Errorf("%+v takes %d queries, want 3: numbers, users, keys", filter, len(plans))
			}
			for _, plan := range plans {
				sorts := strings.Contains(plan, "ORDER BY") && (strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort Key"))
				if sorts || strings.Contains(plan, "Seq Scan on api_keys") || strings.Contains(plan, "SCAN api_keys") {
					t.Errorf("%+v is read without an index:\n%s", filter, plan)
				}
			}
		}
		ctx := f.As(f.Admin)
		for _, filter := range []models.UserFilter{{Status: models.UserActive}, {Search: "user 77"}, {Sort: models.SortSeen, Descending: true, Page: models.Page{Skip: 9000}}} {
			filter.Page.Take = models.PageSize
			list := must[models.UserList](t)(f.Store.Users(ctx, filter))
			if len(list.Users) != models.PageSize || list.Users[models.PageSize-1].LiveKeys != 4 {
				t.Errorf("%+v lists %d users, the last with %d keys", filter, len(list.Users), list.Users[len(list.Users)-1].LiveKeys)
			}
		}
	})
}

// crowd adds users who each have so many live keys, but for one in twenty, who
// is not active.
func crowd(t *testing.T, f *storetest.Fixture, users, keys int) {
	t.Helper()
	model, _ := f.Issue(f.Robot, models.NewKey{Expires: models.MaximumExpiry()})
	seen, digest := "1700000000000000 + (i * 7919 % 10007) * 1000000", "randomblob(32)"
	if f.Engine == storetest.PostgreSQL {
		seen, digest = "to_timestamp(1700000000 + (i * 7919 % 10007))", "sha256((u.id::text || '-' || n.i::text)::bytea)"
	}
	numbers := func(last int) string {
		return fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", last)
	}
	f.Exec("INSERT INTO users (username, username_fold, display_name, display_name_fold, is_active, seen_at, created_at) " + numbers(users) +
		"SELECT 'user' || i, 'user' || i, 'User ' || i, 'user ' || i, i % 20 <> 0, CASE WHEN i % 3 > 0 THEN " + seen + " END, u.created_at FROM n, users u WHERE u.username = 'robot'")
	f.Exec("INSERT INTO api_keys (id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, created_at, expires_at) " + numbers(keys) +
		"SELECT 'crowd-' || u.id || '-' || n.i, u.id, k.purpose, k.purpose_fold, k.prefix, k.pepper_id, " + digest + ", k.seal, k.created_at, k.expires_at " +
		"FROM api_keys k, users u, n WHERE k.id = '" + model.ID + "' AND u.username LIKE 'user%' AND u.is_active")
	f.Exec("ANALYZE")
}
