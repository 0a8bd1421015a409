package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// The same end, given in three zones, is the same end: stored alike, compared
// alike, counted alike.
func TestThreeOffsets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		end := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
		var secrets []models.Secret
		for _, offset := range []int{0, -4 * 3600, 10 * 3600} {
			wish := models.ExpiresAt(end.In(time.FixedZone("", offset)))
			key, secret := f.Issue(f.Alice, models.NewKey{Expires: wish})
			if !key.ExpiresAt.Equal(end) || key.ExpiresAt.Location() != time.UTC {
				t.Errorf("offset %d: expires = %v, want %v", offset, key.ExpiresAt, end)
			}
			secrets = append(secrets, secret)
		}
		ctx := f.As(f.Alice)
		for _, tt := range []struct {
			now             time.Time
			usable, expired int
		}{{end.Add(-time.Second), 3, 0}, {end, 0, 3}, {end.Add(time.Second), 0, 3}} {
			f.Clock.Set(tt.now.In(time.FixedZone("", 7*3600)))
			opened := 0
			for _, secret := range secrets {
				if opens(t, f, secret) {
					opened++
				}
			}
			list := must[models.KeyList](t)(f.Store.APIKeysOf(ctx, f.Alice.ID, models.KeyFilter{Status: models.KeyExpired, Page: models.Page{Take: 9}}))
			counted := must[int](t)(f.Store.CountKeysEndingAfter(nobody, end.Add(-time.Minute).In(time.FixedZone("", -9*3600))))
			if opened != tt.usable || list.Total != tt.expired || list.Counts[models.KeyUsable] != tt.usable || counted != tt.usable {
				t.Errorf("at %v: opened %d, expired %d, usable %d, counted %d; want %d and %d", tt.now, opened, list.Total, list.Counts[models.KeyUsable], counted, tt.usable, tt.expired)
			}
		}
	})
}
