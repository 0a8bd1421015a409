package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// revocationBatch is how many keys one transaction revokes: enough to be quick,
// and few enough that others get their turn.
const revocationBatch = 100

// forMe locks a row for this transaction, and passes by those that another one
// has.
var forMe = clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}

// WorkOffRevocations revokes what is still to be revoked, batch by batch, until
// nothing is left. Every replica may do so at any time: whoever has the row of a
// revocation works on it, and what a batch has done and how far that is commits
// together. So it goes on where it was when a process ended in the middle.
func (s *Store) WorkOffRevocations(ctx context.Context) error {
	for {
		var waiting int64
		err := s.read.WithContext(ctx).Model(&models.Revocation{}).Where("finished_at IS NULL").Limit(1).Count(&waiting).Error
		if err != nil || waiting == 0 {
			return s.failure("look for revocations", err)
		}
		worked, err := s.revokeBatch(ctx)
		if err != nil || !worked {
			return err
		}
	}
}

// revokeBatch does one batch of the oldest revocation that nobody else works on,
// and reports whether there was one.
func (s *Store) revokeBatch(ctx context.Context) (worked bool, err error) {
	err = s.inTx(ctx, "revoke a batch", func(t *tx) error {
		worked = false
		var r models.Revocation
		err := t.db.Clauses(forMe).Select(revocationColumns).Where("finished_at IS NULL").Order("id").Take(&r).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		worked = true
		actor, refusal, err := t.starter(r)
		switch {
		case err != nil:
			return err
		case refusal != "":
			return t.finish(actor, r, refusal)
		}
		return t.goOn(actor, r)
	})
	return worked, err
}

// starter returns who started the revocation, as the database knows them now,
// and why it may not go on in their name: whoever is dismissed in the middle of
// it revokes no further key.
func (t *tx) starter(r models.Revocation) (actor *models.Actor, refusal string, err error) {
	actor = &models.Actor{Via: models.ViaConsole, Address: r.Address, UserAgent: r.UserAgent, RequestID: r.RequestID}
	if r.UserID == 0 {
		return actor, "", nil
	}
	user, err := t.lockUser(r.UserID)
	actor.Via, actor.User = models.ViaSession, user
	switch {
	case models.KindOf(err) == models.NotFound:
		actor.User = models.User{ID: r.UserID, Username: r.Username}
		return actor, r.Username + " was deleted, who had started it.", nil
	case err != nil:
		return nil, "", err
	case !user.IsActive:
		return actor, user.Username + " was deactivated, who had started it.", nil
	case models.MayRevokeMany(actor) != nil:
		return actor, user.Username + ", who had started it, may no longer revoke other people's keys.", nil
	}
	return actor, "", nil
}

// goOn deals with the next keys. They are locked in the order of their ids, as
// everywhere, so that two transactions never wait for each other.
func (t *tx) goOn(actor *models.Actor, r models.Revocation) error {
	var ids []string
	err := t.db.Model(&revocationKey{}).Where("revocation_id = ? AND outcome = ''", r.ID).Order("key_id").Limit(revocationBatch).Pluck("key_id", &ids).Error
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return t.finish(actor, r, "")
	}
	keys, err := t.lockKeys(ids)
	if err != nil {
		return err
	}
	outcomes := map[models.Outcome][]string{}
	for _, id := range ids {
		outcome := models.OutcomeGone
		if k, there := keys[id]; there {
			if outcome, err = t.deal(actor, r, k); err != nil {
				return err
			}
		}
		outcomes[outcome] = append(outcomes[outcome], id)
	}
	return t.noteOutcomes(r, outcomes, len(ids))
}

// lockKeys reads keys with their owners, and keeps them as they are.
func (t *tx) lockKeys(ids []string) (map[string]models.OwnedKey, error) {
	var rows []models.APIKey
	if err := t.db.Clauses(forUpdate).Select(keyColumns).Where("id IN ?", ids).Order("id").Find(&rows).Error; err != nil {
		return nil, err
	}
	var userIDs []int64
	for _, k := range rows {
		userIDs = append(userIDs, k.UserID)
	}
	var users []models.User
	err := t.db.Select("id, username, username_fold, display_name, email, is_service, is_active").Where("id IN ?", userIDs).Find(&users).Error
	owners := map[int64]models.User{}
	for _, u := range users {
		owners[u.ID] = u
	}
	keys := map[string]models.OwnedKey{}
	for _, k := range rows {
		keys[k.ID] = models.OwnedKey{APIKey: k, Owner: owners[k.UserID]}
	}
	return keys, err
}

// deal revokes one key, unless it is no longer what was chosen.
func (t *tx) deal(actor *models.Actor, r models.Revocation, k models.OwnedKey) (models.Outcome, error) {
	outcome := r.OutcomeOf(k, t.now)
	if outcome != models.OutcomeRevoked {
		return outcome, nil
	}
	if err := models.MayRevoke(k.APIKey, actor, false); err != nil {
		return "", err
	}
	if err := t.end(actor, &k.APIKey); err != nil {
		return "", err
	}
	owner := k.UserID
	words := said("User API key ").key(k.APIKey).text(" of ").user(k.Owner).text(" was revoked: " + r.Reason)
	return outcome, t.record(actor, models.Event{
		Category: models.Deleted, DocumentType: models.DocumentAPIKeys, DocumentID: k.ID, RelatedUserID: &owner, IdentifiedBy: r.IdentifiedBy,
	}, words)
}

func (t *tx) noteOutcomes(r models.Revocation, outcomes map[models.Outcome][]string, done int) error {
	for outcome, ids := range outcomes {
		err := t.db.Model(&revocationKey{}).Where("revocation_id = ? AND key_id IN ?", r.ID, ids).Update("outcome", outcome).Error
		if err != nil {
			return err
		}
	}
	revoked := len(outcomes[models.OutcomeRevoked])
	return t.db.Model(&models.Revocation{}).Where("id = ?", r.ID).
		Updates(map[string]any{"revoked": r.Revoked + revoked, "skipped": r.Skipped + done - revoked}).Error
}

// finish closes a revocation.
func (t *tx) finish(actor *models.Actor, r models.Revocation, stopped string) error {
	err := t.db.Model(&models.Revocation{}).Where("id = ?", r.ID).Updates(map[string]any{"finished_at": t.now, "stopped": stopped}).Error
	if err != nil {
		return err
	}
	words := " ended: " + plural(r.Revoked, "key") + " revoked, " + plural(r.Total-r.Revoked, "key") + " left alone"
	if stopped == "" {
		return t.recordRevocation(actor, models.Modified, r, words)
	}
	return t.recordRevocation(nil, models.Modified, r, words+". "+stopped)
}
