package store_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// planOf returns how the database would answer a query.
func planOf(t *testing.T, f *storetest.Fixture, db *gorm.DB, statement string, args []any) string {
	t.Helper()
	if f.Engine == storetest.PostgreSQL {
		var lines []string
		if err := db.Raw("EXPLAIN "+statement, args...).Scan(&lines).Error; err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	var steps []struct{ Detail string }
	if err := db.Raw("EXPLAIN QUERY PLAN "+statement, args...).Scan(&steps).Error; err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for _, s := range steps {
		plan.WriteString(s.Detail + "\n")
	}
	return plan.String()
}

// reads reports whether a plan reads the whole table of keys.
func reads(plan string) bool {
	for line := range strings.Lines(plan) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "Seq Scan on api_keys") || line == "SCAN k" {
			return true
		}
	}
	return false
}

// Each page of the list, from whatever filter and in whatever order, comes out
// of an index: the first page, and one from the middle.
func TestPagesOfAllKeysUseIndexes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.FillAllKeys(20_000)
		now, today := f.Store.Now(), models.DateIn(f.Store.Now(), time.UTC)
		indexes := map[models.KeySort]string{
			models.SortExpires: "api_keys_expires", models.SortCreated: "api_keys_created", models.SortPurpose: "api_keys_purpose",
			models.SortLastUsed: "api_keys_used", models.SortOwner: "users_username",
		}
		searches := map[string]models.KeySearch{
			"usable": {Status: models.KeyUsable}, "all": {}, "expired": {Status: models.KeyExpired},
			"made this year": {Status: models.KeyUsable, Created: models.DateRange{From: today.AddDays(-300)}},
		}
		for name, search := range searches {
			for by, index := range indexes {
				for _, descending := range []bool{false, true} {
					order := models.KeyOrder{By: by, Descending: descending}
					sel := search.Selection(now, time.UTC, 366)
					page := must[models.AllKeys](t)(f.Store.AllKeys(f.As(f.Admin), sel, order, nil, 30))
					if page.Next == nil {
						t.Fatalf("%s by %s has one page only", name, by)
					}
					for _, from := range []*models.KeyCursor{nil, page.Next} {
						wantIndex(t, f, sel, order, from, false, name, index)
					}
				}
			}
		}
	})
}

func wantIndex(t *testing.T, f *storetest.Fixture, sel models.KeySelection, order models.KeyOrder, from *models.KeyCursor, few bool, name, index string) {
	t.Helper()
	err := f.Store.Snapshot(t.Context(), func(db *gorm.DB) error {
		statement, args, err := f.Store.Walk(db, sel, order, from, few)
		if err != nil {
			return err
		}
		if plan := planOf(t, f, db, statement, args); !strings.Contains(plan, index) || reads(plan) {
			t.Errorf("%s, %+v, next page %t: the plan does not use %s alone:\n%s", name, order, from != nil, index, plan)
		}
		return nil
	})
	wantKind(t, err, 0)
}

// filterPlan is a filter and the index that it has to be answered by.
type filterPlan struct {
	name   string
	search models.KeySearch
	index  string
}

// A filter that chooses few keys finds them by an index, also to count them.
func TestFiltersOfAllKeysUseIndexes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.FillAllKeys(20_000)
		now, today := f.Store.Now(), models.DateIn(f.Store.Now(), time.UTC)
		tests := []filterPlan{
			{"ending soon", models.KeySearch{Status: models.KeyExpiresSoon}, "expires"},
			{"a week", models.KeySearch{Status: models.KeyUsable, Ends: models.DateRange{From: today.AddDays(30), To: today.AddDays(36)}}, "expires"},
			{"over the maximum", models.KeySearch{Status: models.KeyUsable, OverDays: 350}, "expires"},
			{"one owner", models.KeySearch{Owner: "user-77@"}, "api_keys_user"},
			{"one owner by id", models.KeySearch{Status: models.KeyUsable, Owner: models.UserID(f.Robot.ID + 30)}, "api_keys_user"},
			{"made yesterday", models.KeySearch{Created: models.DateRange{From: today.AddDays(-1)}}, "api_keys_created"},
			{"used today", models.KeySearch{Used: models.DateRange{From: today}}, "api_keys_used"},
		}
		if f.Engine == storetest.PostgreSQL {
			tests = append(tests, filterPlan{"a rare word", models.KeySearch{Purpose: storetest.Needle}, "api_keys_purpose_pieces"},
				filterPlan{"revoked", models.KeySearch{Status: models.KeyRevoked}, "api_keys_revoked"})
		}
		for _, tt := range tests {
			sel := tt.search.Selection(now, time.UTC, 366)
			if n := must[models.AllKeys](t)(f.Store.AllKeys(f.As(f.Admin), sel, models.KeyOrder{}, nil, 0)).Total; n.N == 0 || n.More {
				t.Errorf("%s chooses %+v keys, want few", tt.name, n)
			}
			for _, by := range []models.KeySort{models.SortExpires, models.SortOwner} {
				wantIndex(t, f, sel, models.KeyOrder{By: by}, nil, true, tt.name, tt.index)
			}
			err := f.Store.Snapshot(t.Context(), func(db *gorm.DB) error {
				statement, args, err := f.Store.CountQuery(db, sel)
				if err != nil {
					return err
				}
				if plan := planOf(t, f, db, statement, args); !strings.Contains(plan, tt.index) || reads(plan) {
					t.Errorf("%s is counted without %s:\n%s", tt.name, tt.index, plan)
				}
				return nil
			})
			wantKind(t, err, 0)
		}
	})
}

// A status and a filter that bound the same end make one bound of it: SQLite
// enters its index at the first one, whichever is the narrower.
func TestOneBoundOnEachSide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		now, today := f.Store.Now(), models.DateIn(f.Store.Now(), time.UTC)
		day := models.DateRange{From: today.AddDays(3), To: today.AddDays(9)}
		for _, status := range []models.KeyStatus{models.KeyUsable, models.KeyExpiresSoon, models.KeyExpired} {
			err := f.Store.Snapshot(t.Context(), func(db *gorm.DB) error {
				sel := models.KeySearch{Status: status, Ends: day, OverDays: 5}.Selection(now, time.UTC, 366)
				statement, _, err := f.Store.CountQuery(db, sel)
				if after, until := strings.Count(statement, "expires_at > "), strings.Count(statement, "expires_at <= "); after != 1 || until != 1 {
					t.Errorf("%s: %d bounds below and %d above, want one of each:\n%s", status, after, until, statement)
				}
				return err
			})
			wantKind(t, err, 0)
		}
	})
}

// The search for a rare word finds its key among many, and the same with a word
// that every eighth key has.
func TestSearchAmongManyKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		f.FillAllKeys(20_000)
		count := func(word string) int {
			sel := models.KeySelection{At: f.Store.Now(), Purpose: word}
			return must[models.AllKeys](t)(f.Store.AllKeys(f.As(f.Admin), sel, models.KeyOrder{}, nil, 1)).Total.N
		}
		for word, want := range map[string]int{storetest.Needle: 1, "haystack": 1, "ha": f.Count("SELECT count(*) FROM api_keys WHERE purpose_fold LIKE '%ha%'"),
			"deploy": f.Count("SELECT count(*) FROM api_keys WHERE purpose_fold LIKE '%deploy%'"), "agent 77": f.Count("SELECT count(*) FROM api_keys WHERE purpose_fold LIKE '%agent 77%'"), "nowhere": 0} {
			if got := count(word); got != want {
				t.Errorf("%q: %d keys, want %d", word, got, want)
			}
		}
	})
}
