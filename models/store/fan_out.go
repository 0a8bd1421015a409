package store

import (
	"context"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// fanOutBatch bounds a transaction of FanOut, in events.
const fanOutBatch = 100

// deliveryBatch bounds the deliveries of one statement, and how many more than
// those of one event are held before they are written.
const deliveryBatch = 200

// FanOut looks at the events that nobody has looked at yet and makes a delivery
// for each receiver of each. On several replicas one works and the others wait.
func (s *Store) FanOut(ctx context.Context) error {
	for {
		if more, err := s.FanOutSome(ctx); err != nil || !more {
			return err
		}
	}
}

// FanOutSome is [Store.FanOut] for the oldest of these events, at most 100, and
// reports whether there may be more: what is made can go out in between.
func (s *Store) FanOutSome(ctx context.Context) (more bool, err error) {
	err = s.inTx(ctx, "fan out", func(t *tx) error {
		looked, err := t.fanOut()
		more = looked == fanOutBatch
		return err
	})
	return more && err == nil, err
}

func (t *tx) fanOut() (int, error) {
	cursor, err := t.sentEvents()
	if err != nil {
		return 0, err
	}
	var events []models.Event
	if err := t.db.Select(eventColumns).Where("id > ?", cursor).Order("id").Limit(fanOutBatch).Find(&events).Error; err != nil || len(events) == 0 {
		return 0, err
	}
	subscriptions, err := t.liveSubscriptions()
	if err != nil {
		return 0, err
	}
	known := newReaders()
	var rows []models.Delivery
	for _, e := range events {
		for _, s := range subscriptions {
			if !s.Wants(e) {
				continue
			}
			made, err := t.deliveries(s, e, known)
			if err != nil {
				return 0, err
			}
			if rows, err = t.writeDeliveries(append(rows, made...), deliveryBatch); err != nil {
				return 0, err
			}
		}
	}
	if _, err := t.writeDeliveries(rows, 1); err != nil {
		return 0, err
	}
	return len(events), t.db.Exec("UPDATE fan_out SET event_id = ? WHERE id = 1", events[len(events)-1].ID).Error
}

// sentEvents is the last event that was looked at, and keeps others from looking
// at the same time.
func (t *tx) sentEvents() (cursor int64, err error) {
	query := "SELECT event_id FROM fan_out WHERE id = 1"
	if t.store.pool != nil {
		query += " FOR UPDATE"
	}
	err = t.db.Raw(query).Row().Scan(&cursor)
	return cursor, err
}

// liveSubscriptions are those that send: not disabled, and of somebody who may
// still see what they send.
func (t *tx) liveSubscriptions() ([]models.Subscription, error) {
	var all, live []models.Subscription
	err := t.db.Select(subscriptionColumns).Where("NOT is_disabled").Order("id").Find(&all).Error
	for _, s := range all {
		may, seen := true, error(nil)
		if s.OwnerID != nil {
			may, seen = t.maySeeEvents(*s.OwnerID)
		}
		if seen != nil {
			return nil, seen
		}
		if may {
			live = append(live, s)
		}
	}
	return live, err
}

// maySeeEvents reports whether a user is active and may read the trail.
func (t *tx) maySeeEvents(userID int64) (bool, error) {
	user, err := findUser(t.db, "users.id = ?", userID)
	if models.KindOf(err) == models.NotFound {
		return false, nil
	}
	return err == nil && user.IsActive && user.Permissions.Has(models.EventView), err
}

// writeDeliveries writes deliveries once there are enough of them, and returns
// those that wait for more.
func (t *tx) writeDeliveries(rows []models.Delivery, enough int) ([]models.Delivery, error) {
	if len(rows) < enough {
		return rows, nil
	}
	return nil, t.db.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, deliveryBatch).Error
}

// deliveries are those of one event for one subscription.
func (t *tx) deliveries(s models.Subscription, e models.Event, known *readers) (rows []models.Delivery, err error) {
	add := func(channel models.Channel, recipient int64) {
		row := models.Delivery{SubscriptionID: s.ID, EventID: e.ID, Channel: channel, RecipientID: recipient, State: models.DeliveryPending, CreatedAt: t.now, NextAttemptAt: t.now}
		if channel == models.ChannelEmail {
			row.NextAttemptAt = models.NextDigest(t.now, s.EmailEvery, models.ZoneOr(s.EmailTimeZone))
		}
		rows = append(rows, row)
	}
	if s.HasChannel(models.ChannelWebhook) {
		add(models.ChannelWebhook, 0)
	}
	if s.HasChannel(models.ChannelEmail) {
		recipients, err := t.recipients(s, e, known)
		if err != nil {
			return nil, err
		}
		for _, id := range recipients {
			add(models.ChannelEmail, id)
		}
	}
	return rows, nil
}

// PendingFanOut reports how many events wait to be looked at.
func (s *Store) PendingFanOut(ctx context.Context) (n int64, err error) {
	err = s.read.WithContext(ctx).Raw("SELECT h.event_id - f.event_id FROM audit_head h, fan_out f").Row().Scan(&n)
	return n, s.failure("pending fan-out", err)
}
