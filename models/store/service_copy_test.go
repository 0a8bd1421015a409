package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// registered asks for a service until the answer comes from memory.
func registered(t *testing.T, s *store.Store, name string) (models.Service, bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); !s.VerifyStats().FeedFresh; time.Sleep(5 * time.Millisecond) {
		if _, _, err := s.RegisteredService(nobody, name); err != nil || time.Now().After(until) {
			t.Fatalf("the feed never came up: %v", err)
		}
	}
	found, ok, err := s.RegisteredService(nobody, name)
	if err != nil {
		t.Fatal(err)
	}
	return found, ok
}

// What the copy says of a service is what the database would: at once where it
// was changed, and within a second elsewhere.
func TestRegisteredServiceFollowsChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		other, ctx := f.Reopen(1), f.As(f.Admin)
		follows := func(what string, want int64) {
			t.Helper()
			if here, ok := registered(t, f.Store, "billing"); here.RatePerMinute != want || ok != (want > 0) {
				t.Errorf("%s: the same replica says %+v, %v", what, here, ok)
			}
			since := time.Now()
			for there, ok := registered(t, other, "billing"); there.RatePerMinute != want || ok != (want > 0); there, ok = registered(t, other, "billing") {
				if time.Since(since) > time.Second {
					t.Fatalf("%s: after a second the other replica says %+v, %v", what, there, ok)
				}
				time.Sleep(time.Millisecond)
			}
		}
		follows("nothing", 0)
		made := must[models.Service](t)(f.Store.CreateService(ctx, models.NewService{Name: "billing", RatePerMinute: 5}))
		follows("registered", 5)
		must[models.Service](t)(f.Store.ChangeService(ctx, made.ID, models.ServiceChange{NewService: models.NewService{RatePerMinute: 7}}))
		follows("changed", 7)
		must[models.Service](t)(f.Store.DeleteService(ctx, made.ID))
		follows("removed", 0)
	})
}

// Each call of each service asks, so asking must cost nothing.
func TestRegisteredServiceAllocatesNothing(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	must[models.Service](t)(f.Store.CreateService(f.As(f.Admin), models.NewService{Name: "billing", RatePerMinute: 5}))
	registered(t, f.Store, "billing")
	if n := testing.AllocsPerRun(100, func() {
		if _, ok, err := f.Store.RegisteredService(nobody, "billing"); !ok || err != nil {
			t.Errorf("got %v, %v", ok, err)
		}
	}); n >= 1 {
		t.Errorf("%v allocations a call, want none", n)
	}
}
