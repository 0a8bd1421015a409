package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keyport/keyport/models"
)

const deliveryColumns = `id, subscription_id, event_id, channel, recipient_id, state, attempts, next_attempt_at, claimed_until, created_at, attempted_at, code, millis, problem`

// Outgoing is a delivery that is to be attempted, with all that is needed for
// it.
type Outgoing struct {
	models.Delivery
	Subscription models.Subscription
	Event        models.Event
	Recipient    models.User            // for mail
	Key          *models.OwnedKey       // for mail about a key that ends
	Header       string                 // the value of the webhook's header
	Secrets      []models.WebhookSecret // the newest first
	Stale        string                 // why nothing is to be sent any more, "" when it is
}

// ClaimDeliveries takes up to n deliveries of a channel that are due. Each is
// the caller's for the time of the lease, on whatever replica; then it is taken
// for dead and somebody else's turn. The number of attempts tells a late answer
// from the one that counts. Subscriptions in except have enough under way.
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
	if err != nil {
		return nil, err
	}
	slices.SortFunc(claimed, func(a, b models.Delivery) int { return cmp.Compare(a.ID, b.ID) }) // what was updated comes back in any order
	outgoing := make([]Outgoing, len(claimed))
	for i, d := range claimed {
		if outgoing[i], err = s.outgoing(ctx, d); err != nil {
			return nil, err
		}
	}
	return outgoing, nil
}

// outgoing reads what a delivery is about, as it is now: a subscription that was
// disabled since, or whose owner may no longer see events, sends nothing more.
func (s *Store) outgoing(ctx context.Context, d models.Delivery) (Outgoing, error) {
	o, db := Outgoing{Delivery: d}, s.read.WithContext(ctx)
	var err error
	if o.Subscription, err = findSubscription(db, d.SubscriptionID); err != nil {
		return s.stale(o, "The subscription was deleted.", err)
	}
	if err := db.Select(eventColumns).Where("id = ?", d.EventID).Take(&o.Event).Error; err != nil {
		return s.stale(o, "The event is no longer kept.", orMissing(err))
	}
	if o.Subscription.IsDisabled {
		o.Stale = "The subscription was disabled."
	}
	if id := o.Subscription.OwnerID; id != nil {
		may, err := (&tx{store: s, db: db}).maySeeEvents(*id)
		if err != nil {
			return o, s.failure("delivery", err)
		}
		if !may {
			o.Stale = "Whoever made the subscription may no longer see events."
		}
	}
	if d.Channel == models.ChannelEmail {
		if d.Attempts == 1 && s.Now().Sub(d.NextAttemptAt) > mailWaits {
			o.Stale = "No mail server was set up for a week."
		}
		return s.toRecipient(ctx, o)
	}
	return s.withSecrets(o), nil
}

// mailWaits is how long mail waits for a mail server to be set up: afterwards it
// is news no more.
const mailWaits = 7 * 24 * time.Hour

// stale notes why nothing is sent, if the thing is gone; anything else is a
// fault.
func (s *Store) stale(o Outgoing, why string, err error) (Outgoing, error) {
	if models.KindOf(err) == models.NotFound {
		o.Stale = why
		return o, nil
	}
	return o, s.failure("delivery", err)
}

func (s *Store) toRecipient(ctx context.Context, o Outgoing) (Outgoing, error) {
	user, err := findUser(s.read.WithContext(ctx), "users.id = ?", o.RecipientID)
	if err != nil {
		return s.stale(o, "The recipient was deleted.", err)
	}
	o.Recipient = user
	own := o.Subscription.BuiltIn == models.OwnKeys
	if len(models.Recipients([]models.User{user}, own)) == 0 {
		o.Stale = "The recipient is not active, has no e-mail address, or may no longer see events."
	}
	return s.withKey(ctx, o)
}

// withKey reads the key that an event is about, as it is now. A key that was
// revoked since needs no warning.
func (s *Store) withKey(ctx context.Context, o Outgoing) (Outgoing, error) {
	if !slices.Contains(models.CategoriesOf([]string{"ApiKeyExpiry"}), o.Event.Category) {
		return o, nil
	}
	var rows []ownedRow
	err := s.read.WithContext(ctx).Raw("SELECT "+ownedColumns+" FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = ?", o.Event.DocumentID).Scan(&rows).Error
	switch {
	case err != nil:
		return o, s.failure("delivery", err)
	case len(rows) == 0, rows[0].RevokedAt != nil:
		o.Stale = "The API key was revoked or deleted."
		return o, nil
	}
	key := rows[0].key()
	o.Key = &key
	return o, nil
}

// withSecrets opens what is locked. A secret that can't be opened is left out:
// what is sent then is refused by the receiver, and the log says why.
func (s *Store) withSecrets(o Outgoing) Outgoing {
	sub := o.Subscription
	open := func(box []byte, place models.Place) []byte {
		if box == nil {
			return nil
		}
		plain, err := s.keyring.Open(box, place)
		if err != nil {
			s.log.Error("a secret of a subscription can't be opened", "subscription", sub.ID, "cause", err)
		}
		return plain
	}
	o.Header = string(open(sub.WebhookHeaderBox, sub.HeaderPlace()))
	if key := open(sub.SecretBox, sub.SecretPlace()); key != nil {
		o.Secrets = append(o.Secrets, models.WebhookSecretOf(key))
	}
	if sub.OldSecretUntil != nil && s.Now().Before(*sub.OldSecretUntil) {
		if key := open(sub.OldSecretBox, sub.OldSecretPlace()); key != nil {
			o.Secrets = append(o.Secrets, models.WebhookSecretOf(key))
		}
	}
	return o
}

// FinishDelivery notes how an attempt went. An answer that comes so late that
// somebody else has tried meanwhile changes nothing.
func (s *Store) FinishDelivery(ctx context.Context, o Outgoing, r models.Receipt) error {
	return s.FinishLetter(ctx, []Outgoing{o}, nil, r)
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

// ReleaseDeliveries gives back what was claimed and not attempted. Whatever
// somebody else has claimed since is his.
func (s *Store) ReleaseDeliveries(ctx context.Context, list []Outgoing) error {
	return s.inTx(ctx, "release deliveries", func(t *tx) error {
		for _, o := range list {
			err := t.db.Model(&models.Delivery{}).Where("id = ? AND attempts = ? AND state = ?", o.ID, o.Attempts, models.DeliveryPending).
				Updates(map[string]any{"claimed_until": nil, "attempts": o.Attempts - 1}).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
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
