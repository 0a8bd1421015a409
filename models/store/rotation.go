package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// RotateAPIKey makes a key in the place of another one, and returns it with its
// secret, which is known only to the caller from then on. The old key ends when
// the wish says, and never later than it would have.
//
// The old key is locked before anything is decided, so that of two rotations at
// once one finds the other's key.
func (s *Store) RotateAPIKey(ctx context.Context, ownerID int64, keyID string, wish models.Rotation) (models.APIKey, models.Secret, error) {
	if err := checkFormID(wish.FormID); err != nil {
		return models.APIKey{}, models.Secret{}, err
	}
	secret := models.NewSecret()
	var key models.APIKey
	err := s.inTx(ctx, "rotate API key", func(t *tx) error {
		grant, err := t.keyGrant(ownerID)
		if err != nil {
			return err
		}
		// Asked before the key is looked for, so that a stranger can't tell
		// whether there is one.
		if err := models.MayIssue(grant); err != nil {
			return err
		}
		key, err = t.rotate(grant, keyID, secret, wish)
		return err
	})
	if err != nil {
		return models.APIKey{}, models.Secret{}, err
	}
	return key, secret, nil
}

func (t *tx) rotate(grant models.KeyGrant, keyID string, secret models.Secret, wish models.Rotation) (models.APIKey, error) {
	old, err := findKey(t.db.Clauses(forUpdate), grant.Owner.ID, keyID)
	if err != nil {
		return old, err
	}
	if !t.store.sealed(old) { // it opens nothing, and must not be given a seal by way of a new key
		return old, models.NothingToRotate()
	}
	if err := t.notTwice(old, wish.FormID); err != nil {
		return old, err
	}
	key, ends, err := models.RotateKey(old, wish, grant)
	if err != nil {
		return key, err
	}
	t.store.complete(&key, secret, wish.FormID)
	if err := t.insertKey(&key); err != nil {
		return key, err
	}
	words := said("User API key ").key(key).text(" was created for ").user(grant.Owner).text(" in the place of ").key(old)
	if err := t.recordKey(grant.Actor, models.Created, key, words.text(", expires "+models.Instant(key.ExpiresAt))); err != nil {
		return key, err
	}
	if ends.Equal(old.ExpiresAt) {
		return key, nil
	}
	return key, t.endEarlier(grant.Actor, old, key, ends)
}

// notTwice refuses to rotate a key whose place another key has taken already, as
// long as that one works. The same call sent again is told what insertKey tells it.
func (t *tx) notTwice(old models.APIKey, formID string) error {
	next, err := successorOf(t.db, old.ID)
	switch {
	case err != nil:
		return err
	case next == nil, !next.Usable(t.now):
		return nil
	case formID != "" && next.FormID != nil && *next.FormID == formID:
		return usedForm()
	}
	return models.RotatedAlready(*next)
}

// successorOf returns the newest key that took the place of another one, nil
// when there is none.
func successorOf(db *gorm.DB, keyID string) (*models.APIKey, error) {
	var keys []models.APIKey
	err := db.Select(keyColumns).Where("predecessor_id = ?", keyID).Order("created_at DESC, id").Limit(1).Find(&keys).Error
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return &keys[0], nil
}

// endEarlier moves the end of a key forward because of the one that took its
// place, with the seal over it. From then on people are told only that it ended.
func (t *tx) endEarlier(actor *models.Actor, old, by models.APIKey, ends time.Time) error {
	old.ExpiresAt = utc(ends)
	seal := t.store.keyring.Seal(old.PepperID, old.SealedBytes())
	err := t.db.Model(&models.APIKey{}).Where("id = ? AND expires_at > ?", old.ID, old.ExpiresAt).
		Updates(map[string]any{"expires_at": old.ExpiresAt, "seal": seal, "notice_at": old.ExpiresAt}).Error
	if err != nil {
		return err
	}
	words := said("User API key ").key(old).text(" now expires " + models.Instant(old.ExpiresAt) + ", because of ").key(by)
	return t.recordKey(actor, models.Modified, old, words)
}

// endReplaced ends the keys whose place was taken until first use, by keys that
// were used: when that is written down, within a minute or so of the use.
func (t *tx) endReplaced(used []string) error {
	var keys []models.APIKey
	err := t.db.Clauses(forUpdate).Select(keyColumns).Where("id IN ? AND ends_old", used).Order("id").Find(&keys).Error
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := t.endPredecessor(key); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) endPredecessor(key models.APIKey) error {
	if err := t.db.Model(&models.APIKey{}).Where("id = ?", key.ID).Update("ends_old", false).Error; err != nil {
		return err
	}
	old, err := findKey(t.db.Clauses(forUpdate), key.UserID, key.PredecessorID)
	switch {
	case models.KindOf(err) == models.NotFound:
		return nil
	case err != nil, !old.Usable(t.now):
		return err
	case !t.store.sealed(old): // a fact that was changed behind our back gets no new seal
		return nil
	}
	return t.endEarlier(nil, old, key, old.EndingAt(t.now))
}

// KeyRelatives returns the key in whose place a key came and the one that took
// its place, nil where there is none, to those who may see the key.
func (s *Store) KeyRelatives(ctx context.Context, key models.APIKey) (before, after *models.APIKey, err error) {
	db := s.read.WithContext(ctx)
	if err := maySeeKeysOf(db, key.UserID, models.ActorFrom(ctx)); err != nil {
		return nil, nil, s.failure("key relatives", err)
	}
	if key.PredecessorID != "" {
		old, err := findKey(db, key.UserID, key.PredecessorID)
		if err == nil {
			before = &old
		} else if models.KindOf(err) != models.NotFound {
			return nil, nil, s.failure("key relatives", err)
		}
	}
	after, err = successorOf(db, key.ID)
	return before, after, s.failure("key relatives", err)
}
