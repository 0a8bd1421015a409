package store

import (
	"context"
	"time"

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
		return t.setMail(nil, found, user, false)
	})
	return found, err
}
