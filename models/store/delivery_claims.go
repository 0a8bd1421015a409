package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keyport/keyport/models"
)

// claimChunk bounds the deliveries that one statement renews or gives back.
const claimChunk = 500

// ClaimDeliveries takes up to n deliveries of a channel that are due. Each is
// the caller's for the time of the lease, on whatever replica, and longer while
// he renews it; then he is taken for dead and it is somebody else's turn. The
// number of attempts tells a late answer from the one that counts. Subscriptions
// in except have enough under way.
func (s *Store) ClaimDeliveries(ctx context.Context, channel models.Channel, n int, lease time.Duration, except ...int64) ([]Outgoing, error) {
	var claimed []models.Delivery
	err := s.inTx(ctx, "claim deliveries", func(t *tx) error {
		skip := ""
		if s.pool != nil {
			skip = " FOR UPDATE SKIP LOCKED"
		}
		return t.db.Raw(`UPDATE deliveries SET claimed_until = ?, attempts = attempts + 1 WHERE id IN (SELECT id FROM deliveries
			WHERE state = 'pending' AND channel = ? AND next_attempt_at <= ? AND (claimed_until IS NULL OR claimed_until <= ?) AND subscription_id NOT IN ? ORDER BY next_attempt_at, id LIMIT ?`+skip+`) RETURNING `+deliveryColumns,
			t.now.Add(lease), channel, t.now, t.now, append([]int64{0}, except...), n).Scan(&claimed).Error
	})
	if err != nil || len(claimed) == 0 {
		return nil, err
	}
	slices.SortFunc(claimed, func(a, b models.Delivery) int { return cmp.Compare(a.ID, b.ID) }) // what was updated comes back in any order
	outgoing, err := s.Outgoing(ctx, claimed...)
	if err != nil && ctx.Err() != nil { // the caller ends, and there is nothing wrong with what he claimed
		err = errors.Join(err, s.ReleaseDeliveries(context.WithoutCancel(ctx), claimed))
	}
	return outgoing, err
}

// RenewDeliveries begins the lease of claimed deliveries anew and returns the ids
// of those that are still the caller's. One whose lease has run out is so until
// somebody else claims it. One that was finished or given back meanwhile is left
// alone, so that its next attempt doesn't wait for a lease.
func (s *Store) RenewDeliveries(ctx context.Context, list []models.Delivery, lease time.Duration) (kept []int64, err error) {
	err = s.eachClaimed(list, func(attempts int, ids []int64) error {
		var some []int64
		err := s.inTx(ctx, "renew deliveries", func(t *tx) error {
			some = nil
			return t.db.Raw("UPDATE deliveries SET claimed_until = ? WHERE id IN ? AND attempts = ? AND state = 'pending' AND claimed_until IS NOT NULL RETURNING id",
				t.now.Add(lease), ids, attempts).Scan(&some).Error
		})
		kept = append(kept, some...)
		return err
	})
	return kept, err
}

// ReleaseDeliveries gives back what was claimed and not attempted. Whatever
// somebody else has claimed since is his.
func (s *Store) ReleaseDeliveries(ctx context.Context, list []models.Delivery) error {
	return s.eachClaimed(list, func(attempts int, ids []int64) error {
		return s.inTx(ctx, "release deliveries", func(t *tx) error {
			return t.db.Model(&models.Delivery{}).Where("id IN ? AND attempts = ? AND state = ?", ids, attempts, models.DeliveryPending).
				Updates(map[string]any{"claimed_until": nil, "attempts": attempts - 1}).Error
		})
	})
}

// eachClaimed does something with deliveries that were claimed for the same
// attempt, some at a time, until it fails.
func (s *Store) eachClaimed(list []models.Delivery, do func(attempts int, ids []int64) error) error {
	for attempts, alike := range byAttempts(list) {
		for some := range slices.Chunk(alike, claimChunk) {
			ids := make([]int64, len(some))
			for i, d := range some {
				ids[i] = d.ID
			}
			if err := do(attempts, ids); err != nil {
				return err
			}
		}
	}
	return nil
}
