package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// CreateUserRecord makes a user under the terms of CreateUser, with all that a
// client may give at once.
func (s *Store) CreateUserRecord(ctx context.Context, wish models.NewUserRecord) (models.UserRecord, error) {
	if err := mayCreate(models.ActorFrom(ctx), false); err != nil {
		return models.UserRecord{}, err
	}
	if problem := models.CheckIdentities(wish.Identities); problem != "" {
		return models.UserRecord{}, models.InvalidField("Identities", problem)
	}
	account, err := s.prepareAccount(ctx, wish.NewUser, false)
	if err != nil {
		return models.UserRecord{}, s.failure("create user", err)
	}
	account.user.IsActive = !wish.Inactive
	var user models.User
	err = s.inTx(ctx, "create user", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if err := mayCreate(actor, false); err != nil {
			return err
		}
		teams, err := t.teamsToJoin(actor, account.teams, false)
		if err != nil {
			return err
		}
		if user, err = t.addUser(account.user, teams, actor, ""); err != nil {
			return err
		}
		_, err = t.recordIdentities(user.ID, wish.Identities)
		return err
	})
	if err != nil {
		return models.UserRecord{}, err
	}
	return models.UserRecord{User: user, Identities: wish.Identities}, nil
}

// PutUser changes what a client may change of a user, all or nothing.
func (s *Store) PutUser(ctx context.Context, id int64, put models.UserPut) (models.UserRecord, error) {
	if err := s.checkPutPassword(ctx, id, put.Password); err != nil {
		return models.UserRecord{}, err
	}
	err := s.inTx(ctx, "put user", func(t *tx) error {
		actor, stored, err := t.userToChange(id)
		if err != nil {
			return ownAccount(ctx, id, err)
		}
		wished, err := models.ChangeUser(stored, put.Change(stored), actor)
		if err != nil {
			return err
		}
		saved, err := t.saveUser(actor, stored, wished)
		if err != nil {
			return err
		}
		if err := t.putActive(actor, saved, put.IsActive); err != nil {
			return err
		}
		return t.putIdentities(actor, saved, put.Identities)
	})
	if err != nil {
		return models.UserRecord{}, err
	}
	return s.UserRecord(ctx, id)
}

// ownAccount tells somebody who may not change users that this goes for the own
// account too: that it exists is no news.
func ownAccount(ctx context.Context, id int64, err error) error {
	if models.KindOf(err) == models.NotFound && models.ActorFrom(ctx).Is(id) {
		return models.Denied("You can't change users, and so not your own account. Ask an administrator.")
	}
	return err
}

func (t *tx) putActive(actor *models.Actor, user models.User, active *bool) error {
	if active == nil || *active == user.IsActive {
		return nil
	}
	if !*active {
		if err := models.MayStopUser(user, actor); err != nil {
			return err
		}
	}
	_, err := t.setActive(actor, user, *active)
	return err
}

func (t *tx) putIdentities(actor *models.Actor, user models.User, list *[]models.RecordedIdentity) error {
	if list == nil {
		return nil
	}
	changes, err := t.recordIdentities(user.ID, *list)
	if err != nil || changes == nil {
		return err
	}
	return t.recordUser(actor, models.Modified, user, changes, said("The recorded identities of ").user(user).text(" were changed"))
}

// checkPutPassword lets pass the password that a person has: tools that keep a
// whole user send it with every change. Another one is refused, since whoever
// chooses a person's password can act as that person. Tries are counted, or
// this would be a place to guess.
func (s *Store) checkPutPassword(ctx context.Context, id int64, password string) error {
	if password == "" {
		return nil
	}
	if err := models.MayEditUsers(models.ActorFrom(ctx)); err != nil {
		return ownAccount(ctx, id, err)
	}
	db := s.read.WithContext(ctx)
	user, err := findUser(db, "users.id = ?", id)
	if err == nil {
		err = models.MayChangeUser(user, models.ActorFrom(ctx))
	}
	if err == nil {
		err = db.Model(&models.User{}).Where("id = ?", id).Pluck("password_hash", &user.PasswordHash).Error
	}
	if err != nil {
		return s.failure("put user", err)
	}
	if user.IsService {
		return models.InvalidField("Password", "A service account has no password: it can't sign in. Leave the password out.")
	}
	return s.samePassword(ctx, user, password)
}

func (s *Store) samePassword(ctx context.Context, user models.User, password string) error {
	tried := []counter{{name: s.keyring.CounterName(tryAgain, "put", user.PublicID()), rule: models.ThrottleDevice}}
	if _, err := s.countTry(ctx, tried); err != nil {
		return err
	}
	user.IsActive = true // an inactive person keeps the password too
	same, _, err := s.checkPassword(ctx, user, password)
	if err != nil || same {
		s.takeBack(ctx, tried)
		return s.failure("put user", err)
	}
	return models.InvalidField("Password", "You can't choose the password of "+user.Name()+", because you could act in that name then. Make a one-time link on the user's page, by which the person chooses a new one. Leave the password out here.")
}

// EndSessionsOf signs a user out everywhere: the actor, or a user whom the
// actor may change.
func (s *Store) EndSessionsOf(ctx context.Context, id int64) (ended int, err error) {
	err = s.inTx(ctx, "end sessions of user", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		user := actor.User
		if !actor.Is(id) {
			if actor, user, err = t.userToChange(id); err != nil {
				return err
			}
		}
		if err := models.MayEndSessions(user, actor); err != nil {
			return err
		}
		gone := t.db.Where("user_id = ?", user.ID).Delete(&models.Session{})
		if ended = int(gone.RowsAffected); gone.Error != nil || ended == 0 {
			return gone.Error
		}
		return t.recordUser(actor, models.Modified, user, nil, said("Sessions of ").user(user).text(" were ended"))
	})
	return ended, err
}
