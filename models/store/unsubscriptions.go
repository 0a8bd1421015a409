package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// unsubscription is a row of unsubscriptions.
type unsubscription struct {
	SubscriptionID int64 `gorm:"primaryKey;autoIncrement:false"`
	UserID         int64 `gorm:"primaryKey;autoIncrement:false"`
	CreatedAt      time.Time
}

// UnsubscribeToken is what a mail holds so that its reader can end it.
func (s *Store) UnsubscribeToken(userID, subscriptionID int64) string {
	return s.keyring.Unsubscribe(userID, subscriptionID)
}

// Unsubscription returns the subscription that a token is about.
func (s *Store) Unsubscription(ctx context.Context, token string) (models.Subscription, error) {
	_, id, ok := s.keyring.ParseUnsubscribe(token)
	if !ok {
		return models.Subscription{}, models.Missing("subscription")
	}
	found, err := findSubscription(s.read.WithContext(ctx), id)
	return found, s.failure("unsubscription", err)
}

// Unsubscribe ends the mail that a token came with, for its reader. A second
// time changes nothing.
func (s *Store) Unsubscribe(ctx context.Context, token string) (models.Subscription, error) {
	userID, id, ok := s.keyring.ParseUnsubscribe(token)
	if !ok {
		return models.Subscription{}, models.Missing("subscription")
	}
	var found models.Subscription
	err := s.inTx(ctx, "unsubscribe", func(t *tx) error {
		user, err := t.lockUser(userID)
		if err != nil {
			return err
		}
		if found, err = findSubscription(t.db, id); err != nil {
			return err
		}
		result := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&unsubscription{SubscriptionID: id, UserID: userID, CreatedAt: t.now})
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		return t.record(nil, models.Event{Category: models.Modified, DocumentType: models.DocumentSubscriptions, DocumentID: found.PublicID(), RelatedUserID: &userID},
			new(message).user(user).text(" wants no more mail of the subscription ").document(`"`+found.Name+`"`, found.PublicID()))
	})
	return found, err
}

// Resubscribe brings the mail of the built-in subscription back for the actor.
func (s *Store) Resubscribe(ctx context.Context, subscriptionID int64) error {
	return s.inTx(ctx, "resubscribe", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		return t.db.Where("subscription_id = ? AND user_id = ?", subscriptionID, actor.User.ID).Delete(&unsubscription{}).Error
	})
}
