package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const oidcIdentityColumns = "id, user_id, name, issuer, subject, audience, created_at, version"

// OIDCIdentities returns one page of a service account's identities, oldest
// first, and the account's external id, to whom may see its keys.
func (s *Store) OIDCIdentities(ctx context.Context, accountID int64, page models.Page) (models.OIDCIdentityList, error) {
	list, err := s.listOIDCIdentities(ctx, accountID, page.Clamp())
	if err != nil {
		return models.OIDCIdentityList{}, s.failure("OIDC identities", err)
	}
	return list, nil
}

func (s *Store) listOIDCIdentities(ctx context.Context, accountID int64, page models.Page) (list models.OIDCIdentityList, err error) {
	db := s.read.WithContext(ctx)
	if err = maySeeOIDCIdentities(db, accountID, models.ActorFrom(ctx)); err != nil {
		return list, err
	}
	if list.ExternalID, err = s.externalID(ctx, accountID); err != nil {
		return list, err
	}
	var total int64
	err = db.Model(&models.OIDCIdentity{}).Where("user_id = ?", accountID).Count(&total).Error
	if list.Total = int(total); err != nil || page.Take == 0 {
		return list, err
	}
	err = db.Select(oidcIdentityColumns).Where("user_id = ?", accountID).Order("id").Offset(page.Skip).Limit(page.Take).Find(&list.Identities).Error
	return list, err
}

// OIDCIdentity returns one identity under the same terms.
func (s *Store) OIDCIdentity(ctx context.Context, accountID, id int64) (models.OIDCIdentity, error) {
	db := s.read.WithContext(ctx)
	if err := maySeeOIDCIdentities(db, accountID, models.ActorFrom(ctx)); err != nil {
		return models.OIDCIdentity{}, s.failure("OIDC identity", err)
	}
	found, err := findOIDCIdentity(db, accountID, id)
	return found, s.failure("OIDC identity", err)
}

func findOIDCIdentity(db *gorm.DB, accountID, id int64) (models.OIDCIdentity, error) {
	var found models.OIDCIdentity
	err := db.Select(oidcIdentityColumns).Where("id = ? AND user_id = ?", id, accountID).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.OIDCIdentity{}, models.Missing("OIDC identity")
	}
	return found, err
}

// maySeeOIDCIdentities asks the rule. Who may not see an account is answered
// like somebody who asks for one that does not exist.
func maySeeOIDCIdentities(db *gorm.DB, accountID int64, actor *models.Actor) error {
	if actor == nil {
		return models.Unauthorized()
	}
	account, err := findUser(db, "users.id = ?", accountID)
	if err != nil {
		return noAccount(err)
	}
	member, err := inOwnerTeam(db, accountID, actor)
	return orElse(err, models.MaySeeOIDCIdentities(account, actor, member))
}

func noAccount(err error) error {
	if models.KindOf(err) == models.NotFound {
		return models.Missing("service account")
	}
	return err
}

// accountToTrust returns who is asking and the account, locked, if the actor may
// change whom the account trusts.
func (t *tx) accountToTrust(accountID int64) (*models.Actor, models.User, error) {
	actor, err := t.actor()
	if err != nil {
		return nil, models.User{}, err
	}
	// One change of an account's identities at a time, so that their number stays
	// in its bounds.
	var locked []int64
	if err := t.db.Model(&models.User{}).Clauses(forUpdate).Where("id = ?", accountID).Pluck("id", &locked).Error; err != nil {
		return nil, models.User{}, err
	}
	account, err := findUser(t.db, "users.id = ?", accountID)
	if err != nil {
		return nil, account, noAccount(err)
	}
	member, err := t.inOwnerTeam(accountID, actor)
	return actor, account, orElse(err, models.MayChangeOIDCIdentities(account, actor, member))
}

// AddOIDCIdentity lets tokens of an issuer be exchanged for access tokens of a
// service account.
func (s *Store) AddOIDCIdentity(ctx context.Context, accountID int64, wish models.NewOIDCIdentity) (models.OIDCIdentity, error) {
	var made models.OIDCIdentity
	err := s.inTx(ctx, "add OIDC identity", func(t *tx) error {
		actor, account, err := t.accountToTrust(accountID)
		if err != nil {
			return err
		}
		wished, err := wish.Check()
		if err != nil {
			return err
		}
		if err := t.roomForOIDCIdentity(accountID); err != nil {
			return err
		}
		made = models.OIDCIdentity{UserID: accountID, Name: wished.Name, Issuer: wished.Issuer, Subject: wished.Subject, Audience: wished.Audience,
			CreatedAt: t.now, Version: 1}
		if err := t.db.Create(&made).Error; err != nil {
			return err
		}
		words := saidOIDC(made).text(" was created for ").user(account).text(", for the subject " + made.Subject + " of " + made.Issuer)
		return t.recordOIDC(actor, models.Created, made, nil, words)
	})
	if err != nil {
		return models.OIDCIdentity{}, err
	}
	return made, nil
}

func (t *tx) roomForOIDCIdentity(accountID int64) error {
	var n int64
	err := t.db.Model(&models.OIDCIdentity{}).Where("user_id = ?", accountID).Count(&n).Error
	if err == nil && n >= models.MaxOIDCIdentities {
		return models.Conflicted("This service account has 100 OIDC identities, and can't have more. Remove one that is not needed, or write one subject with wildcards for several.")
	}
	return err
}

// ChangeOIDCIdentity changes whose tokens are trusted. Access tokens that were
// given out under the old terms end with it; another name ends none.
func (s *Store) ChangeOIDCIdentity(ctx context.Context, accountID, id int64, wish models.NewOIDCIdentity) (models.OIDCIdentity, error) {
	var saved models.OIDCIdentity
	err := s.inTx(ctx, "change OIDC identity", func(t *tx) error {
		actor, account, err := t.accountToTrust(accountID)
		if err != nil {
			return err
		}
		stored, err := findOIDCIdentity(t.db, accountID, id)
		if err != nil {
			return err
		}
		wished, err := wish.Check()
		if err != nil {
			return err
		}
		saved, err = t.saveOIDCIdentity(actor, account, stored, wished)
		return err
	})
	if err != nil {
		return models.OIDCIdentity{}, err
	}
	return saved, nil
}

func (t *tx) saveOIDCIdentity(actor *models.Actor, account models.User, stored models.OIDCIdentity, wish models.NewOIDCIdentity) (models.OIDCIdentity, error) {
	saved := stored
	saved.Name, saved.Issuer, saved.Subject, saved.Audience = wish.Name, wish.Issuer, wish.Subject, wish.Audience
	changes := oidcDifferences(stored, saved)
	if len(changes) == 0 {
		return stored, nil
	}
	if len(changes) > 1 || saved.Name == stored.Name {
		saved.Version++
	}
	err := t.db.Model(&models.OIDCIdentity{}).Where("id = ?", stored.ID).Updates(map[string]any{
		"name": saved.Name, "issuer": saved.Issuer, "subject": saved.Subject, "audience": saved.Audience, "version": saved.Version,
	}).Error
	if err != nil {
		return stored, err
	}
	return saved, t.recordOIDC(actor, models.Modified, saved, changes, saidOIDC(saved).text(" of ").user(account).text(" was changed"))
}

// RemoveOIDCIdentity ends the trust, and with it the access tokens that came of
// it.
func (s *Store) RemoveOIDCIdentity(ctx context.Context, accountID, id int64) error {
	return s.inTx(ctx, "remove OIDC identity", func(t *tx) error {
		actor, account, err := t.accountToTrust(accountID)
		if err != nil {
			return err
		}
		stored, err := findOIDCIdentity(t.db, accountID, id)
		if err != nil {
			return err
		}
		if err := t.db.Where("id = ?", id).Delete(&models.OIDCIdentity{}).Error; err != nil {
			return err
		}
		return t.recordOIDC(actor, models.Deleted, stored, nil, saidOIDC(stored).text(" of ").user(account).text(" was removed"))
	})
}

// oidcDifferences names the members as Octopus's resource does.
func oidcDifferences(before, after models.OIDCIdentity) []models.Difference {
	var changes []models.Difference
	add := func(path, before, after string) {
		if before != after {
			changes = append(changes, models.Difference{Path: path, Before: before, After: after})
		}
	}
	add("Name", before.Name, after.Name)
	add("Issuer", before.Issuer, after.Issuer)
	add("Subject", before.Subject, after.Subject)
	add("Audience", before.Audience, after.Audience)
	return changes
}

func saidOIDC(i models.OIDCIdentity) *message {
	return said("OIDC identity ").document(`"`+i.Name+`"`, i.PublicID())
}

func (t *tx) recordOIDC(actor *models.Actor, what models.Category, i models.OIDCIdentity, changes []models.Difference, words *message) error {
	account := i.UserID
	return t.record(actor, models.Event{Category: what, DocumentType: models.DocumentOIDCIdentities, DocumentID: i.PublicID(),
		RelatedUserID: &account, Differences: changes}, words)
}
