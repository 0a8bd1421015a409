package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// renewSecret gives a subscription with a webhook a secret, and another one when
// the webhook's address is no longer the one before: what signs for one receiver
// is not shown to another.
func (t *tx) renewSecret(s *models.Subscription, before string) error {
	switch {
	case s.WebhookURL == "" && s.SecretBox == nil, s.WebhookURL == before && s.SecretBox != nil:
		return nil
	case s.WebhookURL == "":
		s.SecretBox = nil
	default:
		s.SecretBox = t.store.keyring.Lock(models.NewWebhookSecret().Bytes(), s.SecretPlace())
	}
	s.OldSecretBox, s.OldSecretUntil = nil, nil
	return t.keepSecrets(*s)
}

func (t *tx) keepSecrets(s models.Subscription) error {
	return t.db.Model(&models.Subscription{}).Where("id = ?", s.ID).
		Updates(map[string]any{"secret_box": s.SecretBox, "old_secret_box": s.OldSecretBox, "old_secret_until": s.OldSecretUntil}).Error
}

// NewWebhookSecret makes another secret for a subscription and returns it, this
// once. The one before signs as well for a day, so that the receiver can be
// given the new one without missing anything.
func (s *Store) NewWebhookSecret(ctx context.Context, id int64) (models.WebhookSecret, error) {
	secret := models.NewWebhookSecret()
	err := s.inTx(ctx, "new webhook secret", func(t *tx) error {
		actor, err := t.subscriptionEditor()
		if err != nil {
			return err
		}
		stored, err := findSubscription(t.db.Clauses(forUpdate), id)
		if err != nil {
			return err
		}
		if stored.WebhookURL == "" {
			return models.InvalidField("WebhookURI", "This subscription calls no webhook. Enter the address of one first.")
		}
		if old, err := s.keyring.Open(stored.SecretBox, stored.SecretPlace()); err == nil {
			until := t.now.Add(models.SecretOverlap)
			stored.OldSecretBox, stored.OldSecretUntil = s.keyring.Lock(old, stored.OldSecretPlace()), &until
		}
		stored.SecretBox = s.keyring.Lock(secret.Bytes(), stored.SecretPlace())
		if err := t.keepSecrets(stored); err != nil {
			return err
		}
		return t.recordSubscription(actor, models.Modified, stored, nil, "got a new secret for its webhook")
	})
	return secret, err
}
