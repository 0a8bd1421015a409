package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// trail leaves events of several kinds and returns how many there are.
func trail(t *testing.T, f *storetest.Fixture, keys int) int {
	t.Helper()
	for i := range keys {
		key, _ := f.Issue(f.Robot, models.NewKey{Purpose: fmt.Sprint("Key ", i)})
		if i%3 == 0 {
			must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Admin), f.Robot.ID, key.ID))
		}
	}
	settings(t, f, 90, 365, true)
	return len(f.Events())
}

func verify(t *testing.T, f *storetest.Fixture, heads ...models.AuditHead) models.AuditReport {
	t.Helper()
	return must[models.AuditReport](t)(f.Store.VerifyAudit(storetest.Console(), heads))
}

func TestAuditTrailIsWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		head := must[models.AuditHead](t)(f.Store.AuditHead(nobody))
		n := trail(t, f, 10)
		report := verify(t, f, head)
		if report.Finding != nil || int(report.Checked) != n || report.Uncovered != 0 {
			t.Errorf("report = %+v (%v), want %d events and no finding", report, report.Finding, n)
		}
		// A new master key chains on, and what the old one chained stays readable.
		renewed := f.Reopen(2, 1)
		_, _, err := renewed.IssueAPIKey(storetest.Console(), f.Robot.ID, models.NewKey{Purpose: "Under the new master key"})
		wantKind(t, err, 0)
		if report := must[models.AuditReport](t)(renewed.VerifyAudit(nobody, nil)); report.Finding != nil || int(report.Checked) != n+1 {
			t.Errorf("report after the master key changed = %+v (%v)", report, report.Finding)
		}
		if finding := verify(t, f).Finding; finding == nil || finding.Flaw != models.KeyMissing {
			t.Errorf("finding without the new master key = %v, want that it is missing", finding)
		}
	})
}

// tamperings are ways to change the trail behind Keyport's back. Each gets the
// first and the last id, and an id between.
var tamperings = []func(f *storetest.Fixture, first, last, id int) string{
	edit("category", "'Created '"), edit("occurred_at", "occurred_at + X"), edit("user_id", "COALESCE(user_id, 0) + 1"), edit("username", "username || '!'"),
	edit("is_service", "NOT is_service"), edit("identified_by", "identified_by || ' '"), edit("api_key_id", "api_key_id || 'x'"), edit("api_key_prefix", "api_key_prefix || 'x'"),
	edit("address", "'203.0.113.9'"), edit("user_agent", "user_agent || 'x'"), edit("request_id", "request_id || 'x'"), edit("message", "message || '.'"),
	edit("refs", "'[]'"), edit("differences", "'[1]'"), edit("document_type", "document_type || 's'"), edit("document_id", "document_id || '0'"),
	edit("related_user_id", "COALESCE(related_user_id, 0) + 1"), edit("mac_key", "mac_key - 1"), edit("mac", "NULL"),
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprint("UPDATE events SET mac = (SELECT mac FROM audit_head) WHERE id = ", max(first, min(id, last-1))))
		return "the mac of another event"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprint("DELETE FROM events WHERE id = ", id))
		return "removal"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprint("DELETE FROM events WHERE id > ", max(first, id-1)-1))
		return "the end cut off"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprint("DELETE FROM events WHERE id <= ", id))
		return "the beginning cut off"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprintf("INSERT INTO events (id, category, occurred_at, username, message, document_type, document_id, mac, mac_key) SELECT %d, category, occurred_at, username, message, document_type, document_id, mac, mac_key FROM events WHERE id = %d", last+1, id))
		return "an event added at the end"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprintf("INSERT INTO events (id, category, occurred_at, username, message, document_type, document_id) SELECT %d, category, occurred_at, username, message, document_type, document_id FROM events WHERE id = %d", first-1, id))
		return "an event added at the beginning"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		other := first + (id-first+1)%(last-first+1)
		for _, step := range [][2]int{{id, -1}, {other, id}, {-1, other}} {
			f.Exec(fmt.Sprintf("UPDATE events SET id = %d WHERE id = %d", step[1], step[0]))
		}
		return "two events swapped"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprintf("UPDATE audit_head SET event_id = %d, mac = (SELECT mac FROM events WHERE id = %d)", max(first, id-1), max(first, id-1)))
		return "the head moved back"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec("UPDATE audit_head SET mac = (SELECT mac FROM audit_checkpoints)")
		return "the head emptied"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprintf("UPDATE audit_checkpoints SET event_id = %d", id))
		f.Exec(fmt.Sprint("DELETE FROM events WHERE id <= ", id))
		return "a beginning pretended"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec(fmt.Sprintf("UPDATE audit_checkpoints SET event_id = %d, mac = (SELECT mac FROM events WHERE id = %d), mac_key = (SELECT mac_key FROM events WHERE id = %d), seal = mac", id, id, id))
		return "a checkpoint pretended"
	},
	func(f *storetest.Fixture, first, last, id int) string {
		f.Exec("DELETE FROM events")
		f.Exec(fmt.Sprintf("UPDATE audit_head SET event_id = %d, mac = (SELECT mac FROM audit_checkpoints)", last+id-first))
		f.Exec(fmt.Sprintf("UPDATE audit_checkpoints SET event_id = %d", last+id-first))
		return "nothing pretended to have been"
	},
}

func edit(column, value string) func(f *storetest.Fixture, first, last, id int) string {
	return func(f *storetest.Fixture, first, last, id int) string {
		second := "1000000"
		if f.Engine == storetest.PostgreSQL {
			second = "interval '1 second'"
		}
		f.Exec(fmt.Sprintf("UPDATE events SET %s = %s WHERE id = %d", column, replaceX(value, second), id))
		return "another " + column
	}
}

func replaceX(s, with string) string {
	for i := range s {
		if s[i] == 'X' {
			return s[:i] + with + s[i+1:]
		}
	}
	return s
}

// A thousand manipulations past Keyport, each of them found. The triggers that
// would refuse them are no wall against somebody who can write to the database,
// so they are removed first.
func TestManipulationsAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		rounds := 900
		if f.Engine == storetest.PostgreSQL {
			rounds = 100
		}
		trail(t, f, 12)
		unguard(f)
		saved := []string{"events", "audit_head", "audit_checkpoints"}
		for _, table := range saved {
			f.Exec("CREATE TABLE saved_" + table + " AS SELECT * FROM " + table)
		}
		head := verify(t, f).Head
		first, last := f.Count("SELECT MIN(id) FROM events"), int(head.EventID)
		random, db := rand.New(rand.NewPCG(1, 2)), storetest.SQL(t, f.URL)
		for i := range rounds {
			what := tamperings[i%len(tamperings)](f, first, last, first+random.IntN(last-first+1))
			if finding := verify(t, f, head).Finding; finding == nil {
				t.Fatalf("%s (round %d) was not found", what, i)
			}
			for _, table := range saved {
				if _, err := db.Exec("DELETE FROM " + table + "; INSERT INTO " + table + " SELECT * FROM saved_" + table); err != nil {
					t.Fatal(err)
				}
			}
		}
		if finding := verify(t, f, head).Finding; finding != nil {
			t.Errorf("the restored trail has a finding: %v", finding)
		}
	})
}

func unguard(f *storetest.Fixture) {
	if f.Engine == storetest.PostgreSQL {
		f.Exec("DROP TRIGGER events_guard ON events")
		return
	}
	f.Exec("DROP TRIGGER events_unchanged")
	f.Exec("DROP TRIGGER events_kept")
}

// A statement that goes astray neither changes nor removes events.
func TestEventsAreGuarded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		n := trail(t, f, 2)
		db := storetest.SQL(t, f.URL)
		for _, statement := range []string{"UPDATE events SET message = ''", "DELETE FROM events", "DELETE FROM events WHERE id = (SELECT MAX(id) FROM events)"} {
			if _, err := db.Exec(statement); err == nil {
				t.Errorf("%s was carried out", statement)
			}
		}
		if got := len(f.Events()); got != n {
			t.Errorf("there are %d events, want %d", got, n)
		}
	})
}

func TestRetentionRemovesTheBeginning(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		old := trail(t, f, 3)
		wantKind(t, f.Store.RemoveOldEvents(nobody), 0)
		if got := len(f.Events()); got != old {
			t.Fatalf("%d events were removed on the day they happened", old-got)
		}
		f.Clock.Advance(80 * day)
		trail(t, f, 3)
		kept := len(f.Events()) - old
		f.Clock.Advance(11 * day)
		wantKind(t, f.Store.RemoveOldEvents(nobody), 0)
		if got := len(f.Events()); got != old+kept {
			t.Errorf("%d events were removed before anybody had sent them out", old+kept-got)
		}
		wantKind(t, f.Store.FanOut(nobody), 0)
		wantKind(t, f.Store.RemoveOldEvents(nobody), 0)
		events := f.Events()
		if len(events) != kept+1 || events[len(events)-1].DocumentID != models.AuditRetentionID {
			t.Errorf("%d events are left, want %d and one that says so", len(events), kept)
		}
		if report := verify(t, f); report.Finding != nil || int(report.Checked) != kept+1 {
			t.Errorf("report = %+v (%v)", report, report.Finding)
		}
		unguard(f)
		f.Exec("DELETE FROM events WHERE id = (SELECT MIN(id) FROM events)")
		if verify(t, f).Finding == nil {
			t.Error("an event removed after the checkpoint was not missed")
		}
	})
}

func TestAuditSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		stored := must[models.AuditSettings](t)(f.Store.AuditSettings(f.As(f.Admin)))
		if stored.RetentionDays != models.DefaultRetentionDays {
			t.Errorf("events are kept for %d days, want 90", stored.RetentionDays)
		}
		_, err := f.Store.AuditSettings(f.As(f.Bob))
		wantKind(t, err, models.Forbidden)
		for _, days := range []int{0, -1, 3661, 1 << 40} {
			_, err := f.Store.SaveAuditSettings(f.As(f.Admin), models.AuditSettings{RetentionDays: days, Version: stored.Version})
			wantProblem(t, err, "EventRetentionDays")
		}
		wish := models.AuditSettings{RetentionDays: 400, Version: stored.Version}
		_, err = f.Store.SaveAuditSettings(f.As(f.Bob), wish)
		wantKind(t, err, models.Forbidden)
		events := newEvents(t, f, func() { must[models.AuditSettings](t)(f.Store.SaveAuditSettings(f.As(f.Admin), wish)) })
		if len(events) == 0 || len(events[len(events)-1].Differences) != 1 {
			t.Errorf("events = %+v, want one with the difference", events)
		}
		_, err = f.Store.SaveAuditSettings(f.As(f.Admin), wish)
		wantKind(t, err, models.Conflict)
	})
}

// Transactions that end at the same time leave a chain without gaps.
func TestEventsOfManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		done := make(chan error)
		for range 8 {
			go func() {
				var err error
				for i := 0; i < 10 && err == nil; i++ {
					_, _, err = f.Store.IssueAPIKey(storetest.Console(), f.Robot.ID, models.NewKey{Purpose: "At once"})
				}
				done <- err
			}()
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if report := verify(t, f); report.Finding != nil || report.Checked < 80 {
			t.Errorf("report = %+v (%v)", report, report.Finding)
		}
	})
}
