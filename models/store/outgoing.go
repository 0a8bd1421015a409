package store

import (
	"context"
	"slices"
	"time"

	"github.com/keyport/keyport/models"
)

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

// Outgoing reads what claimed deliveries are about, as it is now: a subscription
// that was disabled, or whose owner may no longer see events, sends nothing more.
// What several have in common is read once, so they are all of one channel.
func (s *Store) Outgoing(ctx context.Context, list ...models.Delivery) ([]Outgoing, error) {
	events, err := s.eventsOf(ctx, list)
	if err != nil {
		return nil, s.failure("delivery", err)
	}
	known := map[int64]Outgoing{} // what subscriptions have in common
	all := make([]Outgoing, len(list))
	for i, d := range list {
		o, have := known[d.SubscriptionID]
		if !have {
			if o, err = s.fromSubscription(ctx, d); err != nil {
				return nil, err
			}
			known[d.SubscriptionID] = o
		}
		event, kept := events[d.EventID]
		if o.Delivery, o.Event = d, event; !kept && o.Subscription.ID != 0 {
			o.Stale = "The event is no longer kept."
		}
		if kept && o.Subscription.ID != 0 && d.Channel == models.ChannelEmail {
			if o, err = s.toRecipient(ctx, o); err != nil {
				return nil, err
			}
		}
		all[i] = o
	}
	return all, nil
}

// eventsOf reads the events of deliveries. Those that are no longer kept are
// missing.
func (s *Store) eventsOf(ctx context.Context, list []models.Delivery) (map[int64]models.Event, error) {
	found := map[int64]models.Event{}
	for some := range slices.Chunk(list, claimChunk) {
		var ids []int64
		for _, d := range some {
			ids = append(ids, d.EventID)
		}
		slices.Sort(ids)
		var events []models.Event
		if err := s.read.WithContext(ctx).Select(eventColumns).Where("id IN ?", slices.Compact(ids)).Find(&events).Error; err != nil {
			return nil, err
		}
		for _, e := range events {
			found[e.ID] = e
		}
	}
	return found, nil
}

// fromSubscription reads what all deliveries of a subscription have in common. Of
// one that was deleted nothing is known but that.
func (s *Store) fromSubscription(ctx context.Context, d models.Delivery) (o Outgoing, err error) {
	db := s.read.WithContext(ctx)
	if o.Subscription, err = findSubscription(db, d.SubscriptionID); err != nil {
		return s.stale(Outgoing{}, "The subscription was deleted.", err)
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
	if d.Channel == models.ChannelWebhook {
		o = s.withSecrets(o)
	}
	return o, nil
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

// toRecipient reads who gets a letter, and what it is about.
func (s *Store) toRecipient(ctx context.Context, o Outgoing) (Outgoing, error) {
	if o.Attempts == 1 && s.Now().Sub(o.NextAttemptAt) > mailWaits {
		o.Stale = "No mail server was set up for a week."
	}
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
