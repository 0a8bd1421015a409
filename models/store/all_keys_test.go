package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// randomKeys gives every user of the fixture keys of all sorts, of which many
// agree in a time, a purpose or an owner, and returns all of them as the
// database has them.
func randomKeys(t *testing.T, f *storetest.Fixture, random *rand.Rand, n int) []models.OwnedKey {
	t.Helper()
	purposes := []string{"Deploy", "deploy gate", "Straße 7", "ÄÖÜ report", "100%_\\", "x", "gate 12", "Νυχτερινό"}
	users := []models.User{f.Alice, f.Bob, f.Charlie, f.Admin, f.Robot}
	around := func(days int) time.Time {
		return f.Clock.Now().Add(time.Duration(random.IntN(2*days*24)-days*24) * time.Hour)
	}
	for range n {
		key, _ := f.Issue(users[random.IntN(len(users))], models.NewKey{Purpose: purposes[random.IntN(len(purposes))]})
		created := around(100).Add(-100 * 24 * time.Hour)
		ends := created.Add(time.Duration(1+random.IntN(400)) * 24 * time.Hour)
		f.Exec("UPDATE api_keys SET created_at = ?, expires_at = ? WHERE id = ?", created, ends, key.ID)
		if random.IntN(3) > 0 {
			f.Exec("UPDATE api_keys SET last_used_at = ? WHERE id = ?", around(40), key.ID)
		}
		if random.IntN(5) == 0 {
			f.Exec("UPDATE api_keys SET revoked_at = ? WHERE id = ?", around(40), key.ID)
		}
	}
	all := must[models.AllKeys](t)(f.Store.AllKeys(f.As(f.Admin), models.KeySelection{At: f.Store.Now()}, models.KeyOrder{}, nil, n+1))
	if len(all.Keys) != n || all.Total.N != n {
		t.Fatalf("%d keys, total %d, want %d", len(all.Keys), all.Total.N, n)
	}
	return all.Keys
}

// randomSearch wishes for anything that the page can wish for.
func randomSearch(random *rand.Rand, today models.Date) models.KeySearch {
	one := func(values ...string) string { return values[random.IntN(len(values))] }
	days := func() models.DateRange {
		var r models.DateRange
		if random.IntN(3) == 0 {
			r.From = today.AddDays(random.IntN(200) - 150)
		}
		if random.IntN(3) == 0 {
			r.To = today.AddDays(random.IntN(300) - 100)
		}
		return r
	}
	s := models.KeySearch{
		Status:  models.KeyStatus(one("", "", "usable", "usable", "expires-soon", "expired", "revoked")),
		Owner:   one("", "", "", "LI", "bob", "example.com", "Users-1", "users-3", "nobody", "A"),
		Kind:    models.UserKind(one("", "", "", "person", "service")),
		Purpose: one("", "", "", "DEPLOY", "gate", "äöü", "straße", "%_\\", "x", "none of them"),
		Created: days(), Ends: days(), Used: days(),
		NeverUsed: random.IntN(6) == 0, OverMaximum: random.IntN(8) == 0,
		Order: models.KeyOrder{By: models.KeySort(one("expires", "created", "purpose", "last-used", "owner")), Descending: random.IntN(2) == 0},
	}
	if random.IntN(8) == 0 {
		s.OverDays = 1 + random.IntN(300)
	}
	return s
}

// What a selection means in Go it means to both databases, in each order, page
// by page there and back again.
func TestAllKeysAgreesWithTheModel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		seed := uint64(time.Now().UnixNano())
		random := rand.New(rand.NewPCG(seed, 1))
		all := randomKeys(t, f, random, 120)
		ctx, now := f.As(f.Admin), f.Store.Now()
		zones := []*time.Location{time.UTC, models.ZoneOr("America/Santiago"), models.ZoneOr("Pacific/Kiritimati")}
		found := 0
		for i := range 300 {
			search := randomSearch(random, models.DateIn(now, time.UTC))
			sel := search.Selection(now, zones[random.IntN(len(zones))], 180)
			want := slices.DeleteFunc(slices.Clone(all), func(k models.OwnedKey) bool { return !sel.Matches(k) })
			slices.SortFunc(want, search.Order.Compare)
			take := 1 + random.IntN(40)
			got, back := walkAllKeys(t, f, ctx, sel, search.Order, take)
			if fmt.Sprint(got) != fmt.Sprint(ids(want)) {
				t.Fatalf("seed %d, search %d: %+v\n got %v\nwant %v", seed, i, search, got, ids(want))
			}
			if fmt.Sprint(back) != fmt.Sprint(got[:min(len(got), len(back))]) {
				t.Fatalf("seed %d, search %d: %+v\n back %v\n forth %v", seed, i, search, back, got)
			}
			found += len(got)
		}
		if found == 0 {
			t.Error("no search found anything")
		}
	})
}

func ids(keys []models.OwnedKey) []string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.ID
	}
	return list
}

// walkAllKeys turns the pages to the end and then back to the beginning, and
// returns the keys of both ways in the order of the list; those on the way back
// without the last page, which is where it began.
func walkAllKeys(t *testing.T, f *storetest.Fixture, ctx context.Context, sel models.KeySelection, order models.KeyOrder, take int) (forth, back []string) {
	t.Helper()
	var page models.AllKeys
	turn := func(from *models.KeyCursor) {
		if from != nil { // as the address carries it
			read, ok := models.ParseKeyCursor(from.String(), order)
			if !ok {
				t.Fatalf("the cursor %+v can't be read again", *from)
			}
			from = &read
		}
		page = must[models.AllKeys](t)(f.Store.AllKeys(ctx, sel, order, from, take))
	}
	turn(nil)
	for {
		if page.First != len(forth) {
			t.Fatalf("the page begins behind %d keys, want %d", page.First, len(forth))
		}
		forth = append(forth, ids(page.Keys)...)
		if page.Next == nil {
			break
		}
		turn(page.Next)
	}
	if page.Total.N != len(forth) {
		t.Fatalf("total = %d, but the pages hold %d keys", page.Total.N, len(forth))
	}
	for page.Previous != nil {
		turn(page.Previous)
		back = append(ids(page.Keys), back...)
		if page.Next == nil {
			t.Fatal("the way back has no way forth")
		}
	}
	if page.First != 0 {
		t.Errorf("the first page begins behind %d keys", page.First)
	}
	return forth, back
}

// The timeline counts the same keys that its links lead to, and the tiles too.
func TestTotalsAndWeeksLeadToTheirKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		randomKeys(t, f, rand.New(rand.NewPCG(7, 7)), 150)
		ctx, now, zone := f.As(f.Admin), f.Store.Now(), models.ZoneOr("America/Santiago")
		count := func(s models.KeySearch) int {
			return must[models.AllKeys](t)(f.Store.AllKeys(ctx, s.Selection(now, zone, 180), models.KeyOrder{}, nil, 0)).Total.N
		}
		weeks := models.Weeks(now, zone, models.TimelineWeeks)
		ending := must[[]int](t)(f.Store.KeysEnding(ctx, weeks))
		sum := 0
		for i, w := range weeks {
			if want := count(models.KeySearch{Status: models.KeyUsable, Ends: w.DateRange}); ending[i] != want {
				t.Errorf("week of %s: %d keys, its link leads to %d", w.From, ending[i], want)
			}
			sum += ending[i]
		}
		if len(ending) != models.TimelineWeeks || sum == 0 {
			t.Errorf("timeline = %v, want %d weeks with keys", ending, models.TimelineWeeks)
		}
		over := models.KeySearch{Status: models.KeyUsable, OverMaximum: true}
		totals := must[models.KeyTotals](t)(f.Store.KeyTotals(ctx, now, over.Selection(now, zone, 180).EndsAfter))
		got := []int{totals.Live.N, totals.Soon.N, totals.NeverUsed.N, totals.OverMaximum.N}
		want := []int{count(models.KeySearch{Status: models.KeyUsable}), count(models.KeySearch{Status: models.KeyExpiresSoon}),
			count(models.KeySearch{Status: models.KeyUsable, NeverUsed: true}), count(over)}
		if !slices.Equal(got, want) || slices.Contains(want, 0) {
			t.Errorf("totals = %v, their links lead to %v", got, want)
		}
		if totals.Urgent.N > totals.Soon.N {
			t.Errorf("%d keys end within 10 days, but %d within 20", totals.Urgent.N, totals.Soon.N)
		}
	})
}

// Counting stops, and says so.
func TestAllKeysCountsUpToALimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		fill(t, f, models.CountLimit)
		ctx, sel := f.As(f.Admin), models.KeySelection{At: f.Store.Now()}
		total := func() models.Bounded {
			return must[models.AllKeys](t)(f.Store.AllKeys(ctx, sel, models.KeyOrder{By: models.SortCreated}, nil, 2)).Total
		}
		if got, want := total(), (models.Bounded{N: models.CountLimit}); got != want {
			t.Errorf("total = %+v, want %+v", got, want)
		}
		f.Issue(f.Bob, models.NewKey{})
		if got, want := total(), (models.Bounded{N: models.CountLimit, More: true}); got != want {
			t.Errorf("one more: total = %+v, want %+v", got, want)
		}
		walked, _ := walkAllKeysOf(t, f, ctx, sel)
		if walked != models.CountLimit+1 {
			t.Errorf("the pages hold %d keys, want all", walked)
		}
	})
}

// walkAllKeysOf turns pages past the limit of counting.
func walkAllKeysOf(t *testing.T, f *storetest.Fixture, ctx context.Context, sel models.KeySelection) (n, pages int) {
	t.Helper()
	order := models.KeyOrder{By: models.SortLastUsed, Descending: true}
	seen := map[string]bool{}
	for from := (*models.KeyCursor)(nil); ; pages++ {
		page := must[models.AllKeys](t)(f.Store.AllKeys(ctx, sel, order, from, 1000))
		for _, k := range page.Keys {
			seen[k.ID] = true
		}
		if from = page.Next; from == nil {
			return len(seen), pages
		}
	}
}

func TestAllKeysAccess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		sel := models.KeySelection{At: f.Store.Now(), Status: models.KeyUsable}
		for _, tt := range []struct {
			name string
			user models.User
			want models.Kind
		}{{"administrator", f.Admin, 0}, {"person", f.Alice, models.Forbidden}} {
			ctx := f.As(tt.user)
			_, err := f.Store.AllKeys(ctx, sel, models.KeyOrder{}, nil, 1)
			wantKind(t, err, tt.want)
			_, err = f.Store.KeyTotals(ctx, sel.At, sel.At)
			wantKind(t, err, tt.want)
			_, err = f.Store.KeysEnding(ctx, models.Weeks(sel.At, time.UTC, 1))
			wantKind(t, err, tt.want)
			_, err = f.Store.OwnedKey(ctx, key.ID)
			wantKind(t, err, tt.want)
			_, err = f.Store.PreviewRevocation(ctx, sel)
			wantKind(t, err, tt.want)
			_, err = f.Store.RunningRevocations(ctx)
			wantKind(t, err, tt.want)
		}
		_, err := f.Store.AllKeys(nobody, sel, models.KeyOrder{}, nil, 1)
		wantKind(t, err, models.Unauthenticated)
		for _, id := range []string{"apikeys-none", "", "\x00", "\xff"} {
			_, err := f.Store.OwnedKey(f.As(f.Admin), id)
			wantKind(t, err, models.NotFound)
		}
		for field, bad := range map[string]models.KeySelection{"Status": {Status: "lost"}, "Kind": {Kind: "ghost"}} {
			_, err := f.Store.AllKeys(f.As(f.Admin), bad, models.KeyOrder{}, nil, 1)
			wantProblem(t, err, field)
		}
	})
}
