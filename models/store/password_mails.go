package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// sharingAddress bounds how many people with the same e-mail address get a
// link each when the address is what was asked for.
const sharingAddress = 5

// MailPasswordReset makes the links that are mailed when somebody says to have
// forgotten the password of a user name or of an e-mail address. It makes none
// for service accounts, people who are not active, have no address, or sign in
// without a password here, nor for those who got MaxResetMails of late. Whoever
// asked must not learn which it was, not even by the time this takes.
func (s *Store) MailPasswordReset(ctx context.Context, login string) ([]models.PasswordLink, error) {
	if !storable(login) || len(login) > 4*models.MaxEmail || models.Fold(login) == "" {
		return nil, nil
	}
	var ids []int64
	err := s.read.WithContext(ctx).Model(&models.User{}).
		Where("(username_fold = ? OR email_fold = ?)", models.Fold(login), models.Fold(login)).
		Where("is_active AND NOT is_service AND password_hash <> '' AND email <> ''").
		Order("id").Limit(sharingAddress).Pluck("id", &ids).Error
	if err != nil {
		return nil, s.failure("mail password reset", err)
	}
	var links []models.PasswordLink
	for _, id := range ids {
		link, made, err := s.mailReset(ctx, id)
		if err != nil {
			return links, err
		}
		if made {
			links = append(links, link)
		}
	}
	return links, nil
}

// mailReset looks at the user once more, alone: of several requests at once each
// sees the mails that the others counted.
func (s *Store) mailReset(ctx context.Context, userID int64) (link models.PasswordLink, made bool, err error) {
	err = s.inTx(ctx, "mail password reset", func(t *tx) error {
		made = false
		if err := t.lockAlone(userID); err != nil {
			return err
		}
		user, err := findUser(t.db, "users.id = ?", userID)
		if models.KindOf(err) == models.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		kind, err := linkKindFor(t.db, userID)
		if err != nil || kind != models.LinkPasswordReset || !user.IsActive || user.IsService || user.Email == "" {
			return err
		}
		var mailed int64
		err = t.db.Model(&oneTimeLink{}).Where("user_id = ? AND mailed_at > ?", userID, t.now.Add(-models.ResetMailsSpan)).Count(&mailed).Error
		if err != nil || mailed >= models.MaxResetMails {
			return err
		}
		if link, err = t.makePasswordLink(kind, user, &t.now); err != nil {
			return err
		}
		made = true
		return t.recordUser(nil, models.Modified, user, nil, said("A password reset link was mailed to ").user(user))
	})
	return link, made && err == nil, err
}
