package store

import (
	"context"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// KeyMail returns whether the actor gets mail about his own keys.
func (s *Store) KeyMail(ctx context.Context) (models.KeyMail, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil {
		return models.KeyMail{}, models.Unauthorized()
	}
	t := &tx{store: s, db: s.read.WithContext(ctx)}
	found, err := t.ownKeys()
	if err != nil {
		return models.KeyMail{}, s.failure("key mail", err)
	}
	mail := models.KeyMail{Address: actor.User.Email, Disabled: found.IsDisabled}
	mail.Ended, err = t.hasEnded(found.ID, actor.User.ID)
	return mail, s.failure("key mail", err)
}

// SetKeyMail ends the mail about the actor's own keys, or brings it back. What
// is so already is left alone.
func (s *Store) SetKeyMail(ctx context.Context, wanted bool) error {
	return s.inTx(ctx, "set key mail", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if actor.Via != models.ViaSession {
			return models.Denied("Sign in with the browser to choose what mail you get.")
		}
		found, err := t.ownKeys()
		if err != nil {
			return err
		}
		return t.setMail(actor, found, actor.User, wanted)
	})
}

// ownKeys is the subscription by which owners learn that keys end.
func (t *tx) ownKeys() (found models.Subscription, err error) {
	err = t.db.Select(subscriptionColumns).Where("built_in = ?", models.OwnKeys).Take(&found).Error
	return found, err
}

func (t *tx) hasEnded(subscription, user int64) (bool, error) {
	var n int64
	err := t.db.Model(&unsubscription{}).Where("subscription_id = ? AND user_id = ?", subscription, user).Count(&n).Error
	return n > 0, err
}

// setMail ends the mail of a subscription for a user, or brings it back, with an
// event that says so.
func (t *tx) setMail(actor *models.Actor, s models.Subscription, u models.User, wanted bool) error {
	row, words := &unsubscription{SubscriptionID: s.ID, UserID: u.ID, CreatedAt: t.now}, " wants no more mail of the subscription "
	result := t.db.Clauses(clause.OnConflict{DoNothing: true})
	if wanted {
		words = " wants mail of the subscription again: "
		result = result.Where("subscription_id = ? AND user_id = ?", s.ID, u.ID).Delete(&unsubscription{})
	} else {
		result = result.Create(row)
	}
	if result.Error != nil || result.RowsAffected == 0 {
		return result.Error
	}
	return t.record(actor, models.Event{Category: models.Modified, DocumentType: models.DocumentSubscriptions, DocumentID: s.PublicID(), RelatedUserID: &u.ID},
		new(message).user(u).text(words).document(`"`+s.Name+`"`, s.PublicID()))
}
