package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// SecondStep is what SignIn answers to the right password of somebody with a
// second factor. It is an error, so that a caller who does not know of second
// factors signs nobody in.
type SecondStep struct {
	Ticket string // proof of the first step, for the browser to keep
}

// Error says why nobody is signed in.
func (*SecondStep) Error() string { return "the sign-in needs a second step" }

// ticketLife is how long a person may take for the second step.
const ticketLife = 10 * time.Minute

// ticket is what the browser keeps between the steps, locked.
type ticket struct {
	UserID int64
	Proof  []byte // of the password hash: a change of the password ends the ticket
	EndsAt time.Time
}

var ticketPlace = models.Place{Table: "browser", Column: "second step"}

func (s *Store) secondStep(userID int64, passwordHash string) *SecondStep {
	text, err := json.Marshal(ticket{userID, s.keyring.LinkDigest(passwordHash), s.Now().Add(ticketLife)})
	if err != nil {
		panic(err) // it holds numbers and bytes only
	}
	return &SecondStep{base64.RawURLEncoding.EncodeToString(s.keyring.Lock(text, ticketPlace))}
}

// ticketOver is the one answer to a ticket that is not good (any more).
func ticketOver() error {
	return &models.Error{Kind: models.Unauthenticated, Message: "The second step took too long. Sign in again."}
}

// openTicket returns whom a ticket is about.
func (s *Store) openTicket(ctx context.Context, text string) (models.User, error) {
	var t ticket
	if err := s.unlock(text, ticketPlace, &t); err != nil || !s.Now().Before(t.EndsAt) {
		return models.User{}, ticketOver()
	}
	var user models.User
	err := s.read.WithContext(ctx).Select("id, username, is_service, is_active, password_hash").Where("id = ?", t.UserID).Take(&user).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return models.User{}, ticketOver()
	case err != nil:
		return models.User{}, err
	case !user.IsActive || user.IsService || string(s.keyring.LinkDigest(user.PasswordHash)) != string(t.Proof):
		return models.User{}, ticketOver()
	}
	return user, nil
}

// unlock reads a value that a browser kept for us.
func (s *Store) unlock(text string, place models.Place, into any) error {
	locked, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return models.ErrLocked
	}
	plain, err := s.keyring.Open(locked, place)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// SecondStepMeans returns by what the sign-in of a ticket can be completed.
func (s *Store) SecondStepMeans(ctx context.Context, ticket string) (models.SignInMeans, error) {
	user, err := s.openTicket(ctx, ticket)
	if err != nil {
		return models.SignInMeans{}, s.failure("second step", err)
	}
	means, err := s.means(s.read.WithContext(ctx), user.ID)
	return means, s.failure("second step", err)
}

// FinishWithCode completes a sign-in with a code of the authenticator app or a
// recovery code. Each code works once.
func (s *Store) FinishWithCode(ctx context.Context, ticket, code string) (models.User, error) {
	candidate, err := s.openTicket(ctx, ticket)
	if err != nil {
		return models.User{}, s.failure("second step", err)
	}
	counters, err := s.counters(ctx, tryCode, candidate.ID, "")
	if err != nil {
		return models.User{}, s.failure("second step", err)
	}
	full, err := s.countTry(ctx, counters)
	if err != nil {
		return models.User{}, err
	}
	var user models.User
	var by string
	err = s.inTx(ctx, "second step", func(t *tx) (err error) {
		if user, err = t.lockUser(candidate.ID); err != nil {
			return err
		}
		if by, err = t.useCode(user.ID, code); err != nil || by == "" {
			return orElse(err, t.secondStepFailed(candidate, full))
		}
		if err := t.forgive(counters); err != nil {
			return err
		}
		return t.recordSignedIn(user, "Password and "+by)
	})
	switch {
	case err != nil:
		return models.User{}, err
	case by == "":
		return models.User{}, models.InvalidField("Code", "This code is not right, or it was used already. Type the code that your app shows now, or one of your recovery codes.")
	}
	return user, nil
}

func (t *tx) secondStepFailed(candidate models.User, full bool) error {
	if err := t.recordFailed(candidate, "failed at the second step"); err != nil || !full {
		return err
	}
	return t.recordSlowed(candidate, "is slowed down at the second step: too many codes in a row were wrong")
}

// useCode uses up a code and returns what it came from, "" for a wrong one.
func (t *tx) useCode(userID int64, code string) (by string, err error) {
	used := false
	if models.LooksLikeTOTP(code) {
		used, err = t.useAppCode(userID, code)
		by = "authenticator app"
	} else {
		used, err = t.useRecoveryCode(userID, code)
		by = "recovery code"
	}
	if err != nil || !used {
		return "", err
	}
	return by, nil
}

// useAppCode takes a code of the app. Only a step later than the last one
// counts, and the database decides which of two calls was first.
func (t *tx) useAppCode(userID int64, code string) (bool, error) {
	row, err := findTOTP(t.db, userID)
	if err != nil || row == nil || !row.Confirmed {
		return false, err
	}
	secret, err := t.store.keyring.Open(row.Secret, models.TOTPPlace(userID))
	if err != nil {
		return false, err
	}
	step, ok := models.TOTPMatches(secret, code, t.now, row.LastStep)
	if !ok {
		return false, nil
	}
	done := t.db.Model(&models.TOTPSecret{}).Where("user_id = ? AND last_step < ?", userID, step).Update("last_step", step)
	return done.RowsAffected == 1, done.Error
}

func (t *tx) useRecoveryCode(userID int64, typed string) (bool, error) {
	code, ok := models.CleanRecoveryCode(typed)
	if !ok {
		return false, nil
	}
	done := t.db.Model(&models.RecoveryCode{}).
		Where("digest IN ? AND user_id = ? AND used_at IS NULL", t.store.keyring.CodeDigests(userID, code), userID).Update("used_at", t.now)
	return done.RowsAffected == 1, done.Error
}
