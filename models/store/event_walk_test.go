package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// busy is the user of a third of many events.
const busy = "release-bot"

// manyEvents appends n events of the last 90 days, as a company has them: mostly
// sign-ins, keys that come and go, and few that are rare.
func manyEvents(t testing.TB, f *storetest.Fixture, n int) {
	t.Helper()
	start, step := f.Store.Now().Add(-90*day), 90*day/time.Duration(n)
	for first := 0; first < n; first += 2000 {
		events := make([]models.Event, 0, 2000)
		for i := first; i < min(first+2000, n); i++ {
			events = append(events, oneOfMany(i, start.Add(time.Duration(i)*step).Truncate(time.Microsecond)))
		}
		if err := f.Store.AppendEvents(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	if f.Engine == storetest.PostgreSQL {
		f.Exec("ANALYZE events")
	}
}

func oneOfMany(i int, at time.Time) models.Event {
	user := int64(1000 + i*7919%997)
	name := fmt.Sprint("user-", user)
	if i%3 == 0 {
		user, name = 999, busy
	}
	e := models.Event{Category: models.LoginSucceeded, OccurredAt: at, UserID: &user, Username: name, IdentifiedBy: "Session cookie", Address: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
		RequestID: fmt.Sprint("request-", i), Message: name + " signed in", References: []models.Reference{{DocumentID: models.UserID(user), Length: len(name)}}, DocumentType: models.DocumentUsers, DocumentID: models.UserID(user)}
	key := fmt.Sprintf("apikeys-%025d", i%(1+i/50))
	switch {
	case i%1000 == 7:
		e.Category, e.DocumentType, e.DocumentID, e.RelatedUserID, e.UserID, e.Username = models.APIKeyExpired, models.DocumentAPIKeys, key, &user, nil, "system"
	case i%2000 == 9:
		e.Category, e.DocumentType, e.DocumentID, e.Differences = models.Modified, models.DocumentConfiguration, models.AuthenticationSettingsID, []models.Difference{{Path: "ApiKeyDefaultExpiryDays", Before: 90, After: 180}}
	case i%5 == 1:
		e.Category, e.DocumentType, e.DocumentID, e.RelatedUserID, e.APIKeyID = models.Created, models.DocumentAPIKeys, key, &user, fmt.Sprintf("apikeys-%025d", i%7)
	}
	return e
}

// searchesOfMany are what people ask of a long trail.
var searchesOfMany = []struct {
	name   string
	search models.EventSearch
}{
	{"everything", models.EventSearch{}},
	{"sign-ins", models.EventSearch{Group: "Login"}},
	{"keys that ended", models.EventSearch{Group: "ApiKeyExpiry"}},
	{"a rare kind", models.EventSearch{Category: models.Modified}},
	{"a kind that never was", models.EventSearch{Category: models.Deleted}},
	{"somebody busy", models.EventSearch{Person: "Users-999"}},
	{"somebody", models.EventSearch{Person: "Users-1100"}},
	{"about somebody busy", models.EventSearch{Document: "Users-999"}},
	{"about somebody", models.EventSearch{Document: "Users-1100"}},
	{"about a key", models.EventSearch{Key: fmt.Sprintf("apikeys-%025d", 3)}},
	{"settings", models.EventSearch{DocumentType: models.DocumentConfiguration}},
	{"the settings of keys", models.EventSearch{Document: models.AuthenticationSettingsID}},
	{"two days long ago", models.EventSearch{Days: models.DateRange{From: models.Date{Year: 2026, Month: 9, Day: 10}, To: models.Date{Year: 2026, Month: 9, Day: 11}}}},
	{"somebody two days long ago", models.EventSearch{Person: "Users-1100", Days: models.DateRange{From: models.Date{Year: 2026, Month: 9, Day: 10}, To: models.Date{Year: 2026, Month: 9, Day: 11}}}},
	{"before there was anything", models.EventSearch{Days: models.DateRange{To: models.Date{Year: 2001, Month: 1, Day: 1}}}},
}

// Each page, wherever it begins, comes out of an index in the order it has: no
// search gathers and sorts all that it finds.
func TestPagesOfEventsUseIndexes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		manyEvents(t, f, 20_000)
		for _, tt := range searchesOfMany {
			q := tt.search.Query(time.UTC)
			for _, q.Before = range []int64{0, 9000} {
				err := f.Store.Snapshot(t.Context(), func(db *gorm.DB) error {
					statements, args, err := f.Store.EventWays(db, q, 31)
					for i, statement := range statements {
						plan := planOf(t, f, db, statement, args[i])
						if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "TEMP B-TREE") || sortsMany(plan) {
							t.Errorf("%s, before %d: %s\n%s", tt.name, q.Before, statement, plan)
						}
					}
					return err
				})
				wantKind(t, err, 0)
			}
		}
	})
}

// sortsMany reports whether PostgreSQL would sort more than a few pages. It
// prefers to fetch the rows of a small choice in the order of the disk.
func sortsMany(plan string) bool {
	for line := range strings.Lines(plan) {
		_, rows, sorts := strings.Cut(line, "Sort  (cost=")
		_, rows, _ = strings.Cut(rows, "rows=")
		if n := 0; sorts {
			if _, err := fmt.Sscan(strings.Fields(rows)[0], &n); err != nil || n > 500 {
				return true
			}
		}
	}
	return false
}

// What the walk finds is what the condition as a whole finds, page by page and
// both ways.
func TestWalksFindWhatMatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		manyEvents(t, f, 4000)
		ctx := f.As(f.Admin)
		for _, tt := range searchesOfMany {
			q := tt.search.Query(time.UTC)
			if q.Person != "" {
				id, _ := models.ParseUserID(q.Person)
				q.Person, q.UserIDs = "", []int64{id}
			}
			var want, got []int64
			for q.Page = (models.Page{Take: 200}); len(want) < 500; q.Page.Skip += 200 {
				list := must[models.EventList](t)(f.Store.FindEvents(ctx, q))
				want = append(want, idsOf(list.Events)...)
				if !list.More {
					break
				}
			}
			walk := tt.search.Query(time.UTC)
			for len(got) < len(want) {
				list := must[models.EventList](t)(f.Store.WalkEvents(ctx, walk, 70))
				got = append(got, idsOf(list.Events)...)
				if !list.More {
					break
				}
				walk.Before = got[len(got)-1]
			}
			if got = got[:min(len(got), len(want))]; !slices.Equal(got, want) {
				t.Fatalf("%s: the walk found %d events, want %d: %.20v, want %.20v", tt.name, len(got), len(want), got, want)
			}
			if len(want) > 3 {
				walk.Before, walk.After = 0, want[3]
				back := must[models.EventList](t)(f.Store.WalkEvents(ctx, walk, 2))
				if !slices.Equal(idsOf(back.Events), want[1:3]) || !back.Newer || !back.More {
					t.Errorf("%s: back from %d: %v, want %v", tt.name, want[3], idsOf(back.Events), want[1:3])
				}
			}
		}
	})
}

func idsOf(events []models.Event) (ids []int64) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

// People are found by any part of their names by those who may see users, and by
// the whole user name by everybody else who may read the trail.
func TestPeopleInTheTrail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		team := must[models.Team](t)(f.Store.CreateTeam(storetest.Console(), models.NewTeam{Name: "Readers", Permissions: models.PermissionsOf(models.EventView)}))
		must[models.User](t)(f.Store.AddTeamMember(storetest.Console(), team.ID, "bob"))
		key, _, err := f.Store.IssueAPIKey(f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: "Hers"})
		wantKind(t, err, 0)
		reader := must[models.User](t)(f.Store.UserByName(storetest.Console(), "bob"))
		for _, tt := range []struct {
			who  models.User
			name string
			want int
		}{{f.Admin, "ALICE", 1}, {f.Admin, "lic", 1}, {f.Admin, "alice@example", 1}, {f.Admin, "nobody", 0}, {reader, "alice", 1}, {reader, "lic", 0}, {reader, "alice@example.com", 0}, {reader, f.Alice.PublicID(), 1}} {
			list := must[models.EventList](t)(f.Store.WalkEvents(f.As(tt.who), models.EventQuery{Person: tt.name, APIKeyID: key.ID}, 10))
			if len(list.Events) != tt.want {
				t.Errorf("%s asks for %q: %d events, want %d", tt.who.Username, tt.name, len(list.Events), tt.want)
			}
		}
		for i := range 11 {
			must[models.User](t)(f.Store.CreateUser(storetest.Console(), models.NewUser{Username: fmt.Sprint("sailor-", i), IsService: true}, false))
		}
		_, err = f.Store.WalkEvents(f.As(f.Admin), models.EventQuery{Person: "sailor"}, 10)
		wantProblem(t, err, "Person")
	})
}
