package store_test

import (
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

var eventsInTrail = flag.Int("events", 1_000_000, "events in the trail for the benchmark")

// BenchmarkAudit measures a long trail: pages of it, and how long it takes to
// check it all.
//
//	npm run bench:pages
func BenchmarkAudit(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			f := storetest.New(b, engine)
			manyEvents(b, f, *eventsInTrail)
			for _, tt := range searchesOfMany {
				b.Run(tt.name, func(b *testing.B) { measureWalk(b, f, tt.search.Query(time.UTC)) })
			}
			b.Run("the page in the middle", func(b *testing.B) { measureWalk(b, f, models.EventQuery{Before: int64(*eventsInTrail / 2)}) })
			b.Run("verify", func(b *testing.B) {
				for b.Loop() {
					report, err := f.Store.VerifyAudit(b.Context(), nil)
					if err != nil || report.Finding != nil || report.Checked < int64(*eventsInTrail) {
						b.Fatalf("report = %+v, %v", report, err)
					}
				}
			})
		})
	}
}

// measureWalk reports in what time all but a twentieth of a hundred pages are
// found.
func measureWalk(b *testing.B, f *storetest.Fixture, q models.EventQuery) {
	ctx := f.As(f.Admin)
	var took []time.Duration
	for b.Loop() {
		for range 100 {
			start := time.Now()
			if _, err := f.Store.WalkEvents(ctx, q, models.PageSize); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(0, "ns/op")
}
