package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const subscriptionColumns = `id, name, name_fold, is_disabled, built_in, owner_id, filter, email_teams, email_every, email_priority, email_time_zone,
	webhook_url, webhook_teams, webhook_timeout, webhook_header, webhook_header_box,
	secret_box, old_secret_box, old_secret_until, created_at, version`

// Subscriptions returns those that match the query, by name, to those who may
// see subscriptions. There are never more than [models.MaxSubscriptions].
func (s *Store) Subscriptions(ctx context.Context, q models.SubscriptionQuery) ([]models.Subscription, error) {
	if err := models.MaySeeSubscriptions(models.ActorFrom(ctx)); err != nil {
		return nil, err
	}
	list := []models.Subscription{}
	if err := s.read.WithContext(ctx).Select(subscriptionColumns).Order("name_fold, id").Find(&list).Error; err != nil {
		return nil, s.failure("subscriptions", err)
	}
	part := models.Fold(q.Part)
	return slices.DeleteFunc(list, func(one models.Subscription) bool {
		return q.ByID && !slices.Contains(q.IDs, one.ID) || !strings.Contains(one.NameFold, part)
	}), nil
}

// Subscription returns one subscription under the same terms.
func (s *Store) Subscription(ctx context.Context, id int64) (models.Subscription, error) {
	if err := models.MaySeeSubscriptions(models.ActorFrom(ctx)); err != nil {
		return models.Subscription{}, err
	}
	found, err := findSubscription(s.read.WithContext(ctx), id)
	return found, s.failure("subscription", err)
}

func findSubscription(db *gorm.DB, id int64) (models.Subscription, error) {
	var found models.Subscription
	err := db.Select(subscriptionColumns).Where("id = ?", id).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.Missing("subscription")
	}
	return found, err
}

// CreateSubscription makes a subscription.
func (s *Store) CreateSubscription(ctx context.Context, wish models.SubscriptionWish) (models.Subscription, error) {
	var made models.Subscription
	err := s.inTx(ctx, "create subscription", func(t *tx) error {
		actor, err := t.subscriptionEditor()
		if err != nil {
			return err
		}
		if wish, err = t.checkSubscription(wish); err != nil {
			return err
		}
		if err := t.roomForSubscription(); err != nil {
			return err
		}
		made, _ = models.Subscription{CreatedAt: t.now, Version: 1}.Apply(wish)
		if actor.Via != models.ViaConsole {
			made.OwnerID = &actor.User.ID
		}
		if err := noSuchName(t.db.Create(&made).Error); err != nil {
			return err
		}
		if err := t.lockHeader(&made, wish); err != nil {
			return err
		}
		if err := t.renewSecret(&made, ""); err != nil {
			return err
		}
		return t.recordSubscription(actor, models.Created, made, nil, "was created")
	})
	if err != nil {
		return models.Subscription{}, err
	}
	return made, nil
}

// subscriptionEditor returns who is asking, if he may edit subscriptions.
func (t *tx) subscriptionEditor() (*models.Actor, error) {
	actor, err := t.actor()
	if err != nil {
		return nil, err
	}
	return actor, models.MayEditSubscriptions(actor)
}

// checkSubscription cleans the wish and refuses teams that don't exist.
func (t *tx) checkSubscription(wish models.SubscriptionWish) (models.SubscriptionWish, error) {
	wish, problems := wish.Check()
	for _, list := range []struct {
		field string
		ids   []int64
	}{{"EmailTeams", wish.EmailTeamIDs}, {"WebhookTeams", wish.WebhookTeamIDs}} {
		missing, err := t.missingTeam(list.ids)
		if err != nil {
			return wish, err
		}
		if missing {
			problems = append(problems, models.Problem{Field: list.field, Message: "One of the teams does not exist. Look at the list of teams and choose again."})
		}
	}
	if err := models.InvalidInput(problems); err != nil {
		return wish, err
	}
	return wish, nil
}

func (t *tx) missingTeam(ids []int64) (bool, error) {
	if len(ids) == 0 {
		return false, nil
	}
	wanted := slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(wanted) > maxInList {
		return true, nil
	}
	var n int64
	err := t.db.Model(&models.Team{}).Where("id IN ?", wanted).Count(&n).Error
	return int(n) < len(wanted), err
}

func (t *tx) roomForSubscription() error {
	var n int64
	err := t.db.Model(&models.Subscription{}).Count(&n).Error
	if err == nil && n >= models.MaxSubscriptions {
		return models.Conflicted("There are 100 subscriptions, and there can't be more. Delete one that is not needed, or widen the filter of another one.")
	}
	return err
}

// noSuchName words the one conflict that writing a subscription can have.
func noSuchName(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.InvalidField("Name", "Another subscription has this name. Choose a different one.")
	}
	return err
}

// lockHeader stores the header's value that the wish brings.
func (t *tx) lockHeader(s *models.Subscription, wish models.SubscriptionWish) error {
	if wish.WebhookHeaderValue == nil || *wish.WebhookHeaderValue == "" || wish.WebhookHeader == "" {
		return nil
	}
	s.WebhookHeaderBox = t.store.keyring.Lock([]byte(*wish.WebhookHeaderValue), s.HeaderPlace())
	return t.db.Model(&models.Subscription{}).Where("id = ?", s.ID).Updates(map[string]any{"webhook_header_box": s.WebhookHeaderBox}).Error
}

// ChangeSubscription makes a subscription what is wished.
func (s *Store) ChangeSubscription(ctx context.Context, id int64, wish models.SubscriptionWish) (models.Subscription, error) {
	var saved models.Subscription
	err := s.inTx(ctx, "change subscription", func(t *tx) error {
		actor, err := t.subscriptionEditor()
		if err != nil {
			return err
		}
		stored, err := findSubscription(t.db.Clauses(forUpdate), id)
		if err != nil {
			return err
		}
		if wish, err = t.checkSubscription(wish); err != nil {
			return err
		}
		saved, err = t.saveSubscription(actor, stored, wish)
		return err
	})
	if err != nil {
		return models.Subscription{}, err
	}
	return saved, nil
}

func (t *tx) saveSubscription(actor *models.Actor, stored models.Subscription, wish models.SubscriptionWish) (models.Subscription, error) {
	saved, _ := stored.Apply(wish)
	saved.Version++
	columns := "name, name_fold, is_disabled, filter, email_teams, email_every, email_priority, email_time_zone, webhook_url, webhook_teams, webhook_timeout, webhook_header, webhook_header_box, version"
	if err := noSuchName(t.db.Model(&models.Subscription{}).Where("id = ?", stored.ID).Select(strings.Split(columns, ", ")).Updates(saved).Error); err != nil {
		return stored, err
	}
	if err := t.lockHeader(&saved, wish); err != nil {
		return stored, err
	}
	if err := t.renewSecret(&saved, stored.WebhookURL); err != nil {
		return stored, err
	}
	changes := stored.Differences(saved)
	if len(changes) == 0 {
		return saved, nil
	}
	return saved, t.recordSubscription(actor, models.Modified, saved, changes, "was changed")
}

// DeleteSubscription removes a subscription for good.
func (s *Store) DeleteSubscription(ctx context.Context, id int64) (models.Subscription, error) {
	var stored models.Subscription
	err := s.inTx(ctx, "delete subscription", func(t *tx) error {
		actor, err := t.subscriptionEditor()
		if err != nil {
			return err
		}
		if stored, err = findSubscription(t.db.Clauses(forUpdate), id); err != nil {
			return err
		}
		if err := models.MayDeleteSubscription(stored, actor); err != nil {
			return err
		}
		if err := t.db.Where("id = ?", id).Delete(&models.Subscription{}).Error; err != nil {
			return err
		}
		return t.recordSubscription(actor, models.Deleted, stored, nil, "was deleted")
	})
	return stored, err
}

func (t *tx) recordSubscription(actor *models.Actor, what models.Category, s models.Subscription, changes []models.Difference, did string) error {
	return t.record(actor, models.Event{Category: what, DocumentType: models.DocumentSubscriptions, DocumentID: s.PublicID(), Differences: changes},
		said("Subscription ").document(`"`+s.Name+`"`, s.PublicID()).text(" "+did))
}
