package store_test

import (
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// Writing down that keys and their owners were seen is no change of what keys
// open: caches stay. A user who is stopped is one.
func TestFlushingKeepsCaches(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	key, _ := f.Issue(f.Alice, models.NewKey{})
	changes := func() int { return f.Count("SELECT version FROM key_changes") }
	before := changes()
	f.Store.Seen(key.ID, "192.0.2.1", "curl/8.5", f.Clock.Now())
	wantKind(t, f.Store.FlushSeen(nobody), 0)
	if f.Count("SELECT COUNT(*) FROM api_keys WHERE last_used_at IS NOT NULL") != 1 {
		t.Fatal("nothing was written")
	}
	if got := changes(); got != before {
		t.Errorf("a flush counts as %d changes of what keys open", got-before)
	}
	f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Alice.ID)
	if changes() == before {
		t.Error("stopping a user counts as no change of what keys open")
	}
}
