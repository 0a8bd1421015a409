package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// bySignOn is how events say that a person was recognised by the provider.
const bySignOn = "Single sign-on"

// SignOn returns the user whom an OpenID provider's assertion stands for. An
// identity that is stored decides alone. A new one is linked to the one user
// with the verified e-mail address or, if the policy says so, gets a new user.
// Whoever may not sign in stays out, whatever the provider says.
func (s *Store) SignOn(ctx context.Context, a models.Assertion, policy models.SignOnPolicy) (models.User, error) {
	if err := a.Check(); err != nil {
		return models.User{}, s.signOnRefused(ctx, models.User{}, a, err)
	}
	var user models.User
	err := s.inTx(ctx, "sign on", func(t *tx) (err error) {
		user, err = t.signOn(a, policy)
		return err
	})
	if refusal := models.Refusal(err); refusal != nil && refusal.Kind != models.Unavailable {
		return models.User{}, s.signOnRefused(ctx, user, a, err)
	}
	return user, err
}

// signOn returns the user also with a refusal, if it is known whom it is about.
func (t *tx) signOn(a models.Assertion, policy models.SignOnPolicy) (user models.User, err error) {
	id, err := t.userOfIdentity(a)
	if err == nil && id == 0 {
		id, err = t.newIdentity(a, policy)
	}
	if err != nil {
		return models.User{}, err
	}
	if user, err = t.lockUser(id); err != nil {
		return models.User{}, err
	}
	if user.IsService || !user.IsActive {
		return user, models.Denied("The account " + user.Username + " can't sign in: it is switched off, or it is a service account. Ask an administrator.")
	}
	err = t.db.Model(&models.Identity{}).Where("issuer = ? AND subject = ?", a.Issuer, a.Subject).
		Updates(map[string]any{"last_used_at": t.now, "email": fact(a.Email)}).Error
	if err != nil {
		return user, err
	}
	if err := t.followGroups(user, a.Groups, policy); err != nil {
		return user, err
	}
	if user, err = findUser(t.db, "users.id = ?", id); err != nil {
		return user, err
	}
	return user, t.recordSignOn(user, models.LoginSucceeded, new(message).user(user).text(" signed in"), nil)
}

// userOfIdentity returns the id of the user, 0 when the identity is new.
func (t *tx) userOfIdentity(a models.Assertion) (int64, error) {
	var ids []int64
	err := t.db.Model(&models.Identity{}).Clauses(forUpdate).Where("issuer = ? AND subject = ?", a.Issuer, a.Subject).Pluck("user_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}

// newIdentity stores an identity that was never seen before, and returns its
// user. New ones pass one at a time, so that two with the same address can't
// both find nobody.
func (t *tx) newIdentity(a models.Assertion, policy models.SignOnPolicy) (int64, error) {
	var gate []int64
	err := t.db.Model(&models.Team{}).Clauses(forUpdate).Where("built_in = ?", models.Everyone).Pluck("id", &gate).Error
	if err != nil {
		return 0, err
	}
	if id, err := t.userOfIdentity(a); err != nil || id != 0 {
		return id, err
	}
	email, err := a.VerifiedEmail()
	if err != nil {
		return 0, err
	}
	user, err := t.userToLink(a, email, policy)
	if err != nil {
		return 0, err
	}
	identity := models.Identity{UserID: user.ID, Issuer: a.Issuer, Subject: a.Subject, Email: email, CreatedAt: t.now, LastUsedAt: t.now}
	if err := t.db.Create(&identity).Error; err != nil {
		return 0, err
	}
	return user.ID, t.recordSignOn(user, models.Modified, new(message).user(user).text(" was linked to single sign-on as "+email),
		[]models.Difference{{Path: "Identity", After: a.Issuer + " " + a.Subject}})
}

// userToLink returns the one user with the address, or makes one. It never
// chooses: an address that several users have tells nothing.
func (t *tx) userToLink(a models.Assertion, email string, policy models.SignOnPolicy) (models.User, error) {
	var users []models.User
	err := t.db.Select("id, username, is_service, is_active").Where("LOWER(email) = ?", models.LowerASCII(email)).Limit(2).Find(&users).Error
	switch {
	case err != nil:
		return models.User{}, err
	case len(users) > 1:
		return models.User{}, models.Denied("Several accounts have the e-mail address " + email + ", so Keyport can't tell which is yours. Ask an administrator to give each its own address.")
	case len(users) == 1:
		return users[0], t.mayLink(users[0], a, email)
	case !policy.Create:
		return models.User{}, models.Denied("No account has the e-mail address " + email + ". Ask an administrator to create one for you.")
	}
	return t.createSignedOn(a, email)
}

// mayLink refuses users who can't sign in, and those who are somebody else at
// the same provider: there the address was given to another person.
func (t *tx) mayLink(user models.User, a models.Assertion, email string) error {
	if user.IsService || !user.IsActive {
		return models.Denied("The account with the e-mail address " + email + " can't sign in: it is switched off, or it is a service account. Ask an administrator.")
	}
	var others int64
	err := t.db.Model(&models.Identity{}).Where("user_id = ? AND issuer = ?", user.ID, a.Issuer).Count(&others).Error
	if err == nil && others > 0 {
		return models.Denied("The account with the e-mail address " + email + " belongs to another person at the single sign-on service. Ask an administrator.")
	}
	return err
}

// createSignedOn makes a user without password, under the first name that is
// allowed and free.
func (t *tx) createSignedOn(a models.Assertion, email string) (models.User, error) {
	wishes := a.Users(email)
	if len(wishes) == 0 {
		return models.User{}, models.Denied("Keyport can't make a user name of what the single sign-on service calls you. Ask an administrator to create an account with the e-mail address " + email + ".")
	}
	for _, wish := range wishes {
		var taken int64
		if err := t.db.Model(&models.User{}).Where("username_fold = ?", models.Fold(wish.Username)).Count(&taken).Error; err != nil {
			return models.User{}, err
		}
		if taken > 0 {
			continue
		}
		account, err := t.store.prepareAccount(t.db.Statement.Context, wish, false)
		if err != nil {
			return models.User{}, err
		}
		return t.addUser(account.user, nil, nil, bySignOn)
	}
	return models.User{}, models.Denied("The user name " + wishes[0].Username + " belongs to somebody else. Ask an administrator to create an account with the e-mail address " + email + ".")
}

// recordSignOn appends an event of what a person did by signing on.
func (t *tx) recordSignOn(user models.User, category models.Category, words *message, changes []models.Difference) error {
	return t.record(nil, signOnEvent(user, category, changes), words)
}

func signOnEvent(user models.User, category models.Category, changes []models.Difference) models.Event {
	id := user.ID
	return models.Event{
		Category: category, UserID: &id, Username: user.Username, IsService: user.IsService, IdentifiedBy: bySignOn,
		DocumentType: models.DocumentUsers, DocumentID: user.PublicID(), Differences: changes,
	}
}

// signOnRefused notes the attempt and why it failed, and returns the refusal.
func (s *Store) signOnRefused(ctx context.Context, user models.User, a models.Assertion, refusal error) error {
	err := s.inTx(ctx, "sign on", func(t *tx) error {
		reason := " failed. " + models.Refusal(refusal).Message
		if user.ID != 0 {
			return t.recordOften(user.PublicID(), nil, signOnEvent(user, models.LoginFailed, nil), said("Single sign-on as ").user(user).text(reason))
		}
		words := said("Single sign-on of an unknown person")
		if email, problem := models.CleanEmail(a.Email); email != "" && problem == "" {
			words.text(" with the e-mail address " + email)
		}
		return t.recordOften("", nil, models.Event{Category: models.LoginFailed, Username: "unknown user", IdentifiedBy: bySignOn, DocumentType: models.DocumentUsers}, words.text(reason))
	})
	return orElse(err, refusal)
}

// ForgetIdentities unlinks a user from single sign-on: the next sign-on links
// again by e-mail address. It is for a person who was given a new identity at
// the provider.
func (s *Store) ForgetIdentities(ctx context.Context, userID int64) (forgotten int, err error) {
	err = s.inTx(ctx, "forget identities", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		user, err := t.lockUser(userID)
		if err == nil {
			err = models.MayChangeUser(user, actor)
		}
		if err != nil {
			return err
		}
		gone := t.db.Where("user_id = ?", user.ID).Delete(&models.Identity{})
		if forgotten = int(gone.RowsAffected); gone.Error != nil || forgotten == 0 {
			return gone.Error
		}
		return t.record(actor, models.Event{
			Category: models.Modified, DocumentType: models.DocumentUsers, DocumentID: user.PublicID(),
		}, new(message).user(user).text(" was unlinked from single sign-on"))
	})
	return forgotten, err
}
