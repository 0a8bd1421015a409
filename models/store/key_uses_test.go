package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestKeyUsesKeepsTheNewestClients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		other := f.Reopen(1) // another replica
		for i := range 8 {
			f.Store.Seen(key.ID, fmt.Sprint("192.0.2.", i), "curl/8.5", f.Clock.Now())
			other.Seen(key.ID, fmt.Sprint("192.0.2.", i), "Terraform/1.11", f.Clock.Now().Add(-time.Second))
			wantKind(t, f.Store.FlushSeen(nobody), 0)
			f.Clock.Advance(2 * time.Minute)
			wantKind(t, other.FlushSeen(nobody), 0)
			f.Clock.Advance(2 * time.Minute)
		}
		uses := must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Alice), f.Alice.ID, key.ID))
		if len(uses) != models.MaxKeyUses {
			t.Fatalf("%d clients are kept, want %d: %v", len(uses), models.MaxKeyUses, uses)
		}
		if uses[0].Address != "192.0.2.7" || uses[0].UserAgent != "curl/8.5" {
			t.Errorf("the newest client is %v", uses[0])
		}
		for i, use := range uses[1:] {
			if use.UsedAt.After(uses[i].UsedAt) {
				t.Errorf("the clients are out of order: %v", uses)
			}
		}
		must[[]models.KeyUse](t)(f.Store.KeyUses(f.As(f.Admin), f.Alice.ID, key.ID))
		_, err := f.Store.KeyUses(f.As(f.Bob), f.Alice.ID, key.ID)
		wantKind(t, err, models.NotFound)
	})
}

// A key that is used all the time costs one write a minute, however often and
// from however many replicas that is.
func TestUsingAKeyIsWrittenOnceAMinute(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		replicas := []interface {
			Seen(id, address, agent string, at time.Time)
		}{f.Store, f.Reopen(1)}
		first, writes, written := f.Clock.Now(), 0, ""
		for range 60 { // ten minutes in steps of ten seconds
			f.Clock.Advance(10 * time.Second)
			for _, r := range replicas {
				r.Seen(key.ID, "192.0.2.1", "curl/8.5", f.Clock.Now())
			}
			wantKind(t, f.Store.FlushSeen(nobody), 0)
			got := must[models.APIKey](t)(f.Store.APIKey(f.As(f.Alice), f.Alice.ID, key.ID))
			if now := fmt.Sprint(got.LastUsedAt); now != written {
				writes, written = writes+1, now
			}
			if behind := f.Clock.Now().Sub(*got.LastUsedAt); behind > time.Minute {
				t.Fatalf("the last use is %v behind", behind)
			}
		}
		if minutes := int(f.Clock.Now().Sub(first) / time.Minute); writes > minutes {
			t.Errorf("%d writes in %d minutes", writes, minutes)
		}
	})
}
