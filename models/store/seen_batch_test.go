package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// used notes uses of a key, written "address@minute", which is after start.
func used(f *storetest.Fixture, start time.Time, id, uses string) {
	for use := range strings.FieldsSeq(uses) {
		var minute int
		address, at, _ := strings.Cut(use, "@")
		fmt.Sscan(at, &minute)
		f.Store.Seen(id, address, "curl/8.5", start.Add(time.Duration(minute)*time.Minute))
	}
}

// wantUse compares the last use of a key, and its clients, with what is written
// in the words of used.
func wantUse(t *testing.T, f *storetest.Fixture, start time.Time, id, last, clients string) {
	t.Helper()
	use := func(address string, at time.Time) string { return fmt.Sprint(address, "@", at.Sub(start).Minutes()) }
	var gotLast string
	if key := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, id)); key.LastUsedAt != nil {
		gotLast = use(key.LastUsedIP, *key.LastUsedAt)
	}
	var got []string
	for _, u := range must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Alice), f.Alice.ID, id)) {
		got = append(got, use(u.Address, u.UsedAt))
	}
	if gotClients := strings.Join(got, " "); gotLast != last || gotClients != clients {
		t.Errorf("%s was last used %q, by %q; want %q, by %q", id, gotLast, gotClients, last, clients)
	}
}

// A flush of more keys than one transaction takes treats each by its own state.
func TestSeenManyKeys(t *testing.T) {
	kinds := []struct{ before, uses, soon, last, clients string }{ // soon is used, and flushed, within the minute; last and clients are at the end
		{uses: "a@40", last: "a@40", clients: "a@40"},
		{uses: "a@40 b@38 c@39", last: "a@40", clients: "a@40 c@39 b@38"},
		{uses: "a@40", soon: "b@40", last: "a@40", clients: "a@40 b@40"},
		{uses: "a@39", soon: "b@40", last: "b@40", clients: "b@40 a@39"},
		{before: "d@10 c@10 a@10 b@10", uses: "x@40 y@39 z@38", last: "x@40", clients: "x@40 y@39 z@38 a@10 b@10"},
		{before: "a@20 b@18", uses: "b@19 c@17", last: "a@20", clients: "a@20 b@19 c@17"},
		{before: "a@20 b@18", uses: "b@17 c@16", last: "a@20", clients: "a@20 b@18 c@16"},
		{before: "a@20", uses: "b@1 c@2 d@3 e@4 f@5", last: "a@20", clients: "a@20 f@5 e@4 d@3 c@2"},
		{},
	}
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const keys = 1100
		fill(t, f, keys+2)
		f.Exec("UPDATE api_keys SET id = 'later' WHERE id = 'k1101'")
		f.Exec("UPDATE api_keys SET id = 'too-late' WHERE id = 'k1102'")
		start := f.Clock.Now()
		each := func(at time.Duration, uses func(kind int) string) {
			t.Helper()
			f.Clock.Set(start.Add(at))
			for i := range keys {
				used(f, start, fmt.Sprint("k", i+1), uses(i%len(kinds)))
			}
			wantKind(t, f.Store.FlushSeen(nobody), 0)
		}
		each(20*time.Minute, func(k int) string { return kinds[k].before })
		used(f, start, "k1101", "a@40")
		used(f, start, "k1102", "a@40")
		each(40*time.Minute, func(k int) string { return kinds[k].uses })
		each(40*time.Minute+30*time.Second, func(k int) string { return kinds[k].soon })
		wantUse(t, f, start, "k3", "a@40", "a@40")
		wantUse(t, f, start, "k4", "a@39", "a@39")

		f.Exec("UPDATE api_keys SET id = 'k1101' WHERE id = 'later'")
		each(41*time.Minute, func(int) string { return "" })
		for i := range keys {
			kind := kinds[i%len(kinds)]
			wantUse(t, f, start, fmt.Sprint("k", i+1), kind.last, kind.clients)
		}
		wantUse(t, f, start, "k1101", "a@40", "a@40")

		each(51*time.Minute, func(int) string { return "" })
		f.Exec("UPDATE api_keys SET id = 'k1102' WHERE id = 'too-late'")
		each(52*time.Minute, func(int) string { return "" })
		wantUse(t, f, start, "k1102", "", "")
	})
}
