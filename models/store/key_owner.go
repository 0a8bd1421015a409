package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// KeyOwner returns a user with what the actor may do with his keys, to whom may
// see them. To others there is no such user.
func (s *Store) KeyOwner(ctx context.Context, id int64) (models.KeyOwner, error) {
	owner, err := s.keyOwner(ctx, id)
	if err != nil {
		return models.KeyOwner{}, s.failure("key owner", err)
	}
	return owner, nil
}

func (s *Store) keyOwner(ctx context.Context, id int64) (owner models.KeyOwner, err error) {
	db, actor := s.read.WithContext(ctx), models.ActorFrom(ctx)
	member, err := inOwnerTeam(db, id, actor)
	if err != nil {
		return owner, err
	}
	if err = models.MaySeeKeysOf(id, actor, member); err != nil {
		return owner, err
	}
	if owner.User, err = findUser(db, "users.id = ?", id); err != nil {
		return owner, err
	}
	grant := models.KeyGrant{Owner: owner.User, Actor: actor, InOwnerTeam: member, Now: s.Now()}
	if err = db.Select(settingsColumns).Take(&grant.Settings).Error; err != nil {
		return owner, err
	}
	owner.NoNewKeys = models.Refusal(models.MayIssue(grant))
	owner.MayRevoke = models.MayRevoke(models.APIKey{UserID: id}, actor, member) == nil
	return owner, nil
}
