package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// keyColumns are all columns of a key.
const keyColumns = `id, user_id, purpose, purpose_fold, prefix, pepper_id, digest, seal, parent_id, form_id,
	created_at, expires_at, revoked_at, revoked_by, last_used_at, last_used_ip,
	access_level, services, allowed_networks, denied_networks, predecessor_id, ends_old`

// IssueAPIKey makes a key for a user and returns it with its secret, which is
// known only to the caller from then on.
//
// Whatever the rule looks at is read and locked in the transaction that writes
// the key: settings, owner, and the credential of the call. So no key is
// committed after a change of settings that it breaks, and none outlives the
// key that made it.
func (s *Store) IssueAPIKey(ctx context.Context, ownerID int64, wish models.NewKey) (models.APIKey, models.Secret, error) {
	if err := checkFormID(wish.FormID); err != nil {
		return models.APIKey{}, models.Secret{}, err
	}
	secret := models.NewSecret()
	var key models.APIKey
	err := s.inTx(ctx, "issue API key", func(t *tx) error {
		grant, err := t.keyGrant(ownerID)
		if err != nil {
			return err
		}
		if key, err = models.IssueKey(wish, grant); err != nil {
			return err
		}
		t.store.complete(&key, secret, wish.FormID)
		if err := t.insertKey(&key); err != nil {
			return err
		}
		words := said("User API key ").key(key).text(" was created for ").user(grant.Owner)
		return t.recordKey(grant.Actor, models.Created, key, words.text(", expires "+models.Instant(key.ExpiresAt)))
	})
	if err != nil {
		return models.APIKey{}, models.Secret{}, err
	}
	return key, secret, nil
}

// keyGrant reads what the rule must know, and keeps it from changing.
func (t *tx) keyGrant(ownerID int64) (grant models.KeyGrant, err error) {
	grant.Now = t.now
	if err = t.db.Clauses(forShare).Select(settingsColumns).Take(&grant.Settings).Error; err != nil {
		return grant, err
	}
	if grant.Actor, err = t.actor(); err != nil {
		return grant, err
	}
	if grant.Actor.Is(ownerID) {
		grant.Owner = grant.Actor.User
		return grant, nil
	}
	if grant.Owner, err = t.lockUser(ownerID); err != nil {
		return grant, err
	}
	grant.InOwnerTeam, err = t.inOwnerTeam(ownerID, grant.Actor)
	return grant, err
}

// complete adds what the rule leaves to the store: identity, digest and seal.
func (s *Store) complete(key *models.APIKey, secret models.Secret, formID string) {
	digest := s.keyring.Digest(secret)
	key.ID, key.Prefix = models.NewKeyID(), secret.Prefix()
	key.PepperID, key.Digest = digest.PepperID, digest.Sum[:]
	key.CreatedAt, key.ExpiresAt = utc(key.CreatedAt), utc(key.ExpiresAt)
	key.NoticeAt = models.NextNotice(key.ExpiresAt, key.CreatedAt)
	if formID != "" {
		key.FormID = &formID
	}
	key.Seal = s.keyring.Seal(key.PepperID, key.SealedBytes())
}

func (t *tx) insertKey(key *models.APIKey) error {
	err := t.db.Create(key).Error
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey) && key.FormID != nil:
		return usedForm()
	case errors.Is(err, gorm.ErrCheckConstraintViolated) && strings.Contains(err.Error(), "api_keys_owner_active"):
		return models.Denied("This account is not active, so it can't have new keys. An administrator can activate it.")
	}
	return err
}

func usedForm() error {
	return models.Conflicted("This form was already used. Its key is in the list. If you did not copy it, revoke it and make another one.")
}

// maxFormID is the longest form id; ours have 26 characters.
const maxFormID = 64

func checkFormID(id string) error {
	if len(id) > maxFormID || !storable(id) {
		return models.InvalidField("FormID", "This form was damaged on its way. Open it again.")
	}
	return nil
}

func (t *tx) recordKey(actor *models.Actor, what models.Category, key models.APIKey, words *message) error {
	owner := key.UserID
	return t.record(actor, models.Event{
		Category: what, DocumentType: models.DocumentAPIKeys, DocumentID: key.ID, RelatedUserID: &owner,
	}, words)
}

// RevokeAPIKey ends a key for good. A key that has ended already stays as it
// is.
func (s *Store) RevokeAPIKey(ctx context.Context, ownerID int64, keyID string) (models.APIKey, error) {
	var key models.APIKey
	err := s.inTx(ctx, "revoke API key", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		member, err := t.inOwnerTeam(ownerID, actor)
		if err != nil {
			return err
		}
		// Asked before the key is looked for, so that a stranger can't tell
		// whether there is one.
		if err := models.MayRevoke(models.APIKey{UserID: ownerID}, actor, member); err != nil {
			return err
		}
		if key, err = findKey(t.db.Clauses(forUpdate), ownerID, keyID); err != nil || !key.Usable(t.now) {
			return err
		}
		return t.revoke(actor, &key)
	})
	if err != nil {
		return models.APIKey{}, err
	}
	return key, nil
}

func (t *tx) revoke(actor *models.Actor, key *models.APIKey) error {
	owner, err := findUser(t.db, "users.id = ?", key.UserID)
	if err != nil {
		return err
	}
	if err := t.end(actor, key); err != nil {
		return err
	}
	return t.recordKey(actor, models.Deleted, *key, said("User API key ").key(*key).text(" of ").user(owner).text(" was revoked"))
}

// end writes that a key is revoked.
func (t *tx) end(actor *models.Actor, key *models.APIKey) error {
	now := t.now
	key.RevokedAt = &now
	if actor.Via != models.ViaConsole {
		by := actor.User.ID
		key.RevokedBy = &by
	}
	if seal := t.store.keyring.Seal(key.PepperID, key.SealedBytes()); seal != nil {
		key.Seal = seal // else the generation has retired: the row is refused anyway
	}
	return t.db.Model(&models.APIKey{}).Where("id = ?", key.ID).
		Updates(map[string]any{"revoked_at": now, "revoked_by": key.RevokedBy, "seal": key.Seal}).Error
}

// APIKey returns one key of a user, whatever its status.
func (s *Store) APIKey(ctx context.Context, ownerID int64, keyID string) (models.APIKey, error) {
	db := s.read.WithContext(ctx)
	if err := maySeeKeysOf(db, ownerID, models.ActorFrom(ctx)); err != nil {
		return models.APIKey{}, s.failure("API key", err)
	}
	key, err := findKey(db, ownerID, keyID)
	return key, s.failure("API key", err)
}

// findKey looks for a key by its id, in any case of letters.
func findKey(db *gorm.DB, ownerID int64, keyID string) (models.APIKey, error) {
	var key models.APIKey
	if !storable(keyID) {
		return key, models.Missing("API key")
	}
	err := db.Select(keyColumns).Where("id = ? AND user_id = ?", strings.ToLower(keyID), ownerID).Take(&key).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.Missing("API key")
	}
	return key, err
}

// CountKeysEndingAfter counts the usable keys of all users that live beyond t.
// The number names nobody, so everybody may know it.
func (s *Store) CountKeysEndingAfter(ctx context.Context, t time.Time) (int, error) {
	if now := s.Now(); t.Before(now) {
		t = now
	}
	var n int64
	err := s.read.WithContext(ctx).Model(&models.APIKey{}).Where("revoked_at IS NULL AND expires_at > ?", utc(t)).Count(&n).Error
	return int(n), s.failure("count keys", err)
}
