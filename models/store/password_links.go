package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// passwordLinkKinds are the links that end when a newer one is made.
var passwordLinkKinds = []models.LinkKind{models.LinkInvitation, models.LinkPasswordReset}

// NewPasswordLink makes a one-time link for a person: an invitation as long as
// the person has no password, otherwise a reset. Older links of the person end.
func (s *Store) NewPasswordLink(ctx context.Context, userID int64) (models.PasswordLink, error) {
	var link models.PasswordLink
	err := s.inTx(ctx, "new password link", func(t *tx) error {
		actor, user, err := t.userToChange(userID)
		if err != nil {
			return err
		}
		if err := models.MayMakePasswordLink(user, actor); err != nil {
			return err
		}
		kind, err := linkKindFor(t.db, userID)
		if err != nil {
			return err
		}
		if link, err = t.makePasswordLink(kind, user, nil); err != nil {
			return err
		}
		return t.recordUser(actor, models.Modified, user, nil, said(madeWords[kind]).user(user).text(" was made"))
	})
	if err != nil {
		return models.PasswordLink{}, err
	}
	return link, nil
}

var madeWords = map[models.LinkKind]string{
	models.LinkInvitation: "An invitation link for ", models.LinkPasswordReset: "A password reset link for ",
}

// PasswordLinkOf tells those who edit users which kind of link a person would
// get, and until when the one works that the person has; nil for none.
func (s *Store) PasswordLinkOf(ctx context.Context, userID int64) (kind models.LinkKind, until *time.Time, err error) {
	if err := models.MayEditUsers(models.ActorFrom(ctx)); err != nil {
		return "", nil, err
	}
	db := s.read.WithContext(ctx)
	if kind, err = linkKindFor(db, userID); err != nil {
		return "", nil, s.failure("password link of user", err)
	}
	var ends []time.Time
	err = livePasswordLinks(db, s.Now()).Where("one_time_links.user_id = ?", userID).Order("expires_at DESC").Limit(1).Pluck("expires_at", &ends).Error
	if err != nil || len(ends) == 0 {
		return kind, nil, s.failure("password link of user", err)
	}
	return kind, &ends[0], nil
}

func linkKindFor(db *gorm.DB, userID int64) (models.LinkKind, error) {
	var hashes []string
	err := db.Model(&models.User{}).Where("id = ?", userID).Pluck("password_hash", &hashes).Error
	switch {
	case err != nil:
		return "", err
	case len(hashes) == 0:
		return "", models.Missing("user")
	case hashes[0] == "":
		return models.LinkInvitation, nil
	}
	return models.LinkPasswordReset, nil
}

// makePasswordLink stores the digest of a new token and ends what was there.
// The user's row must be locked.
func (t *tx) makePasswordLink(kind models.LinkKind, user models.User, mailed *time.Time) (models.PasswordLink, error) {
	if err := t.db.Where("user_id = ? AND expires_at <= ?", user.ID, t.now).Delete(&oneTimeLink{}).Error; err != nil {
		return models.PasswordLink{}, err
	}
	if err := t.endPasswordLinks(user.ID); err != nil {
		return models.PasswordLink{}, err
	}
	link := models.PasswordLink{Kind: kind, User: user, Token: models.NewToken(), ExpiresAt: t.now.Add(kind.Life())}
	row := oneTimeLink{Digest: t.store.keyring.LinkDigest(link.Token), Kind: string(kind), UserID: &user.ID, ExpiresAt: link.ExpiresAt, MailedAt: mailed}
	return link, t.db.Create(&row).Error
}

func (t *tx) endPasswordLinks(userID int64) error {
	return t.db.Model(&oneTimeLink{}).Where("user_id = ? AND kind IN ? AND used_at IS NULL", userID, passwordLinkKinds).Update("used_at", t.now).Error
}

// livePasswordLinks are the links that work: not used, not over, and of people
// for whom they were made. A deactivated person's link neither works nor
// brings the person back.
func livePasswordLinks(db *gorm.DB, now time.Time) *gorm.DB {
	return db.Model(&oneTimeLink{}).Joins("JOIN users u ON u.id = one_time_links.user_id").
		Where("one_time_links.kind IN ? AND used_at IS NULL AND expires_at > ? AND u.is_active AND NOT u.is_service", passwordLinkKinds, now).
		Where("(one_time_links.kind = ?) = (u.password_hash = '')", models.LinkInvitation)
}

// PasswordLink returns the link of a token, with its person. It uses nothing
// up: mail programs open links to look at them.
func (s *Store) PasswordLink(ctx context.Context, kind models.LinkKind, token string) (models.PasswordLink, error) {
	link, err := s.findPasswordLink(s.read.WithContext(ctx), kind, token, s.Now())
	if err != nil {
		return models.PasswordLink{}, s.failure("password link", err)
	}
	return link, nil
}

func (s *Store) findPasswordLink(db *gorm.DB, kind models.LinkKind, token string, now time.Time) (models.PasswordLink, error) {
	var row oneTimeLink
	err := livePasswordLinks(db, now).Select("digest, one_time_links.kind, user_id, expires_at").
		Where("digest = ? AND one_time_links.kind = ?", s.keyring.LinkDigest(token), kind).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.PasswordLink{}, overLink()
	}
	if err != nil {
		return models.PasswordLink{}, err
	}
	user, err := findUser(db, "users.id = ?", *row.UserID)
	return models.PasswordLink{Kind: kind, User: user, ExpiresAt: row.ExpiresAt}, err
}

func overLink() *models.Error {
	return &models.Error{Kind: models.NotFound, Message: "This link does not work. It works once and for a limited time, and a newer one replaces it. Ask for a new one."}
}

// ChoosePassword uses a link up: the person gets the password, and whoever is
// signed in as the person is signed out. Of several uses at once one wins.
func (s *Store) ChoosePassword(ctx context.Context, kind models.LinkKind, token, password string) (models.User, error) {
	link, err := s.PasswordLink(ctx, kind, token)
	if err != nil {
		return models.User{}, err
	}
	password, problem := newPassword(password, link.User)
	if problem != "" {
		return models.User{}, models.InvalidField("Password", problem)
	}
	hash, err := s.hashing.hash(ctx, password)
	if err != nil {
		return models.User{}, s.failure("choose password", err)
	}
	err = s.inTx(ctx, "choose password", func(t *tx) error {
		if err := t.lockAlone(link.User.ID); err != nil {
			return err
		}
		live, err := s.findPasswordLink(t.db, kind, token, t.now)
		if err != nil {
			return err
		}
		return t.choosePassword(live, hash)
	})
	if err != nil {
		return models.User{}, err
	}
	return link.User, nil
}

// lockAlone keeps a user's row for this transaction only.
func (t *tx) lockAlone(userID int64) error {
	var locked []int64
	return t.db.Model(&models.User{}).Clauses(forUpdate).Where("id = ?", userID).Pluck("id", &locked).Error
}

func (t *tx) choosePassword(link models.PasswordLink, hash string) error {
	if err := t.endPasswordLinks(link.User.ID); err != nil {
		return err
	}
	if err := t.db.Model(&models.User{}).Where("id = ?", link.User.ID).Update("password_hash", hash).Error; err != nil {
		return err
	}
	if err := t.db.Where("user_id = ?", link.User.ID).Delete(&models.Session{}).Error; err != nil {
		return err
	}
	id := link.User.ID
	return t.record(nil, models.Event{
		Category: models.Modified, DocumentType: models.DocumentUsers, DocumentID: link.User.PublicID(),
		UserID: &id, Username: link.User.Username, IdentifiedBy: usedWords[link.Kind],
	}, said("The password of ").user(link.User).text(" was changed"))
}

var usedWords = map[models.LinkKind]string{
	models.LinkInvitation: "One-time invitation link", models.LinkPasswordReset: "One-time password reset link",
}
