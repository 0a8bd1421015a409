package store

import (
	"context"
	"errors"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// wrongCredentials is the one answer to every sign-in that fails.
func wrongCredentials() *models.Error {
	return &models.Error{Kind: models.Unauthenticated, Message: "The user name or the password is wrong. Check both and try again."}
}

// SignIn checks a name and a password. Unknown names, people who are not
// active, service accounts, and users without a password get the same answer
// for the same work: one query, one hash, one event.
func (s *Store) SignIn(ctx context.Context, username, password string) (models.User, error) {
	candidate, err := s.candidate(ctx, username)
	if err != nil {
		return models.User{}, s.failure("sign in", err)
	}
	stored := candidate.PasswordHash
	if stored == "" || candidate.IsService || !candidate.IsActive {
		stored = s.hashing.dummy
	}
	tooLong := len(password) > 4*models.MaxPassword || utf8.RuneCountInString(password) > models.MaxPassword
	if tooLong {
		stored, password = s.hashing.dummy, "" // refused, after the time that a hash takes
	}
	ok, stale, err := s.hashing.matches(ctx, stored, password)
	if err != nil {
		return models.User{}, s.failure("sign in", err)
	}
	if !ok || stored == s.hashing.dummy {
		return models.User{}, s.signInFailed(ctx, candidate)
	}
	rehashed := ""
	if stale {
		if rehashed, err = s.hashing.hash(ctx, password); err != nil {
			return models.User{}, s.failure("sign in", err)
		}
	}
	return s.signInSucceeded(ctx, candidate, rehashed)
}

// candidate returns the user of a name with the stored hash, zero for none.
func (s *Store) candidate(ctx context.Context, username string) (models.User, error) {
	if !storable(username) {
		username = ""
	}
	var u models.User
	err := s.read.WithContext(ctx).Select("id, username, is_service, is_active, password_hash").
		Where("username_fold = ?", models.Fold(username)).Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = nil
	}
	return u, err
}

// signInSucceeded reads the user once more: a password may have been changed,
// or the user switched off, while the hash was worked out.
func (s *Store) signInSucceeded(ctx context.Context, candidate models.User, rehashed string) (models.User, error) {
	var user models.User
	err := s.inTx(ctx, "sign in", func(t *tx) (err error) {
		if user, err = t.lockUser(candidate.ID); err != nil {
			return err
		}
		var stored string
		if err := t.db.Model(&models.User{}).Where("id = ?", user.ID).Pluck("password_hash", &stored).Error; err != nil {
			return err
		}
		if !user.IsActive || stored != candidate.PasswordHash {
			return wrongCredentials()
		}
		if rehashed != "" {
			if err := t.db.Model(&models.User{}).Where("id = ?", user.ID).Update("password_hash", rehashed).Error; err != nil {
				return err
			}
		}
		id := user.ID
		return t.record(nil, models.Event{
			Category: models.LoginSucceeded, UserID: &id, Username: user.Username, IdentifiedBy: "Password",
			DocumentType: models.DocumentUsers, DocumentID: user.PublicID(),
		}, new(message).user(user).text(" signed in"))
	})
	if models.KindOf(err) == models.NotFound || models.KindOf(err) == models.Unauthenticated {
		return models.User{}, s.signInFailed(ctx, candidate)
	}
	if err != nil {
		return models.User{}, err
	}
	return user, nil
}

// signInFailed notes the attempt. The name as typed is not stored: people type
// passwords into the wrong field.
func (s *Store) signInFailed(ctx context.Context, candidate models.User) error {
	err := s.inTx(ctx, "sign in", func(t *tx) error {
		e := models.Event{Category: models.LoginFailed, Username: "unknown user", DocumentType: models.DocumentUsers}
		words := said("Sign-in with an unknown user name failed")
		if candidate.ID != 0 {
			id := candidate.ID
			e.UserID, e.Username, e.IsService, e.DocumentID = &id, candidate.Username, candidate.IsService, candidate.PublicID()
			words = said("Sign-in as ").user(candidate).text(" failed")
		}
		return t.record(nil, e, words)
	})
	if err != nil {
		return err
	}
	return wrongCredentials()
}
