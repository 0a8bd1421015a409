package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// UpdateUser changes what is known of a user. wish.Version names the version
// that the actor has seen; if somebody saved since, nothing is changed.
func (s *Store) UpdateUser(ctx context.Context, id int64, wish models.UserChange) (models.User, error) {
	var saved models.User
	err := s.inTx(ctx, "update user", func(t *tx) error {
		actor, stored, err := t.userToChange(id)
		if err != nil {
			return err
		}
		wished, err := models.ChangeUser(stored, wish, actor)
		if err != nil {
			return err
		}
		saved, err = t.saveUser(actor, stored, wished)
		return err
	})
	if err != nil {
		return models.User{}, err
	}
	return saved, nil
}

// userToChange lets one change of users pass at a time: two administrators who
// stop each other would otherwise each wait for the other. It returns who is
// asking and the user, whose row nobody else changes until the end of the
// transaction.
func (t *tx) userToChange(id int64) (*models.Actor, models.User, error) {
	if _, err := t.lockAdministrators(); err != nil {
		return nil, models.User{}, err
	}
	actor, err := t.actor()
	if err != nil {
		return nil, models.User{}, err
	}
	if err := models.MayEditUsers(actor); err != nil {
		return nil, models.User{}, err
	}
	var locked []int64
	if err := t.db.Model(&models.User{}).Clauses(forUpdate).Where("id = ?", id).Pluck("id", &locked).Error; err != nil {
		return nil, models.User{}, err
	}
	user, err := findUser(t.db, "users.id = ?", id)
	return actor, user, err
}

func (t *tx) saveUser(actor *models.Actor, stored, wished models.User) (models.User, error) {
	changes := userDifferences(stored, wished)
	if len(changes) == 0 {
		return stored, nil
	}
	if err := t.checkOwnerTeam(wished.OwnerTeamID); err != nil {
		return stored, err
	}
	wished.Version++
	err := t.db.Model(&models.User{}).Where("id = ?", stored.ID).Updates(map[string]any{
		"username": wished.Username, "username_fold": wished.UsernameFold,
		"display_name": wished.DisplayName, "display_name_fold": models.Fold(wished.DisplayName),
		"email": wished.Email, "email_fold": models.Fold(wished.Email),
		"owner_team_id": wished.OwnerTeamID, "version": wished.Version,
	}).Error
	if err != nil {
		return stored, nameTaken(err, wished)
	}
	return wished, t.recordUser(actor, models.Modified, wished, changes, saidOf(wished).text(" was changed"))
}

// nameTaken words the refusal of a name that somebody has.
func nameTaken(err error, user models.User) error {
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}
	taken := "The user name " + user.Username + " is taken. Choose another one."
	return &models.Error{Kind: models.Conflict, Message: taken, Problems: []models.Problem{{Field: "Username", Message: taken}}}
}

// checkOwnerTeam keeps the team of the wish, and refuses one that is gone or
// that can't own accounts.
func (t *tx) checkOwnerTeam(id *int64) error {
	if id == nil {
		return nil
	}
	var team models.Team
	err := t.db.Clauses(forShare).Select("id, built_in").Where("id = ?", *id).Take(&team).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !team.MayOwnAccounts() {
		return models.InvalidField("OwnerTeam", "This team can't own a service account, or does not exist any more. Choose another one.")
	}
	return err
}

// userDifferences names the members as Octopus's user resource does.
func userDifferences(before, after models.User) []models.Difference {
	var changes []models.Difference
	add := func(path string, before, after any) {
		if before != after {
			changes = append(changes, models.Difference{Path: path, Before: before, After: after})
		}
	}
	add("Username", before.Username, after.Username)
	add("DisplayName", before.DisplayName, after.DisplayName)
	add("EmailAddress", before.Email, after.Email)
	add("OwnerTeamId", teamName(before.OwnerTeamID), teamName(after.OwnerTeamID))
	return changes
}

func teamName(id *int64) string {
	if id == nil {
		return ""
	}
	return models.Team{ID: *id}.PublicID()
}

// saidOf begins a message with what a user is.
func saidOf(u models.User) *message {
	if u.IsService {
		return said("Service account ").user(u)
	}
	return said("User ").user(u)
}

func (t *tx) recordUser(actor *models.Actor, what models.Category, user models.User, changes []models.Difference, words *message) error {
	return t.record(actor, models.Event{
		Category: what, DocumentType: models.DocumentUsers, DocumentID: user.PublicID(), Differences: changes,
	}, words)
}
