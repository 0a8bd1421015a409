package store

import (
	"maps"
	"slices"

	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// followGroups makes the user a member of the teams that the provider's groups
// give, and of no other team that the configuration maps. Teams that it does
// not map stay as they are.
func (t *tx) followGroups(user models.User, groups []string, policy models.SignOnPolicy) error {
	mapped := policy.Mapped(groups)
	if len(mapped) == 0 {
		return nil
	}
	var teams []models.Team
	names := slices.Sorted(maps.Keys(mapped))
	err := t.db.Select("id, name, name_fold, built_in").Where("name_fold IN ? AND built_in <> ?", names, models.Everyone).Order("id").Find(&teams).Error
	if err != nil {
		return err
	}
	if len(teams) < len(names) {
		t.store.log.Warn("some teams that single sign-on maps groups to do not exist", "configured", len(names), "found", len(teams))
	}
	var member []int64
	if err := t.db.Model(&teamMember{}).Where("user_id = ?", user.ID).Pluck("team_id", &member).Error; err != nil {
		return err
	}
	for _, team := range teams {
		if is, wanted := slices.Contains(member, team.ID), mapped[team.NameFold]; wanted != is {
			if err := t.setMember(team.ID, user, wanted); err != nil {
				return err
			}
		}
	}
	return nil
}

// setMember puts a user into a team or takes them out.
func (t *tx) setMember(teamID int64, user models.User, wanted bool) error {
	team, err := t.lockTeam(teamID)
	if err != nil {
		return err
	}
	words := new(message).user(user).text(" was added to the team ")
	row := teamMember{TeamID: team.ID, UserID: user.ID}
	if wanted {
		err = t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	} else {
		words = new(message).user(user).text(" was removed from the team ")
		err = t.db.Where("team_id = ? AND user_id = ?", team.ID, user.ID).Delete(&teamMember{}).Error
	}
	if err != nil {
		return err
	}
	if !wanted && team.BuiltIn == models.Administrators {
		if stays, err := t.staysAdministrator(row); err != nil || stays {
			return err
		}
	}
	id := user.ID
	return t.record(nil, models.Event{
		Category: models.Modified, UserID: &id, Username: user.Username, IdentifiedBy: bySignOn,
		DocumentType: models.DocumentTeams, DocumentID: team.PublicID(), RelatedUserID: &id,
	}, words.document(team.Name, team.PublicID()).text(" by single sign-on"))
}

// staysAdministrator takes the removal of the last administrator back: a group
// that was emptied by mistake must not lock everybody out.
func (t *tx) staysAdministrator(row teamMember) (bool, error) {
	err := keepAnAdministrator(t)
	if models.KindOf(err) != models.Forbidden {
		return false, err
	}
	t.store.log.Warn("single sign-on would have removed the last administrator, who stays one", "user", models.UserID(row.UserID))
	return true, t.db.Create(&row).Error
}
