package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const passkeyColumns = "id, user_id, credential_id, user_handle, record, name, created_at, last_used_at"

func passkeysOf(db *gorm.DB, userID int64) ([]models.Passkey, error) {
	var rows []models.Passkey
	err := db.Select(passkeyColumns).Where("user_id = ?", userID).Order("id").Find(&rows).Error
	return rows, err
}

// passkeyHolder is a user as the WebAuthn library asks for one.
type passkeyHolder struct {
	user        models.User
	handle      []byte
	credentials []webauthn.Credential
	rows        []models.Passkey
}

// WebAuthnID is the random handle by which devices know the user.
func (h *passkeyHolder) WebAuthnID() []byte { return h.handle }

// WebAuthnName is what devices list the passkey under.
func (h *passkeyHolder) WebAuthnName() string { return h.user.Username }

// WebAuthnDisplayName is the user's own name.
func (h *passkeyHolder) WebAuthnDisplayName() string { return h.user.Name() }

// WebAuthnCredentials are the user's passkeys.
func (h *passkeyHolder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

// handleSize is that of a user handle: as random as the standard advises.
const handleSize = 64

// holder reads a user's passkeys. A user without any gets a handle for the
// first one.
func holder(db *gorm.DB, user models.User) (*passkeyHolder, error) {
	h := &passkeyHolder{user: user, handle: random(handleSize)}
	rows, err := passkeysOf(db, user.ID)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(row.Record), &c); err != nil {
			return nil, err
		}
		h.handle, h.credentials = row.UserHandle, append(h.credentials, c)
	}
	h.rows = rows
	return h, nil
}

// library returns the WebAuthn library for a portal's address.
func library(rp models.RelyingParty) (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: rp.ID, RPDisplayName: "Keyport", RPOrigins: []string{rp.Origin},
		AttestationPreference: protocol.PreferNoAttestation, // which make a device is of is not our business
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		// We ask for no extension and read none, so what a browser adds by
		// itself is of no consequence.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

// StartPasskey returns what the actor's browser needs to make a passkey.
func (s *Store) StartPasskey(ctx context.Context, rp models.RelyingParty) (Challenge, error) {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via != models.ViaSession {
		return Challenge{}, models.Unauthorized()
	}
	lib, err := library(rp)
	if err != nil {
		return Challenge{}, s.failure("start passkey", err)
	}
	h, err := holder(s.read.WithContext(ctx), actor.User)
	if err != nil {
		return Challenge{}, s.failure("start passkey", err)
	}
	var present []protocol.CredentialDescriptor
	for _, c := range h.credentials {
		present = append(present, c.Descriptor())
	}
	options, data, err := lib.BeginRegistration(h, webauthn.WithExclusions(present))
	if err != nil {
		return Challenge{}, s.failure("start passkey", err)
	}
	return s.challenge(ceremonyMake, actor.User.ID, data, options.Response)
}

// AddPasskey stores the passkey that the actor's browser made. It returns
// recovery codes if the actor has none.
func (s *Store) AddPasskey(ctx context.Context, rp models.RelyingParty, name string, answer Answer) (recovery []string, err error) {
	actor := models.ActorFrom(ctx)
	if actor == nil || actor.Via != models.ViaSession {
		return nil, models.Unauthorized()
	}
	name, problem := models.CleanText(name, "The name", models.MaxPasskeyName)
	switch {
	case problem != "":
		return nil, models.InvalidField("Name", problem)
	case name == "":
		return nil, models.InvalidField("Name", "Give the passkey a name by which you recognise it, such as the device it is in.")
	}
	credential, handle, err := s.checkNewPasskey(ctx, rp, actor.User, answer)
	if err != nil {
		return nil, s.failure("add passkey", err)
	}
	return s.storePasskey(ctx, name, credential, handle)
}

func (s *Store) checkNewPasskey(ctx context.Context, rp models.RelyingParty, user models.User, answer Answer) (*webauthn.Credential, []byte, error) {
	data, err := s.openChallenge(ceremonyMake, user.ID, answer)
	if err != nil {
		return nil, nil, err
	}
	lib, err := library(rp)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer.Response))
	if err != nil {
		return nil, nil, badPasskey(err)
	}
	h, err := holder(s.read.WithContext(ctx), user)
	if err != nil {
		return nil, nil, err
	}
	if len(h.credentials) == 0 {
		h.handle = data.UserID // the one that StartPasskey made
	}
	credential, err := lib.CreateCredential(h, *data, parsed)
	if err != nil {
		return nil, nil, badPasskey(err)
	}
	return credential, h.handle, s.useChallenge(ctx, data)
}

// badPasskey refuses an answer; the log has the reason.
func badPasskey(cause error) error {
	refusal := models.InvalidField("Passkey", "The passkey was not accepted. Try again; if it fails again, use another way.")
	refusal.Cause = cause
	return refusal
}

func (s *Store) storePasskey(ctx context.Context, name string, credential *webauthn.Credential, handle []byte) (recovery []string, err error) {
	fresh := models.NewRecoveryCodes()
	record, err := json.Marshal(credential)
	if err != nil {
		return nil, s.failure("add passkey", err)
	}
	err = s.inTx(ctx, "add passkey", func(t *tx) error {
		recovery = nil
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		var n int64
		if err := t.db.Model(&models.Passkey{}).Where("user_id = ?", actor.User.ID).Count(&n).Error; err != nil {
			return err
		}
		if n >= models.MaxPasskeys {
			return models.Conflicted("You have as many passkeys as there may be. Remove one that you do not use any more.")
		}
		err = t.db.Create(&models.Passkey{UserID: actor.User.ID, CredentialID: credential.ID, UserHandle: handle, Record: string(record), Name: name, CreatedAt: t.now}).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return models.Conflicted("This passkey is in the list already.")
		}
		if err != nil {
			return err
		}
		if recovery, err = t.firstRecoveryCodes(actor.User.ID, fresh); err != nil {
			return err
		}
		return t.recordSignIn(actor, actor.User, "The passkey “"+name+"” of ", " was added")
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// RemovePasskey removes one of the actor's passkeys.
func (s *Store) RemovePasskey(ctx context.Context, id int64) (models.Passkey, error) {
	var row models.Passkey
	err := s.inTx(ctx, "remove passkey", func(t *tx) error {
		actor, err := t.sessionOwner()
		if err != nil {
			return err
		}
		err = t.db.Select(passkeyColumns).Where("id = ? AND user_id = ?", id, actor.User.ID).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return models.Missing("passkey")
		}
		if err != nil {
			return err
		}
		if err := t.db.Where("id = ? AND user_id = ?", id, actor.User.ID).Delete(&models.Passkey{}).Error; err != nil {
			return err
		}
		if err := t.dropIdleCodes(actor.User.ID); err != nil {
			return err
		}
		return t.recordSignIn(actor, actor.User, "The passkey “"+row.Name+"” of ", " was removed")
	})
	return row, err
}

// markUsed stores what the library learned of a passkey at its use.
func (t *tx) markUsed(userID int64, credential *webauthn.Credential) error {
	record, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	done := t.db.Model(&models.Passkey{}).Where("credential_id = ? AND user_id = ?", credential.ID, userID).
		Updates(map[string]any{"record": string(record), "last_used_at": t.now})
	if done.Error == nil && done.RowsAffected == 0 {
		return badPasskey(errors.New("the passkey was removed meanwhile"))
	}
	return done.Error
}

// answeredChallenge keeps a challenge from being answered twice.
type answeredChallenge struct {
	Digest []byte `gorm:"primaryKey"`
	EndsAt time.Time
}
