package store

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/keyport/keyport/models"
)

// Limits of one letter. What is due beyond the first gets the next letter.
const (
	digestMost  = 10_000 // events that it counts
	digestChunk = 500    // that are noted by one statement
)

// ClaimDigest takes, for the time of the lease, what else is due for the reader of
// a delivery by its subscription, so that one letter tells of it all: the oldest
// first.
func (s *Store) ClaimDigest(ctx context.Context, o Outgoing, lease time.Duration) (rest []models.Delivery, err error) {
	err = s.inTx(ctx, "claim digest", func(t *tx) error {
		rest = nil
		skip := ""
		if s.pool != nil {
			skip = " FOR UPDATE SKIP LOCKED"
		}
		return t.db.Raw(`UPDATE deliveries SET claimed_until = ?, attempts = attempts + 1 WHERE id IN (SELECT id FROM deliveries
			WHERE state = 'pending' AND channel = ? AND subscription_id = ? AND recipient_id = ? AND next_attempt_at <= ? AND (claimed_until IS NULL OR claimed_until <= ?)
			ORDER BY next_attempt_at, id LIMIT ?`+skip+`) RETURNING `+deliveryColumns,
			t.now.Add(lease), o.Channel, o.SubscriptionID, o.RecipientID, t.now, t.now, digestMost).Scan(&rest).Error
	})
	slices.SortFunc(rest, func(a, b models.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	return rest, err
}

// FinishLetter notes how an attempt went that told of several deliveries, and of
// the rest by its number alone. What failed for now comes due again at one time,
// so that it goes into one letter once more.
func (s *Store) FinishLetter(ctx context.Context, told []Outgoing, rest []models.Delivery, r models.Receipt) error {
	jitter := rand.Float64()
	var states []models.DeliveryState
	err := s.inTx(ctx, "finish delivery", func(t *tx) error {
		states = nil
		after := func(d models.Delivery) models.Delivery {
			d = t.after(d, r, jitter)
			states = append(states, d.State)
			return d
		}
		for _, o := range told {
			if err := t.finishDelivery(o, after(o.Delivery), r); err != nil {
				return err
			}
		}
		for tries, alike := range byAttempts(rest) {
			for some := range slices.Chunk(alike, digestChunk) {
				var ids []int64
				var noted models.Delivery
				for _, d := range some {
					noted, ids = after(d), append(ids, d.ID)
				}
				if err := t.db.Model(&models.Delivery{}).Where("id IN ? AND attempts = ? AND state = ?", ids, tries, models.DeliveryPending).Updates(t.noted(noted)).Error; err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		for _, state := range states {
			s.activity.delivered(told[0].Channel, state)
		}
	}
	return err
}

// byAttempts puts deliveries together that were tried equally often.
func byAttempts(list []models.Delivery) map[int][]models.Delivery {
	alike := map[int][]models.Delivery{}
	for _, d := range list {
		alike[d.Attempts] = append(alike[d.Attempts], d)
	}
	return alike
}
