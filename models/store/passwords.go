package store

import (
	"context"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/keyport/keyport/models"
)

// ChangePassword changes the actor's own password and signs the actor out
// everywhere else.
func (s *Store) ChangePassword(ctx context.Context, current, password string) error {
	stale := models.ActorFrom(ctx)
	switch {
	case stale == nil:
		return models.Unauthorized()
	case stale.Via != models.ViaSession:
		return models.Denied("Sign in with the browser to change your password.")
	}
	counters := s.sessionCounter(stale)
	if _, err := s.countTry(ctx, counters); err != nil {
		return err
	}
	stored, err := s.checkCurrent(ctx, stale.User, current, password)
	if refusal := models.Refusal(err); err != nil && (refusal == nil || refusal.Problem("CurrentPassword") == "") {
		s.takeBack(ctx, counters) // the current password was right, or was not looked at
	}
	if err != nil {
		return s.failure("change password", err)
	}
	hash, err := s.hashing.hash(ctx, password)
	if err != nil {
		return s.failure("change password", err)
	}
	return s.inTx(ctx, "change password", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		done := t.db.Model(&models.User{}).Where("id = ? AND password_hash = ?", actor.User.ID, stored).Update("password_hash", hash)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return models.Conflicted("Your password was changed in the meantime. Sign in again with the new one.")
		}
		if _, err := t.endOthers(actor); err != nil {
			return err
		}
		if err := t.forgive(counters); err != nil {
			return err
		}
		return t.record(actor, models.Event{
			Category: models.Modified, DocumentType: models.DocumentUsers, DocumentID: actor.User.PublicID(),
		}, said("The password of ").user(actor.User).text(" was changed"))
	})
}

// checkCurrent refuses a wrong current password and an unfit new one, with both
// problems at once, and returns the stored hash.
func (s *Store) checkCurrent(ctx context.Context, actor models.User, current, password string) (stored string, err error) {
	var user models.User
	err = s.read.WithContext(ctx).Select("id, username, display_name, email, password_hash").Where("id = ?", actor.ID).Take(&user).Error
	if err != nil {
		return "", err
	}
	stored = user.PasswordHash
	if stored == "" {
		return "", models.Denied("Your account has no password here. An administrator can give it one.")
	}
	ok := false
	if current, fits := composed(current); fits {
		if ok, _, err = s.hashing.matches(ctx, stored, current); err != nil {
			return "", err
		}
	}
	var problems []models.Problem
	if !ok {
		problems = append(problems, models.Problem{Field: "CurrentPassword", Message: "This is not your current password."})
	}
	if _, problem := newPassword(password, user); problem != "" {
		problems = append(problems, models.Problem{Field: "Password", Message: problem})
	}
	return stored, refusalOf(problems)
}

// newPassword returns a password in composed form, and why it can't be used.
func newPassword(password string, user models.User) (clean, problem string) {
	clean, _ = composed(password)
	return clean, models.PasswordProblem(clean, user.Username, user.DisplayName, user.Email)
}

// composed returns a password as it is counted and hashed: keyboards differ in
// whether an accented letter is one character or two. fits reports that it is
// not too long to be somebody's password; more is not looked at.
func composed(password string) (clean string, fits bool) {
	const most = 16 * models.MaxPassword // bytes
	if len(password) > most {
		return password, false
	}
	clean = norm.NFC.String(password)
	return clean, utf8.RuneCountInString(clean) <= models.MaxPassword
}

// refusalOf keeps the absence of problems from becoming an error that holds a
// nil pointer.
func refusalOf(problems []models.Problem) error {
	if err := models.InvalidInput(problems); err != nil {
		return err
	}
	return nil
}
