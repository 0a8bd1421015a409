package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// wishFor is the wish to revoke all keys whose purpose holds a word, as a
// preview shows it now.
func wishFor(t *testing.T, f *storetest.Fixture, purpose string) models.RevocationWish {
	t.Helper()
	sel := models.KeySelection{At: f.Store.Now(), Status: models.KeyUsable, Purpose: purpose}
	preview := must[models.RevocationPreview](t)(f.Store.PreviewRevocation(f.As(f.Admin), sel))
	return models.RevocationWish{Selection: sel, Query: "purpose=" + purpose, Reason: "the farm is gone", Shown: preview.Keys.N}
}

func revocation(t *testing.T, f *storetest.Fixture, id int64) models.Revocation {
	t.Helper()
	return must[models.Revocation](t)(f.Store.Revocation(f.As(f.Admin), id))
}

// Exactly the keys that were shown are revoked, each with its own event that
// tells why, and all others keep working.
func TestRevokeMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		var gone, kept []models.Secret
		for i := range 250 {
			_, secret := f.Issue([]models.User{f.Alice, f.Robot}[i%2], models.NewKey{Purpose: fmt.Sprint("farm ", i)})
			gone = append(gone, secret)
		}
		_, secret := f.Issue(f.Bob, models.NewKey{Purpose: "other"})
		kept = append(kept, secret)
		used := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, firstKeyOf(t, f, f.Alice)))
		f.Store.Seen(used.ID, "192.0.2.1", "curl/8.5", f.Clock.Now())
		wantKind(t, f.Store.FlushSeen(nobody), 0)

		preview := must[models.RevocationPreview](t)(f.Store.PreviewRevocation(f.As(f.Admin), wishFor(t, f, "farm").Selection))
		if preview.Keys.N != 250 || preview.UsedToday != 1 || preview.Owners != 2 || len(preview.Sample) != 10 {
			t.Errorf("preview = %d keys, %d used, %d owners, %d shown", preview.Keys.N, preview.UsedToday, preview.Owners, len(preview.Sample))
		}
		early := wishFor(t, f, "farm")
		_, secret = f.Issue(f.Bob, models.NewKey{Purpose: "farm, made in the instant of the preview"})
		gone = append(gone, secret)
		_, err := f.Store.StartRevocation(f.As(f.Admin), early)
		wantKind(t, err, models.Conflict) // more keys than were shown
		wish := wishFor(t, f, "farm")
		f.Clock.Advance(time.Minute)
		_, secret = f.Issue(f.Bob, models.NewKey{Purpose: "farm, made after the preview"})
		kept = append(kept, secret)

		events := newEvents(t, f, func() {
			r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), wish))
			if r.Total != len(gone) || !r.Running() || !opens(t, f, gone[0]) {
				t.Errorf("started with %d keys, running %t", r.Total, r.Running())
			}
			wantKind(t, f.Store.WorkOffRevocations(nobody), 0)
			if r = revocation(t, f, r.ID); r.Running() || r.Revoked != len(gone) || r.Skipped != 0 || r.Stopped != "" {
				t.Errorf("in the end: %+v", r)
			}
		})
		for _, secret := range gone {
			if opens(t, f, secret) {
				t.Fatal("a revoked key opens")
			}
		}
		for _, secret := range kept {
			if !opens(t, f, secret) {
				t.Error("a key that was not chosen is refused")
			}
		}
		wantEventsOfRevocation(t, events, len(gone), f.Admin)
	})
}

func firstKeyOf(t *testing.T, f *storetest.Fixture, u models.User) string {
	t.Helper()
	list := must[models.KeyList](t)(f.Store.APIKeysOf(f.As(u), u.ID, models.KeyFilter{Page: models.Page{Take: 1}}))
	return list.Keys[0].ID
}

func wantEventsOfRevocation(t *testing.T, events []models.Event, keys int, admin models.User) {
	t.Helper()
	if len(events) != keys+2 {
		t.Fatalf("%d events, want one for each of %d keys, one for the beginning and one for the end", len(events), keys)
	}
	first, last := events[0], events[len(events)-1]
	if first.Category != models.Created || first.DocumentType != models.DocumentRevocations || !strings.Contains(first.Message, "was started: the farm is gone") {
		t.Errorf("first event: %+v", first)
	}
	if last.Category != models.Modified || !strings.Contains(last.Message, fmt.Sprint(keys, " keys revoked")) {
		t.Errorf("last event: %+v", last)
	}
	seen := map[string]bool{}
	for _, e := range events[1 : len(events)-1] {
		seen[e.DocumentID] = true
		if e.Category != models.Deleted || e.DocumentType != models.DocumentAPIKeys || e.UserID == nil || *e.UserID != admin.ID ||
			e.IdentifiedBy != "Session cookie" || e.RelatedUserID == nil || !strings.HasSuffix(e.Message, " was revoked: the farm is gone") || e.Address != "192.0.2.7" {
			t.Fatalf("event of a key: %+v", e)
		}
	}
	if len(seen) != keys {
		t.Errorf("events of %d keys, want %d", len(seen), keys)
	}
}

// The work stops anywhere and goes on elsewhere, and no key is dealt with twice.
func TestRevocationGoesOnAfterItsProcessEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		fillLive(t, f, 730)
		r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), wishFor(t, f, "pipeline")))
		for step, want := range []int{100, 200, 300} {
			if step == 1 { // the process ends before the batch commits
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := f.Store.RevokeBatch(ctx); err == nil {
					t.Error("a batch was done in a process that has ended")
				}
			}
			if worked, err := f.Store.RevokeBatch(t.Context()); err != nil || !worked {
				t.Fatalf("batch: %t, %v", worked, err)
			}
			if r = revocation(t, f, r.ID); r.Done() != want || !r.Running() {
				t.Errorf("after batch %d: %d done, running %t", step+1, r.Done(), r.Running())
			}
			if got := f.Count("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL"); got != want {
				t.Errorf("%d keys are revoked, want %d", got, want)
			}
		}
		replicas := []*store.Store{f.Reopen(1), f.Reopen(1), f.Reopen(1)}
		var wg sync.WaitGroup
		for _, s := range replicas {
			wg.Go(func() { wantNoError(t, s.WorkOffRevocations(t.Context())) })
		}
		wg.Wait()
		wantKind(t, f.Store.WorkOffRevocations(t.Context()), 0)
		if r = revocation(t, f, r.ID); r.Running() || r.Revoked != 730 || r.Skipped != 0 {
			t.Errorf("in the end: %+v", r)
		}
		if got := f.Count("SELECT count(*) FROM events WHERE document_type = 'ApiKeys' AND category = 'Deleted'"); got != 730 {
			t.Errorf("%d events of keys, want 730", got)
		}
		if got := f.Count("SELECT count(*) FROM events WHERE document_type = 'Revocations'"); got != 2 {
			t.Errorf("%d events of the revocation, want 2", got)
		}
	})
}

// fillLive gives Alice n live keys without secrets.
func fillLive(t *testing.T, f *storetest.Fixture, n int) {
	t.Helper()
	fill(t, f, n)
	f.Exec("UPDATE api_keys SET expires_at = ?", f.Clock.Now().Add(100*day))
}

// A batch that can't be written leaves nothing of itself behind.
func TestRevocationBatchIsOneTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		fillLive(t, f, 30)
		r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), wishFor(t, f, "pipeline")))
		f.Exec("ALTER TABLE revocation_keys RENAME COLUMN outcome TO elsewhere")
		if _, err := f.Store.RevokeBatch(t.Context()); err == nil {
			t.Fatal("a batch was done without its outcome")
		}
		f.Exec("ALTER TABLE revocation_keys RENAME COLUMN elsewhere TO outcome")
		if got := f.Count("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL"); got != 0 {
			t.Errorf("%d keys are revoked, want none", got)
		}
		wantKind(t, f.Store.WorkOffRevocations(t.Context()), 0)
		if r = revocation(t, f, r.ID); r.Revoked != 30 {
			t.Errorf("in the end: %+v", r)
		}
	})
}

// What has changed since it was shown is left alone, and the result says why.
func TestRevocationLeavesAloneWhatChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		var keys []models.APIKey
		for _, purpose := range []string{"a", "b", "c", "d", "e"} {
			key, _ := f.Issue(f.Alice, models.NewKey{Purpose: "unused " + purpose})
			keys = append(keys, key)
		}
		f.Issue(f.Alice, models.NewKey{Purpose: "unused, short", Expires: models.ExpiresAt(f.Clock.Now().Add(time.Hour))})
		f.Issue(f.Bob, models.NewKey{Purpose: "unused, of Bob"})
		sel := models.KeySelection{At: f.Store.Now(), Status: models.KeyUsable, NeverUsed: true, Purpose: "unused"}
		r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), models.RevocationWish{Selection: sel, Reason: "r", Shown: 7}))
		f.Store.Seen(keys[0].ID, "192.0.2.1", "curl/8.5", f.Clock.Now())
		wantKind(t, f.Store.FlushSeen(nobody), 0)
		must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, keys[1].ID))
		f.Exec("DELETE FROM users WHERE id = ?", f.Bob.ID)
		f.Clock.Advance(2 * time.Hour)
		wantKind(t, f.Store.WorkOffRevocations(nobody), 0)
		if r = revocation(t, f, r.ID); r.Revoked != 3 || r.Skipped != 4 || r.Running() {
			t.Errorf("in the end: %+v", r)
		}
		list, counts, err := f.Store.RevocationKeys(f.As(f.Admin), r.ID, models.Page{Take: 50})
		wantKind(t, err, 0)
		got := map[string]models.Outcome{}
		for _, k := range list {
			got[k.Purpose] = k.Outcome
		}
		want := map[string]models.Outcome{"unused a": models.OutcomeChanged, "unused b": models.OutcomeEnded, "unused, short": models.OutcomeEnded, "": models.OutcomeGone,
			"unused c": models.OutcomeRevoked, "unused d": models.OutcomeRevoked, "unused e": models.OutcomeRevoked}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("outcomes = %v, want %v", got, want)
		}
		if want := map[models.Outcome]int{models.OutcomeRevoked: 3, models.OutcomeEnded: 2, models.OutcomeChanged: 1, models.OutcomeGone: 1}; fmt.Sprint(counts) != fmt.Sprint(want) {
			t.Errorf("counts = %v, want %v", counts, want)
		}
		if len(list) > 0 && list[len(list)-1].Outcome != models.OutcomeRevoked {
			t.Error("what was left alone does not come first")
		}
	})
}
