package store

import (
	"context"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// AddTeamMember puts the user of a name into a team. Somebody who is in it
// already stays, without a second event.
func (s *Store) AddTeamMember(ctx context.Context, teamID int64, username string) (models.User, error) {
	var user models.User
	err := s.withTeam(ctx, "add team member", teamID, func(t *tx, actor *models.Actor, team models.Team) (err error) {
		if err = models.MayChangeMembers(team, actor); err != nil {
			return err
		}
		if user, err = t.userToJoin(username); err != nil {
			return err
		}
		return t.putIn(actor, team, user)
	})
	if err != nil {
		return models.User{}, err
	}
	return user, nil
}

// userToJoin finds the user of a typed name, and keeps the row from being
// deleted meanwhile.
func (t *tx) userToJoin(username string) (models.User, error) {
	folded := models.Fold(username)
	if folded == "" {
		return models.User{}, models.InvalidField("Username", "Enter the user name of the new member.")
	}
	unknown := models.InvalidField("Username", "No user has exactly this user name. Check the spelling.")
	if !storable(folded) {
		return models.User{}, unknown
	}
	user, err := findUser(t.db, "users.username_fold = ?", folded)
	if err == nil {
		user, err = t.lockUser(user.ID)
	}
	if models.KindOf(err) == models.NotFound {
		return user, unknown
	}
	return user, err
}

// RemoveTeamMember takes a user out of a team. Somebody who is not in it is left
// alone, without an event.
func (s *Store) RemoveTeamMember(ctx context.Context, teamID, userID int64) (models.User, error) {
	var user models.User
	err := s.withTeam(ctx, "remove team member", teamID, func(t *tx, actor *models.Actor, team models.Team) (err error) {
		if err = models.MayRemoveMember(team, userID, actor); err != nil {
			return err
		}
		if user, err = findUser(t.db, "users.id = ?", userID); err != nil {
			return err
		}
		return t.takeOut(actor, team, user)
	})
	if err != nil {
		return models.User{}, err
	}
	return user, nil
}

// takeOut removes a member, with the event.
func (t *tx) takeOut(actor *models.Actor, team models.Team, user models.User) error {
	removed := t.db.Where("team_id = ? AND user_id = ?", team.ID, user.ID).Delete(&teamMember{})
	if removed.Error != nil || removed.RowsAffected == 0 {
		return removed.Error
	}
	if err := t.recordMember(actor, team, user, memberDifference([]int64{user.ID}, nil), " was removed from the team "); err != nil {
		return err
	}
	if team.BuiltIn != models.Administrators {
		return nil
	}
	return keepAnAdministrator(t)
}

// putIn adds a member, with the event; somebody who is in stays.
func (t *tx) putIn(actor *models.Actor, team models.Team, user models.User) error {
	added := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&teamMember{TeamID: team.ID, UserID: user.ID})
	if added.Error != nil || added.RowsAffected == 0 {
		return added.Error
	}
	return t.recordMember(actor, team, user, memberDifference(nil, []int64{user.ID}), " was added to the team ")
}

func (t *tx) recordMember(actor *models.Actor, team models.Team, user models.User, changes []models.Difference, what string) error {
	about := user.ID
	return t.recordTeam(actor, models.Event{Category: models.Modified, Differences: changes, RelatedUserID: &about},
		team, said("User ").user(user).text(what).team(team))
}

func (t *tx) memberIDs(teamID int64) (ids []int64, err error) {
	err = t.db.Model(&teamMember{}).Where("team_id = ?", teamID).Order("user_id").Pluck("user_id", &ids).Error
	return ids, err
}

// maxCandidates bounds the users that are offered for a name typed in part.
const maxCandidates = 10

// Candidates returns users who are not in the team and whose names hold the
// words, for somebody who may choose among them; to others none.
func (s *Store) Candidates(ctx context.Context, teamID int64, search string) ([]models.User, error) {
	users, actor := []models.User{}, models.ActorFrom(ctx)
	if models.Fold(search) == "" || !storable(search) || len(search) > maxFact || !actor.May(models.UserView) || !actor.May(models.TeamEdit) {
		return users, nil
	}
	db := matchingName(s.read.WithContext(ctx).Model(&models.User{}), search)
	err := db.Where("users.id NOT IN (SELECT m.user_id FROM team_members m WHERE m.team_id = ?)", teamID).
		Select(userColumns).Order("users.username_fold, users.id").Limit(maxCandidates).Find(&users).Error
	return users, s.failure("candidates", err)
}

// MyServiceAccounts returns the service accounts that the actor's teams own, by
// name.
func (s *Store) MyServiceAccounts(ctx context.Context) ([]models.OwnedAccount, error) {
	accounts, actor := []models.OwnedAccount{}, models.ActorFrom(ctx)
	if actor == nil {
		return nil, models.Unauthorized()
	}
	err := s.read.WithContext(ctx).Table("users a").Joins("JOIN team_members m ON "+isCaretaker).
		Joins("JOIN teams ON teams.id = a.owner_team_id").
		Select(`a.id, a.username, a.display_name, a.is_active, teams.name AS team,
			(SELECT COUNT(*) FROM api_keys k WHERE k.user_id = a.id AND k.revoked_at IS NULL AND k.expires_at > ?) AS usable_keys`, s.Now()).
		Where("m.user_id = ?", actor.User.ID).Order("a.username_fold, a.id").Find(&accounts).Error
	return accounts, s.failure("my service accounts", err)
}
