package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// A flood of refusals fills neither the trail nor the memory, and its extent is
// written down; what happens to others meanwhile is not lost in it.
func TestFloodsAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		refuse := func(u models.User, n int) {
			for range n {
				wantKind(t, f.Store.RecordRefused(f.As(u), "GET /configuration/audit"), 0)
			}
		}
		events := newEvents(t, f, func() {
			refuse(f.Bob, 500)
			refuse(f.Alice, 1)
			wantKind(t, f.Store.WriteCounts(nobody), 0) // the minute is not over
		})
		if len(events) != store.MostAlike+1 {
			t.Fatalf("%d events, want %d of Bob and one of Alice", len(events), store.MostAlike)
		}
		if e := events[0]; e.Category != models.AccessDenied || e.UserID == nil || !strings.HasSuffix(e.Message, " was refused: GET /configuration/audit") || e.IdentifiedBy == "" {
			t.Errorf("event = %+v", e)
		}
		f.Clock.Advance(2 * time.Minute)
		events = newEvents(t, f, func() {
			wantKind(t, f.Store.WriteCounts(nobody), 0)
			wantKind(t, f.Store.WriteCounts(nobody), 0)
		})
		if len(events) != 1 || !strings.Contains(events[0].Message, fmt.Sprint("the same ", 500-store.MostAlike, " times")) || events[0].Username != f.Bob.Username {
			t.Errorf("counts = %+v, want one of Bob's %d", events, 500-store.MostAlike)
		}
		events = newEvents(t, f, func() {
			refuse(f.Bob, store.MostAlike+2)
			wantKind(t, f.Store.WriteLastCounts(nobody), 0)
		})
		if len(events) != store.MostAlike+1 {
			t.Errorf("%d events, want a new minute and what it held at the end", len(events))
		}
		if report := verify(t, f); report.Finding != nil {
			t.Errorf("finding: %v", report.Finding)
		}
	})
}

// A failure keeps the counts for the next try.
func TestCountsSurviveAnOutage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for range store.MostAlike + 5 {
			wantKind(t, f.Store.RecordRefused(f.As(f.Bob), "GET /x"), 0)
		}
		f.Exec("ALTER TABLE audit_head RENAME TO away")
		if err := f.Store.WriteLastCounts(nobody); err == nil {
			t.Error("the counts were written without a head of the trail")
		}
		f.Exec("ALTER TABLE away RENAME TO audit_head")
		events := newEvents(t, f, func() { wantKind(t, f.Store.WriteLastCounts(nobody), 0) })
		if len(events) != 1 || !strings.Contains(events[0].Message, "the same 5 times") {
			t.Errorf("events = %+v, want the count", events)
		}
	})
}
