package web_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// How many keys the pages of the benchmark are about.
var (
	keysOnSQLite   = flag.Int("keys-sqlite", 100_000, "keys in SQLite for the benchmark, 0 for none")
	keysOnPostgres = flag.Int("keys-postgres", 1_000_000, "keys in PostgreSQL for the benchmark, 0 for none")
)

// benchmarkPages are addresses of the list of all keys; %AT% is a place in the
// middle of the order.
var benchmarkPages = []struct{ name, query string }{
	{"first page", ""},
	{"all statuses", "status=all"},
	{"page in the middle", "status=all&sort=created&at=%AT%"},
	{"by owner", "sort=owner"},
	{"by last use, latest first", "sort=last-used&dir=desc"},
	{"by purpose, backwards", "sort=purpose&dir=desc"},
	{"one owner", "owner=user-43%40example.com"},
	{"service accounts, expired", "kind=service&status=expired"},
	{"rare purpose", "status=all&purpose=needle+in"},
	{"common purpose", "purpose=deploy"},
	{"purpose of two letters", "status=all&purpose=zz"},
	{"never used, by creation", "used=never&sort=created"},
	{"more than 300 days", "over=300"},
	{"ends in a week, used lately", "ends-from=2027-01-04&ends-to=2027-01-10&used-from=2026-11-01"},
	{"revoked", "status=revoked"},
}

// BenchmarkAllKeys measures whole pages as the server makes them, figures and
// timeline included:
//
//	npm run bench:pages
func BenchmarkAllKeys(b *testing.B) {
	for _, engine := range storetest.Engines {
		keys := map[storetest.Engine]*int{storetest.SQLite: keysOnSQLite, storetest.PostgreSQL: keysOnPostgres}[engine]
		b.Run(string(engine), func(b *testing.B) {
			if *keys == 0 {
				b.Skip("no keys wanted")
			}
			f := storetest.New(b, engine)
			f.FillAllKeys(*keys)
			get := getter(b, f, false)
			for _, page := range benchmarkPages {
				b.Run(page.name, func(b *testing.B) { measure(b, get, page.query) })
			}
			b.Run("next page by htmx", func(b *testing.B) { measure(b, getter(b, f, true), "sort=created&status=all&at=%AT%") })
		})
	}
}

// getter asks the server's handler in this process, as an administrator: for
// pages, or for what htmx wants of them.
func getter(b *testing.B, f *storetest.Fixture, htmx bool) func(query string) int {
	b.Helper()
	site := webtest.New(b, f.Store)
	cookies := browserOf(f, site, f.Admin).Cookies()
	middle := models.KeyPlace{Micros: f.Clock.Now().AddDate(0, 0, -200).UnixMicro(), ID: "apikeys-m"}
	cursor := models.KeyCursor{Order: models.KeyOrder{By: models.SortCreated}, Place: middle}
	return func(query string) int {
		r := httptest.NewRequest(http.MethodGet, allKeys+"?"+strings.Replace(query, "%AT%", cursor.String(), 1), nil)
		if htmx {
			r.Header.Set("Hx-Request", "true")
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		site.Server.Handler().ServeHTTP(w, r)
		return w.Code
	}
}

// measure reports the time in which half of the pages, and all but a twentieth
// of them, were ready.
func measure(b *testing.B, get func(string) int, query string) {
	b.ReportAllocs()
	get(query) // the first one reads the disk
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if status := get(query); status != http.StatusOK {
			b.Fatalf("%s: got status %d, want 200", query, status)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	milliseconds := func(part float64) float64 {
		return float64(took[int(part*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(milliseconds(0.5), "p50-ms")
	b.ReportMetric(milliseconds(0.95), "p95-ms")
	b.ReportMetric(0, "ns/op") // the mean says less
}
