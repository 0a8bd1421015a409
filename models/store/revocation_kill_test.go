//go:build unix

package store_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// revokerURL tells a copy of this program which database to work on.
const revokerURL = "KEYPORT_TEST_REVOKER_URL"

// TestRevokerProcess is no test but what the killed process of the next one
// does.
func TestRevokerProcess(t *testing.T) {
	url := os.Getenv(revokerURL)
	if url == "" {
		return
	}
	s := storetest.OpenURL(t, url, store.Options{})
	wantKind(t, s.WorkOffRevocations(t.Context()), 0)
}

// A process is killed in the middle of revoking; another one finishes, and each
// key is revoked once, with one event.
func TestRevocationSurvivesAKill(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		keys := map[storetest.Engine]int{storetest.SQLite: 6000, storetest.PostgreSQL: 1500}[f.Engine]
		fillLive(t, f, keys)
		r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), wishFor(t, f, "pipeline")))
		revoker := exec.Command(os.Args[0], "-test.run=^TestRevokerProcess$")
		revoker.Env = append(os.Environ(), revokerURL+"="+f.URL)
		if err := revoker.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); f.Count("SELECT revoked FROM revocations") == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the other process does not begin")
			}
		}
		if err := revoker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := revoker.Wait(); err == nil {
			t.Fatal("the other process had finished before it was killed")
		}
		r = revocation(t, f, r.ID)
		// In one look, since what the dead process had already sent may still be committed.
		if apart := f.Count("SELECT (SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL) - (SELECT revoked FROM revocations)"); apart != 0 || r.Revoked == 0 || r.Revoked == keys || !r.Running() {
			t.Errorf("after the kill %d keys are counted as revoked, %d fewer than are; running %t", r.Revoked, apart, r.Running())
		}
		for deadline := time.Now().Add(30 * time.Second); r.Running() && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			wantKind(t, f.Store.WorkOffRevocations(t.Context()), 0) // does nothing until PostgreSQL notices the death and lets go of the row
			r = revocation(t, f, r.ID)
		}
		if r.Revoked != keys || r.Skipped != 0 || r.Running() {
			t.Errorf("in the end: %+v", r)
		}
		if got := f.Count("SELECT count(DISTINCT document_id) FROM events WHERE document_type = 'ApiKeys' AND category = 'Deleted'"); got != keys {
			t.Errorf("events of %d keys, want %d", got, keys)
		}
		if got := f.Count("SELECT count(*) FROM events WHERE document_type = 'ApiKeys' AND category = 'Deleted'"); got != keys {
			t.Errorf("%d events, want one for each key", got)
		}
	})
}
