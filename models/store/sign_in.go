package store

import (
	"context"
	"errors"
	"strconv"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// wrongCredentials is the one answer to every sign-in that fails.
func wrongCredentials() *models.Error {
	return &models.Error{Kind: models.Unauthenticated, Message: "The user name or the password is wrong. Check both and try again."}
}

// SignIn checks a name and a password. Unknown names, people who are not
// active, service accounts, and users without a password get the same answer
// for the same work: one query, one hash, one event. The try is counted before
// the hash; too many are refused without one.
//
// A right password of somebody with a second factor does not sign in: the error
// is a *SecondStep.
func (s *Store) SignIn(ctx context.Context, username, password string) (models.User, error) {
	candidate, err := s.candidate(ctx, username)
	if err != nil {
		return models.User{}, s.failure("sign in", err)
	}
	counters, err := s.counters(ctx, tryPassword, candidate.ID, username)
	if err != nil {
		return models.User{}, s.failure("sign in", err)
	}
	full, err := s.countTry(ctx, counters)
	if err != nil {
		return models.User{}, err
	}
	ok, rehashed, err := s.checkPassword(ctx, candidate, password)
	switch {
	case err != nil:
		s.takeBack(ctx, counters)
		return models.User{}, s.failure("sign in", err)
	case !ok:
		return models.User{}, s.signInFailed(ctx, candidate, full)
	}
	return s.signInSucceeded(ctx, candidate, rehashed, counters)
}

// checkPassword works out one hash, whatever there is to compare it with.
// rehashed is what to store instead, "" when the stored hash is good enough.
func (s *Store) checkPassword(ctx context.Context, candidate models.User, password string) (ok bool, rehashed string, err error) {
	stored := candidate.PasswordHash
	if stored == "" || candidate.IsService || !candidate.IsActive {
		stored = s.hashing.dummy
	}
	password, fits := composed(password)
	if !fits {
		stored, password = s.hashing.dummy, "" // refused, after the time that a hash takes
	}
	ok, stale, err := s.hashing.matches(ctx, stored, password)
	if err != nil || !ok || stored == s.hashing.dummy {
		return false, "", err
	}
	if stale {
		rehashed, err = s.hashing.hash(ctx, password)
	}
	return err == nil, rehashed, err
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
func (s *Store) signInSucceeded(ctx context.Context, candidate models.User, rehashed string, counters []counter) (models.User, error) {
	var user models.User
	var more bool
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
			candidate.PasswordHash = rehashed
		}
		if err := t.forgive(counters); err != nil {
			return err
		}
		if more, err = hasSecondFactor(t.db, user.ID); err != nil || more {
			return err
		}
		return t.recordSignedIn(user, "Password")
	})
	switch {
	case err != nil && (models.KindOf(err) == models.NotFound || models.KindOf(err) == models.Unauthenticated):
		return models.User{}, s.signInFailed(ctx, candidate, false)
	case err != nil:
		return models.User{}, err
	case more:
		return models.User{}, s.secondStep(user.ID, candidate.PasswordHash)
	}
	return user, nil
}

func (t *tx) recordSignedIn(user models.User, by string) error {
	id := user.ID
	return t.record(nil, models.Event{
		Category: models.LoginSucceeded, UserID: &id, Username: user.Username, IdentifiedBy: by,
		DocumentType: models.DocumentUsers, DocumentID: user.PublicID(),
	}, new(message).user(user).text(" signed in"))
}

// signInFailed notes the attempt. The name as typed is not stored: people type
// passwords into the wrong field. full says that from here on strangers wait.
func (s *Store) signInFailed(ctx context.Context, candidate models.User, full bool) error {
	err := s.inTx(ctx, "sign in", func(t *tx) error {
		if err := t.recordFailed(candidate, "failed"); err != nil || !full || candidate.ID == 0 {
			return err
		}
		return t.recordSlowed(candidate, "from unknown browsers is slowed down: "+strconv.Itoa(models.ThrottleStrangers.Free)+" attempts in a row failed")
	})
	if err != nil {
		return err
	}
	return wrongCredentials()
}

// recordFailed notes what became of a try to sign in.
func (t *tx) recordFailed(candidate models.User, how string) error {
	e, words := failedSignIn(candidate, how)
	return t.recordOften(e.DocumentID, nil, e, words)
}

// recordSlowed notes that from here on strangers wait.
func (t *tx) recordSlowed(candidate models.User, how string) error {
	e, words := failedSignIn(candidate, how)
	return t.record(nil, e, words)
}

func failedSignIn(candidate models.User, how string) (models.Event, *message) {
	e := models.Event{Category: models.LoginFailed, Username: "unknown user", DocumentType: models.DocumentUsers}
	words := said("Sign-in with an unknown user name " + how)
	if candidate.ID != 0 {
		id := candidate.ID
		e.UserID, e.Username, e.IsService, e.DocumentID = &id, candidate.Username, candidate.IsService, candidate.PublicID()
		words = said("Sign-in as ").user(candidate).text(" " + how)
	}
	return e, words
}
