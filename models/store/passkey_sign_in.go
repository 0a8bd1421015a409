package store

import (
	"bytes"
	"context"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// AskForPasskey begins a sign-in without name and password: the browser offers
// the passkeys that it has for the portal. The device must check that it is
// its owner who uses it, so that this is as good as two steps.
func (s *Store) AskForPasskey(rp models.RelyingParty) (Challenge, error) {
	lib, err := library(rp)
	if err != nil {
		return Challenge{}, s.failure("ask for passkey", err)
	}
	options, data, err := lib.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Challenge{}, s.failure("ask for passkey", err)
	}
	return s.challenge(ceremonySignIn, 0, data, options.Response)
}

// SignInWithPasskey signs in whoever holds the passkey.
func (s *Store) SignInWithPasskey(ctx context.Context, rp models.RelyingParty, answer Answer) (models.User, error) {
	user, credential, err := s.checkUnknownHolder(ctx, rp, answer)
	if err == nil {
		err = s.inTx(ctx, "sign in with passkey", func(t *tx) error {
			return t.passkeySignsIn(&user, credential, "Passkey")
		})
	}
	return s.passkeyOutcome(ctx, user, err)
}

func (s *Store) checkUnknownHolder(ctx context.Context, rp models.RelyingParty, answer Answer) (models.User, *webauthn.Credential, error) {
	data, err := s.openChallenge(ceremonySignIn, 0, answer)
	if err != nil {
		return models.User{}, nil, err
	}
	lib, err := library(rp)
	if err != nil {
		return models.User{}, nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer.Response))
	if err != nil {
		return models.User{}, nil, badPasskey(err)
	}
	var broken error // the library hides it among refusals
	var user models.User
	find := func(credentialID, handle []byte) (webauthn.User, error) {
		var h *passkeyHolder
		if h, broken = s.holderOf(ctx, credentialID, handle); broken != nil || h == nil {
			return nil, errors.New("nobody has this passkey")
		}
		user = h.user
		return h, nil
	}
	_, credential, err := lib.ValidatePasskeyLogin(find, *data, parsed)
	switch {
	case broken != nil:
		return models.User{}, nil, broken
	case err != nil:
		return models.User{}, nil, badPasskey(err)
	case credential.Authenticator.CloneWarning:
		return user, nil, badPasskey(errors.New("the passkey's counter went backwards, so there is a copy of it"))
	}
	return user, credential, s.useChallenge(ctx, data)
}

// holderOf returns who has a passkey, nil when nobody does.
func (s *Store) holderOf(ctx context.Context, credentialID, handle []byte) (*passkeyHolder, error) {
	db := s.read.WithContext(ctx)
	var row models.Passkey
	err := db.Select(passkeyColumns).Where("credential_id = ?", credentialID).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !bytes.Equal(row.UserHandle, handle) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	user, err := findUser(db, "users.id = ?", row.UserID)
	if err != nil {
		return nil, err
	}
	return holder(db, user)
}

// SecondStepPasskey begins the second step of a sign-in by passkey.
func (s *Store) SecondStepPasskey(ctx context.Context, rp models.RelyingParty, ticket string) (Challenge, error) {
	user, err := s.openTicket(ctx, ticket)
	if err != nil {
		return Challenge{}, s.failure("second step", err)
	}
	return s.askHolder(ctx, rp, ceremonySecond, user, protocol.VerificationPreferred)
}

// FinishWithPasskey completes a sign-in by passkey.
func (s *Store) FinishWithPasskey(ctx context.Context, rp models.RelyingParty, ticket string, answer Answer) (models.User, error) {
	user, err := s.openTicket(ctx, ticket)
	if err != nil {
		return models.User{}, s.failure("second step", err)
	}
	credential, err := s.checkHolder(ctx, rp, ceremonySecond, user, answer)
	if err == nil {
		err = s.inTx(ctx, "second step", func(t *tx) error {
			return t.passkeySignsIn(&user, credential, "Password and passkey")
		})
	}
	return s.passkeyOutcome(ctx, user, err)
}

// askHolder begins the use of one of a known user's passkeys.
func (s *Store) askHolder(ctx context.Context, rp models.RelyingParty, ceremony string, user models.User, verify protocol.UserVerificationRequirement) (Challenge, error) {
	lib, err := library(rp)
	if err != nil {
		return Challenge{}, s.failure("ask for passkey", err)
	}
	h, err := holder(s.read.WithContext(ctx), user)
	if err != nil {
		return Challenge{}, s.failure("ask for passkey", err)
	}
	if len(h.credentials) == 0 {
		return Challenge{}, models.Missing("passkey")
	}
	options, data, err := lib.BeginLogin(h, webauthn.WithUserVerification(verify))
	if err != nil {
		return Challenge{}, s.failure("ask for passkey", err)
	}
	return s.challenge(ceremony, user.ID, data, options.Response)
}

func (s *Store) checkHolder(ctx context.Context, rp models.RelyingParty, ceremony string, user models.User, answer Answer) (*webauthn.Credential, error) {
	data, err := s.openChallenge(ceremony, user.ID, answer)
	if err != nil {
		return nil, err
	}
	lib, err := library(rp)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer.Response))
	if err != nil {
		return nil, badPasskey(err)
	}
	h, err := holder(s.read.WithContext(ctx), user)
	if err != nil {
		return nil, err
	}
	credential, err := lib.ValidateLogin(h, *data, parsed)
	switch {
	case err != nil:
		return nil, badPasskey(err)
	case credential.Authenticator.CloneWarning:
		return nil, badPasskey(errors.New("the passkey's counter went backwards, so there is a copy of it"))
	}
	return credential, s.useChallenge(ctx, data)
}

// passkeySignsIn reads the user once more, who may have been switched off.
func (t *tx) passkeySignsIn(user *models.User, credential *webauthn.Credential, by string) error {
	fresh, err := t.lockUser(user.ID)
	if err != nil {
		return err
	}
	if !fresh.IsActive || fresh.IsService {
		return badPasskey(errors.New("the user is not active"))
	}
	if err := t.markUsed(fresh.ID, credential); err != nil {
		return err
	}
	*user = fresh
	return t.recordSignedIn(fresh, by)
}

// passkeyOutcome notes a passkey that was refused.
func (s *Store) passkeyOutcome(ctx context.Context, user models.User, err error) (models.User, error) {
	if err == nil {
		return user, nil
	}
	err = s.failure("sign in with passkey", err)
	if models.KindOf(err) != models.Invalid {
		return models.User{}, err
	}
	if models.Refusal(err).Cause != nil {
		s.log.InfoContext(ctx, "a passkey was refused", "cause", models.Refusal(err).Cause)
	}
	noted := s.inTx(ctx, "sign in with passkey", func(t *tx) error { return t.recordFailed(user, "by passkey failed") })
	return models.User{}, orElse(noted, err)
}
