package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// Deliveries returns the newest deliveries of a subscription that match, to
// those who may see both subscriptions and events.
func (s *Store) Deliveries(ctx context.Context, subscriptionID int64, f models.DeliveryFilter, most int) (list []models.ShownDelivery, more bool, err error) {
	if _, err := s.Subscription(ctx, subscriptionID); err != nil {
		return nil, false, err
	}
	db := s.read.WithContext(ctx)
	query := db.Select(deliveryColumns).Where("subscription_id = ?", subscriptionID).Order("id DESC").Limit(most + 1)
	if f.State != "" {
		query = query.Where("state = ?", f.State)
	}
	if f.Before > 0 {
		query = query.Where("id < ?", f.Before)
	}
	var rows []models.Delivery
	if err := query.Find(&rows).Error; err != nil {
		return nil, false, s.failure("deliveries", err)
	}
	if more = len(rows) > most; more {
		rows = rows[:most]
	}
	list, err = describeDeliveries(db, rows)
	return list, more, s.failure("deliveries", err)
}

func describeDeliveries(db *gorm.DB, rows []models.Delivery) ([]models.ShownDelivery, error) {
	var eventIDs, userIDs []int64
	for _, d := range rows {
		eventIDs, userIDs = append(eventIDs, d.EventID), append(userIDs, d.RecipientID)
	}
	var events []models.Event
	var users []models.User
	if err := db.Select(eventColumns).Where("id IN ?", eventIDs).Find(&events).Error; err != nil {
		return nil, err
	}
	if err := db.Select("id, username").Where("id IN ?", userIDs).Find(&users).Error; err != nil {
		return nil, err
	}
	byEvent, names := map[int64]models.Event{}, map[int64]string{}
	for _, e := range events {
		byEvent[e.ID] = e
	}
	for _, u := range users {
		names[u.ID] = u.Username
	}
	list := make([]models.ShownDelivery, len(rows))
	for i, d := range rows {
		list[i] = models.ShownDelivery{Delivery: d, Event: byEvent[d.EventID], Recipient: names[d.RecipientID]}
	}
	return list, nil
}

// Replay sends a delivery once more, at once, whatever became of it; with id 0
// all of the subscription that have failed. It returns how many.
func (s *Store) Replay(ctx context.Context, subscriptionID, id int64) (n int64, err error) {
	err = s.inTx(ctx, "replay", func(t *tx) error {
		if _, err := t.subscriptionEditor(); err != nil {
			return err
		}
		if _, err := findSubscription(t.db, subscriptionID); err != nil {
			return err
		}
		again := t.db.Model(&models.Delivery{}).Where("subscription_id = ?", subscriptionID)
		if id != 0 {
			again = again.Where("id = ?", id)
		} else {
			again = again.Where("state = ?", models.DeliveryFailed)
		}
		result := again.Updates(map[string]any{"state": models.DeliveryPending, "attempts": 0, "next_attempt_at": t.now, "claimed_until": nil})
		n = result.RowsAffected
		if result.Error == nil && n == 0 && id != 0 {
			return models.Missing("delivery")
		}
		return result.Error
	})
	if err == nil {
		s.wake()
	}
	return n, err
}

// TestSubscription sends a test event to all receivers of a subscription: an
// event of its own, so that what is tested is the whole way.
func (s *Store) TestSubscription(ctx context.Context, id int64) error {
	return s.inTx(ctx, "test subscription", func(t *tx) error {
		actor, err := t.subscriptionEditor()
		if err != nil {
			return err
		}
		stored, err := findSubscription(t.db, id)
		if err != nil {
			return err
		}
		if !stored.HasChannel(models.ChannelWebhook) && !stored.HasChannel(models.ChannelEmail) {
			return models.InvalidField("WebhookURI", "This subscription has no receiver yet. Choose a team for mail, or enter the address of a webhook.")
		}
		t.appended = func(events []models.Event) error { return t.deliverTest(actor, stored, events[len(events)-1]) }
		return t.recordSubscription(actor, models.Modified, stored, nil, "was tested")
	})
}

// deliverTest sends the event to the webhook, and by mail to whoever tests.
func (t *tx) deliverTest(actor *models.Actor, s models.Subscription, e models.Event) error {
	row := models.Delivery{SubscriptionID: s.ID, EventID: e.ID, State: models.DeliveryPending, CreatedAt: t.now, NextAttemptAt: t.now}
	var rows []models.Delivery
	if s.HasChannel(models.ChannelWebhook) {
		row.Channel = models.ChannelWebhook
		rows = append(rows, row)
	}
	if s.HasChannel(models.ChannelEmail) && actor.User.Email != "" {
		row.Channel, row.RecipientID = models.ChannelEmail, actor.User.ID
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return models.InvalidField("EmailTeams", "Test mail goes to you, and you have no e-mail address. Enter one in your profile, or ask an administrator.")
	}
	return t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}
