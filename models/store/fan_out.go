package store

import (
	"context"
	"slices"

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
	members := map[int64][]models.User{} // of the teams of a subscription, asked for once
	var rows []models.Delivery
	for _, e := range events {
		for _, s := range subscriptions {
			if !s.Wants(e) {
				continue
			}
			made, err := t.deliveries(s, e, members)
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
func (t *tx) deliveries(s models.Subscription, e models.Event, members map[int64][]models.User) (rows []models.Delivery, err error) {
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
		recipients, err := t.recipients(s, e, members)
		if err != nil {
			return nil, err
		}
		ended, err := t.unsubscribed(s.ID)
		if err != nil {
			return nil, err
		}
		for _, u := range recipients {
			if !slices.Contains(ended, u.ID) {
				add(models.ChannelEmail, u.ID)
			}
		}
	}
	return rows, nil
}

// unsubscribed lists who wants no more mail of a subscription.
func (t *tx) unsubscribed(id int64) (users []int64, err error) {
	err = t.db.Model(&unsubscription{}).Where("subscription_id = ?", id).Pluck("user_id", &users).Error
	return users, err
}

// recipients finds who gets mail of an event.
func (t *tx) recipients(s models.Subscription, e models.Event, members map[int64][]models.User) (chosen []models.User, err error) {
	candidates, known := members[s.ID]
	if !known {
		if candidates, err = t.membersOf(s.EmailTeamIDs); err != nil {
			return nil, err
		}
		members[s.ID] = candidates
	}
	chosen = models.Recipients(candidates, false)
	if s.BuiltIn != models.OwnKeys || e.RelatedUserID == nil || e.DocumentType != models.DocumentAPIKeys {
		return chosen, nil
	}
	owners, err := t.caretakers(*e.RelatedUserID)
	return models.Recipients(append(chosen, models.Recipients(owners, true)...), true), err
}

// caretakers are who looks after a user's keys: a person himself; for a service
// account the members of the team that owns it, else the administrators.
func (t *tx) caretakers(userID int64) ([]models.User, error) {
	owner, err := findUser(t.db, "users.id = ?", userID)
	switch {
	case models.KindOf(err) == models.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case !owner.IsService:
		return []models.User{owner}, nil
	}
	var team int64
	row := t.db.Raw("SELECT COALESCE((SELECT owner_team_id FROM users WHERE id = ?), (SELECT id FROM teams WHERE built_in = ?))", userID, models.Administrators)
	if err := row.Row().Scan(&team); err != nil {
		return nil, err
	}
	return t.membersOf([]int64{team})
}

// membersOf returns the members of teams; of everybody's team these are all
// users.
func (t *tx) membersOf(teamIDs []int64) ([]models.User, error) {
	var users []models.User
	if len(teamIDs) == 0 {
		return nil, nil
	}
	err := t.db.Select(userColumns).Where(`users.id IN (SELECT user_id FROM team_members WHERE team_id IN ?) OR EXISTS (SELECT 1 FROM teams WHERE id IN ? AND built_in = ?)`,
		teamIDs, teamIDs, models.Everyone).Where("is_active AND NOT is_service").Order("users.id").Find(&users).Error
	return users, err
}

// PendingFanOut reports how many events wait to be looked at.
func (s *Store) PendingFanOut(ctx context.Context) (n int64, err error) {
	err = s.read.WithContext(ctx).Raw("SELECT h.event_id - f.event_id FROM audit_head h, fan_out f").Row().Scan(&n)
	return n, s.failure("pending fan-out", err)
}
