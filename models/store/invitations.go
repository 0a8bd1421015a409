package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

const invitationColumns = "id, digest, team_ids, made_by, key_id, created_at, expires_at, used_at"

// byInvitation is how events say by what a person became a user.
const byInvitation = "Invitation code"

// Invite makes an invitation and returns it with its code, which is known only
// to the caller from then on.
func (s *Store) Invite(ctx context.Context, teamIDs []int64) (models.Invitation, string, error) {
	code := models.NewToken()
	var made models.Invitation
	err := s.inTx(ctx, "invite", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if made, err = models.MakeInvitation(teamIDs, actor, t.now); err != nil {
			return err
		}
		if _, err := t.teamsToJoin(actor, teamIDs, false); err != nil {
			return err
		}
		if err := t.db.Where("expires_at <= ?", t.now).Delete(&models.Invitation{}).Error; err != nil {
			return err
		}
		made.Digest, made.ExpiresAt = s.keyring.LinkDigest(code), utc(made.ExpiresAt)
		if err := t.db.Create(&made).Error; err != nil {
			return err
		}
		return t.record(actor, models.Event{Category: models.Created, DocumentType: models.DocumentInvitations, DocumentID: made.PublicID()},
			said("Invitation ").document(made.PublicID(), made.PublicID()).text(" was created"))
	})
	if err != nil {
		return models.Invitation{}, "", err
	}
	return made, code, nil
}

// Invitation returns an invitation to those who may invite.
func (s *Store) Invitation(ctx context.Context, id int64) (models.Invitation, error) {
	if err := models.MayEditUsers(models.ActorFrom(ctx)); err != nil {
		if models.KindOf(err) == models.Unauthenticated {
			return models.Invitation{}, err
		}
		return models.Invitation{}, models.Missing("invitation")
	}
	var found models.Invitation
	err := s.read.WithContext(ctx).Select(invitationColumns).Where("id = ?", id).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !found.Live(s.Now()) {
		return models.Invitation{}, models.Missing("invitation")
	}
	return found, s.failure("invitation", err)
}

func deadInvitation() error {
	return models.InvalidField("InvitationCode", "This invitation code does not work. It works once and for a limited time. Ask for a new one.")
}

// Register makes a person of whoever has an invitation's code. The code is
// looked at first, because a password takes long to hash.
func (s *Store) Register(ctx context.Context, code string, wish models.NewUser, identities []models.RecordedIdentity) (models.UserRecord, error) {
	if problem := models.CheckIdentities(identities); problem != "" {
		return models.UserRecord{}, models.InvalidField("Identities", problem)
	}
	if _, err := s.findInvitation(&tx{store: s, db: s.read.WithContext(ctx), now: s.Now()}, code); err != nil {
		return models.UserRecord{}, s.failure("register", err)
	}
	wish.IsService, wish.Teams, wish.OwnerTeamID = false, nil, nil
	account, err := s.prepareAccount(ctx, wish, true)
	if err != nil {
		return models.UserRecord{}, s.failure("register", err)
	}
	record := models.UserRecord{Identities: identities}
	err = s.inTx(ctx, "register", func(t *tx) error {
		teams, err := t.useInvitation(code)
		if err != nil {
			return err
		}
		if record.User, err = t.addUser(account.user, teams, nil, byInvitation); err != nil {
			return err
		}
		_, err = t.recordIdentities(record.ID, identities)
		return err
	})
	if err != nil {
		return models.UserRecord{}, err
	}
	return record, nil
}

func (s *Store) findInvitation(t *tx, code string) (models.Invitation, error) {
	var found models.Invitation
	err := t.db.Select(invitationColumns).Where("digest = ?", s.keyring.LinkDigest(code)).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !found.Live(t.now) {
		return found, deadInvitation()
	}
	return found, err
}

// useInvitation uses a code up and returns the teams that it leads to. Whoever
// made it must still be able to: it gives nothing that its maker, or the key
// that made it, has lost since.
func (t *tx) useInvitation(code string) ([]models.Team, error) {
	used := t.db.Model(&models.Invitation{}).Where("digest = ? AND used_at IS NULL AND expires_at > ?", t.store.keyring.LinkDigest(code), t.now).
		Update("used_at", t.now)
	if used.Error != nil {
		return nil, used.Error
	}
	if used.RowsAffected != 1 {
		return nil, deadInvitation()
	}
	var found models.Invitation
	if err := t.db.Select(invitationColumns).Where("digest = ?", t.store.keyring.LinkDigest(code)).Take(&found).Error; err != nil {
		return nil, err
	}
	maker, err := t.inviter(found)
	if err != nil {
		return nil, err
	}
	teams, err := t.teamsToJoin(maker, found.TeamIDs, false)
	if refusal := models.Refusal(err); refusal != nil && refusal.Kind != models.Unavailable {
		return nil, deadInvitation()
	}
	return teams, err
}

// inviter returns the maker of an invitation as an actor of today.
func (t *tx) inviter(i models.Invitation) (*models.Actor, error) {
	user, err := t.lockUser(i.MadeBy)
	if models.KindOf(err) == models.NotFound || err == nil && !user.IsActive {
		return nil, deadInvitation()
	}
	maker := &models.Actor{User: user, Via: models.ViaSession}
	if err == nil && i.KeyID != "" {
		maker.Via, maker.Key = models.ViaKey, &models.ActorKey{ID: i.KeyID}
		maker, err = t.keyActor(maker)
	}
	if models.KindOf(err) == models.Unauthenticated || err == nil && !maker.May(models.UserEdit) {
		return nil, deadInvitation()
	}
	return maker, err
}
