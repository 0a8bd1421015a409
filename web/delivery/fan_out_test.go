package delivery_test

import (
	"context"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// Of many events the first can go out before the last are looked at, and each
// goes to each subscription once.
func TestManyEventsFanOutInParts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := context.Background()
		subscribe(t, f, "One", "http://127.0.0.1:9/")
		subscribe(t, f, "Two", "http://127.0.0.1:9/")
		const keys, part = 120, 100
		for range keys {
			f.Issue(f.Robot, models.NewKey{})
		}
		more, err := f.Store.FanOutSome(ctx)
		made := f.Count("SELECT COUNT(*) FROM deliveries")
		if err != nil || !more || made == 0 || made > 2*part {
			t.Fatalf("the first part made %d deliveries, more %v, %v", made, more, err)
		}
		if claimed, err := f.Store.ClaimDeliveries(ctx, models.ChannelWebhook, 1, time.Minute); err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v before the rest is looked at", claimed, err)
		}
		if err := f.Store.FanOut(ctx); err != nil {
			t.Fatal(err)
		}
		if more, err := f.Store.FanOutSome(ctx); more || err != nil {
			t.Errorf("more %v, %v after all", more, err)
		}
		all := f.Count("SELECT COUNT(*) FROM (SELECT DISTINCT subscription_id, event_id FROM deliveries) AS d")
		if made = f.Count("SELECT COUNT(*) FROM deliveries"); all != made || made < 2*keys {
			t.Errorf("%d deliveries, %d of them different, want 2 for each of %d keys", made, all, keys)
		}
	})
}
