package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/keyport/keyport/models"
)

const deliveryColumns = `id, subscription_id, event_id, channel, recipient_id, state, attempts, next_attempt_at, claimed_until, created_at, attempted_at, code, millis, problem`

// Attempt is a delivery that was attempted, and how that went.
type Attempt struct {
	Outgoing
	Receipt models.Receipt
}

// FinishDelivery notes how an attempt went. An answer that comes so late that
// somebody else has tried meanwhile changes nothing.
func (s *Store) FinishDelivery(ctx context.Context, o Outgoing, r models.Receipt) error {
	return s.FinishDeliveries(ctx, []Attempt{{o, r}})
}

// FinishDeliveries is [Store.FinishDelivery] for several at once, of which each
// went as it did.
func (s *Store) FinishDeliveries(ctx context.Context, list []Attempt) error {
	states := make([]models.DeliveryState, len(list))
	err := s.inTx(ctx, "finish deliveries", func(t *tx) error {
		var delivered []models.Delivery
		for i, a := range list {
			after := t.after(a.Delivery, a.Receipt, rand.Float64())
			if states[i] = after.State; after.State == models.DeliveryDelivered {
				delivered = append(delivered, after)
			} else if err := t.finishDelivery(a.Outgoing, after, a.Receipt); err != nil {
				return err
			}
		}
		return t.noteDelivered(delivered)
	})
	if err == nil {
		for i, state := range states {
			s.activity.delivered(list[i].Channel, state)
		}
	}
	return err
}

// after is a delivery after an attempt.
func (t *tx) after(d models.Delivery, r models.Receipt, jitter float64) models.Delivery {
	d = d.After(r, t.now, jitter)
	d.Problem = fact(d.Problem)
	return d
}

// noteDelivered notes what was delivered, many in one statement: most are.
func (t *tx) noteDelivered(list []models.Delivery) error {
	for some := range slices.Chunk(list, deliveryBatch) {
		rows, values := make([]string, len(some)), []any{}
		for i, d := range some {
			rows[i] = "(?, ?, ?, ?)"
			values = append(values, d.ID, d.Attempts, d.Code, d.Millis)
		}
		rows[0] = "(CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT))" // PostgreSQL takes the types from the first
		err := t.db.Exec("WITH done (id, attempts, code, millis) AS (VALUES "+strings.Join(rows, ", ")+`)
			UPDATE deliveries SET state = 'delivered', claimed_until = NULL, attempted_at = ?, code = done.code, millis = done.millis, problem = ''
			FROM done WHERE deliveries.id = done.id AND deliveries.attempts = done.attempts AND deliveries.state = 'pending'`, append(values, t.now)...).Error
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) finishDelivery(o Outgoing, after models.Delivery, r models.Receipt) error {
	result := t.db.Model(&models.Delivery{}).Where("id = ? AND attempts = ? AND state = ?", o.ID, o.Attempts, models.DeliveryPending).Updates(t.noted(after))
	if result.Error != nil || result.RowsAffected == 0 || after.State != models.DeliveryFailed {
		return result.Error
	}
	if r.Gone {
		return t.switchOff(o.Subscription)
	}
	return t.recordDeliveryFailed(o)
}

// noted is what an attempt changes in the row of a delivery.
func (t *tx) noted(after models.Delivery) map[string]any {
	return map[string]any{"state": after.State, "next_attempt_at": after.NextAttemptAt, "claimed_until": nil, "attempted_at": t.now,
		"code": after.Code, "millis": after.Millis, "problem": after.Problem}
}

// switchOff disables a subscription whose receiver wants nothing any more.
func (t *tx) switchOff(s models.Subscription) error {
	result := t.db.Model(&models.Subscription{}).Where("id = ? AND NOT is_disabled", s.ID).Updates(map[string]any{"is_disabled": true, "version": s.Version + 1})
	if result.Error != nil || result.RowsAffected == 0 {
		return result.Error
	}
	return t.recordSubscription(nil, models.Modified, s, []models.Difference{{Path: "IsDisabled", Before: false, After: true}},
		"was disabled, because its webhook answered that it wants nothing any more (410)")
}

func (t *tx) recordDeliveryFailed(o Outgoing) error {
	s := o.Subscription
	words := said("An event could not be delivered by the subscription ").document(`"`+s.Name+`"`, s.PublicID()).
		text(", after "+plural(o.Attempts, "attempt")+": ").document("event "+o.Event.PublicID(), o.Event.PublicID())
	return t.record(nil, models.Event{Category: models.DeliveryFailedEvent, DocumentType: models.DocumentSubscriptions, DocumentID: s.PublicID()}, words)
}

// deliveriesKept is how long it can be looked up what became of a delivery.
const deliveriesKept = 30 * 24 * time.Hour

// ForgetDeliveries removes what has been over for a month.
func (s *Store) ForgetDeliveries(ctx context.Context) error {
	return s.inTx(ctx, "forget deliveries", func(t *tx) error {
		return t.db.Where("state <> ? AND created_at < ?", models.DeliveryPending, t.now.Add(-deliveriesKept)).Delete(&models.Delivery{}).Error
	})
}
