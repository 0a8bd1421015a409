package store

import (
	"context"
	"unicode/utf8"

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
	stored, err := s.checkCurrent(ctx, stale.User, current, password)
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
	if utf8.RuneCountInString(current) <= models.MaxPassword {
		if ok, _, err = s.hashing.matches(ctx, stored, current); err != nil {
			return "", err
		}
	}
	var problems []models.Problem
	if !ok {
		problems = append(problems, models.Problem{Field: "CurrentPassword", Message: "This is not your current password."})
	}
	if problem := models.PasswordProblem(password, user.Username, user.DisplayName, user.Email); problem != "" {
		problems = append(problems, models.Problem{Field: "Password", Message: problem})
	}
	return stored, refusalOf(problems)
}

// refusalOf keeps the absence of problems from becoming an error that holds a
// nil pointer.
func refusalOf(problems []models.Problem) error {
	if err := models.InvalidInput(problems); err != nil {
		return err
	}
	return nil
}
