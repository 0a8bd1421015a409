package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/keyport/keyport/models"
)

// ConfirmPassword checks that whoever uses the actor's session knows the
// actor's password.
func (s *Store) ConfirmPassword(ctx context.Context, password string) error {
	return s.confirm(ctx, "password", func(actor *models.Actor) (bool, error) {
		candidate := models.User{IsActive: true}
		err := s.read.WithContext(ctx).Select("id, is_active, is_service, password_hash").Where("id = ?", actor.User.ID).Take(&candidate).Error
		if err != nil {
			return false, err
		}
		ok, _, err := s.checkPassword(ctx, candidate, password)
		return ok, err
	}, models.InvalidField("Password", "This is not your password."))
}

// ConfirmCode does the same with a code of the actor's authenticator app.
func (s *Store) ConfirmCode(ctx context.Context, code string) error {
	return s.confirm(ctx, "authenticator app", func(actor *models.Actor) (ok bool, err error) {
		err = s.inTx(ctx, "confirm", func(t *tx) (err error) {
			if ok = models.LooksLikeTOTP(code); ok {
				ok, err = t.useAppCode(actor.User.ID, code)
			}
			return err
		})
		return ok, err
	}, models.InvalidField("Code", "This code is not right, or it was used already. Type the code that your app shows now."))
}

// ConfirmPasskeyOptions begins the same with a passkey.
func (s *Store) ConfirmPasskeyOptions(ctx context.Context, rp models.RelyingParty) (Challenge, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via != models.ViaSession {
		return Challenge{}, models.Unauthorized()
	}
	return s.askHolder(ctx, rp, ceremonyAgain, actor.User, protocol.VerificationRequired)
}

// ConfirmPasskey completes it.
func (s *Store) ConfirmPasskey(ctx context.Context, rp models.RelyingParty, answer Answer) error {
	var refused error
	err := s.confirm(ctx, "passkey", func(actor *models.Actor) (bool, error) {
		credential, err := s.checkHolder(ctx, rp, ceremonyAgain, actor.User, answer)
		if models.KindOf(err) == models.Invalid && err != nil {
			refused = err
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return true, s.inTx(ctx, "confirm", func(t *tx) error { return t.markUsed(actor.User.ID, credential) })
	}, models.InvalidField("Passkey", "The passkey was not accepted. Try again, or use another way."))
	if err != nil && refused != nil && models.KindOf(err) == models.Invalid {
		return refused
	}
	return err
}

// confirm counts the try, judges it and notes a failure.
func (s *Store) confirm(ctx context.Context, by string, judge func(*models.Actor) (bool, error), wrong *models.Error) error {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via != models.ViaSession {
		return models.Unauthorized()
	}
	counters := s.sessionCounter(actor)
	if _, err := s.countTry(ctx, counters); err != nil {
		return err
	}
	ok, err := judge(actor)
	if err != nil {
		s.takeBack(ctx, counters)
		return s.failure("confirm", err)
	}
	err = s.inTx(ctx, "confirm", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if ok {
			return t.forgive(counters)
		}
		return t.recordFailed(actor.User, "was not confirmed: the "+by+" was wrong")
	})
	if err == nil && !ok {
		return wrong
	}
	return err
}

// RenewSession gives the actor's session a new id and notes that the person has
// just signed in. It ends when it would have ended before.
func (s *Store) RenewSession(ctx context.Context, digest []byte) error {
	return s.inTx(ctx, "renew session", func(t *tx) error {
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		done := t.db.Model(&models.Session{}).Where("digest = ? AND user_id = ?", actor.SessionDigest, actor.User.ID).
			Updates(map[string]any{"digest": digest, "signed_in_at": t.now, "seen_at": t.now})
		if done.Error == nil && done.RowsAffected == 0 {
			return models.Unauthorized()
		}
		return done.Error
	})
}

// keptLife is how long a form waits for its sender to be confirmed.
const keptLife = time.Hour

type keptForm struct {
	Values url.Values
	EndsAt time.Time
}

func keptPlace(actor *models.Actor, path string) models.Place {
	return models.Place{Table: "browser", Column: "form for " + path, Row: actor.User.PublicID()}
}

// KeepForm locks what a person typed, for a page that asks who they are to
// carry along: it may hold passwords. Only the same person can send it, and
// only to the same address.
func (s *Store) KeepForm(ctx context.Context, path string, values url.Values) (string, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil {
		return "", models.Unauthorized()
	}
	text, err := json.Marshal(keptForm{values, s.Now().Add(keptLife)})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.keyring.Lock(text, keptPlace(actor, path))), nil
}

// KeptForm returns what KeepForm locked.
func (s *Store) KeptForm(ctx context.Context, path, kept string) (url.Values, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil {
		return nil, models.Unauthorized()
	}
	var form keptForm
	if err := s.unlock(kept, keptPlace(actor, path), &form); err != nil || !s.Now().Before(form.EndsAt) {
		return nil, models.Conflicted("This form waited for too long, or belongs to somebody else. Open it again.")
	}
	return form.Values, nil
}
