package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// Several replicas look at the same events at the same moment. Each subscription
// has one delivery of each event that it wants, none is missing, and nothing is
// left to look at.
func TestReplicasFanOutAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const ending, hooks, replicas = 2100, 5, 2
		for i := range hooks {
			filter := models.EventFilter{EventGroups: []string{"ApiKeyExpiry"}}
			if i == 0 {
				filter = models.EventFilter{EventCategories: []string{"Created"}} // wants none of these
			}
			must[models.Subscription](t)(f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{Name: fmt.Sprint("Hook ", i), WebhookURL: fmt.Sprintf("https://hook-%d.example.com/", i), Filter: filter}))
		}
		wantKind(t, f.Store.FanOut(nobody), 0)
		endAtOnce(t, f, ending)
		if waiting := must[int64](t)(f.Store.PendingFanOut(nobody)); waiting < ending {
			t.Fatalf("%d events wait, want %d", waiting, ending)
		}
		errs, start := make([]error, replicas), make(chan struct{})
		var all sync.WaitGroup
		for i, s := range processesOf(f, replicas) {
			all.Go(func() { <-start; errs[i] = s.FanOut(nobody) })
		}
		close(start)
		all.Wait()
		for _, err := range errs {
			wantKind(t, err, 0)
		}
		const of = " FROM deliveries d JOIN events e ON e.id = d.event_id WHERE d.channel = 'webhook' AND e.category = 'ApiKeyExpired'"
		if rows := f.Count("SELECT count(*)" + of); rows != ending*(hooks-1) {
			t.Errorf("%d deliveries, want %d of each of %d subscriptions", rows, ending, hooks-1)
		}
		if pairs := f.Count("SELECT count(*) FROM (SELECT DISTINCT d.event_id, d.subscription_id" + of + ") AS pairs"); pairs != ending*(hooks-1) {
			t.Errorf("%d events are on their way to subscriptions, want %d", pairs, ending*(hooks-1))
		}
		if at, last := f.Count("SELECT event_id FROM fan_out"), f.Count("SELECT max(id) FROM events"); at != last {
			t.Errorf("events up to %d were looked at, want %d", at, last)
		}
	})
}

// processesOf opens the database in so many processes, or what stands for them.
// A file of SQLite has one, and what is done at the same time shares its queue.
func processesOf(f *storetest.Fixture, n int) []*store.Store {
	if f.Engine == storetest.SQLite {
		return slices.Repeat([]*store.Store{f.Store}, n)
	}
	stores := make([]*store.Store, n)
	for i := range stores {
		stores[i] = f.Reopen(1)
	}
	return stores
}

// endAtOnce lets n keys end, each with its event.
func endAtOnce(t *testing.T, f *storetest.Fixture, n int) {
	t.Helper()
	f.FillAllKeys(n)
	now := f.Store.Now()
	f.Exec("UPDATE api_keys SET revoked_at = NULL, expires_at = ?, notice_at = ?", now, now)
	run := must[models.ExpiryRun](t)(f.Store.RaiseExpiryEvents(nobody))
	if got := run.Events[models.APIKeyExpired]; got != n {
		t.Fatalf("%d keys have ended, want %d", got, n)
	}
}
