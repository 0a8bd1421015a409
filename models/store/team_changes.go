package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// CreateTeam makes a team without members.
func (s *Store) CreateTeam(ctx context.Context, wish models.NewTeam) (models.Team, error) {
	var team models.Team
	err := s.inTx(ctx, "create team", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		team, err = t.createTeam(actor, wish)
		return err
	})
	if err != nil {
		return models.Team{}, err
	}
	return team, nil
}

func (t *tx) createTeam(actor *models.Actor, wish models.NewTeam) (models.Team, error) {
	team, err := models.MakeTeam(wish, actor)
	if err != nil {
		return team, err
	}
	if err := teamNameTaken(t.db.Create(&team).Error, team.Name); err != nil {
		return team, err
	}
	return team, t.recordTeam(actor, models.Event{Category: models.Created, Differences: teamDifferences(models.Team{}, team)},
		team, said("Team ").team(team).text(" was created"))
}

// ChangeTeam changes the name, description and permissions of a team. If
// somebody saved since the version that wish names, nothing is changed.
func (s *Store) ChangeTeam(ctx context.Context, id int64, wish models.TeamChange) (models.Team, error) {
	var changed models.Team
	err := s.withTeam(ctx, "change team", id, func(t *tx, actor *models.Actor, team models.Team) (err error) {
		if changed, err = models.ChangeTeam(team, wish, actor); err != nil {
			return err
		}
		changed, err = t.saveTeam(actor, team, changed)
		return err
	})
	if err != nil {
		return models.Team{}, err
	}
	return changed, nil
}

// saveTeam writes a team as the rule has changed it, with the event, and returns
// it; when nothing differs, as it was.
func (t *tx) saveTeam(actor *models.Actor, team, changed models.Team) (models.Team, error) {
	differences := teamDifferences(team, changed)
	if len(differences) == 0 {
		return team, nil
	}
	err := t.db.Model(&models.Team{}).Where("id = ?", team.ID).Updates(map[string]any{
		"name": changed.Name, "name_fold": changed.NameFold, "description": changed.Description,
		"permissions": changed.Permissions, "version": changed.Version,
	}).Error
	if err := teamNameTaken(err, changed.Name); err != nil {
		return team, err
	}
	return changed, t.recordTeam(actor, models.Event{Category: models.Modified, Differences: differences},
		changed, said("Team ").team(changed).text(" was changed"))
}

// DeleteTeam removes a team; its members lose what it gave them. A team that
// owns service accounts stays, so that none is left without anybody.
func (s *Store) DeleteTeam(ctx context.Context, id int64) (models.Team, error) {
	var deleted models.Team
	err := s.withTeam(ctx, "delete team", id, func(t *tx, actor *models.Actor, team models.Team) error {
		deleted = team
		if err := models.MayDeleteTeam(team, actor); err != nil {
			return err
		}
		members, err := t.memberIDs(id)
		if err != nil {
			return err
		}
		if err := t.db.Where("id = ?", id).Delete(&models.Team{}).Error; err != nil {
			return stillOwns(err, team)
		}
		differences := append(teamDifferences(team, models.Team{}), memberDifference(members, nil)...)
		return t.recordTeam(actor, models.Event{Category: models.Deleted, Differences: differences},
			team, said("Team ").team(team).text(" was deleted"))
	})
	if err != nil {
		return models.Team{}, err
	}
	return deleted, nil
}

// withTeam runs a change of a team: one at a time, by an actor as the database
// knows them now, who must be able to edit teams afterwards too.
func (s *Store) withTeam(ctx context.Context, operation string, id int64, change func(t *tx, actor *models.Actor, team models.Team) error) error {
	return s.inTx(ctx, operation, func(t *tx) error {
		team, absent := t.lockTeam(id) // before users, in the order of those who change users
		if absent != nil && models.KindOf(absent) != models.NotFound {
			return absent
		}
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if err := orElse(teamIfSeen(actor), absent); err != nil {
			return err
		}
		if err := change(t, actor, team); err != nil {
			return err
		}
		return t.notLockedOut(actor)
	})
}

// notLockedOut refuses a change by which the actor loses the right that it
// needed.
func (t *tx) notLockedOut(actor *models.Actor) error {
	if actor.Via == models.ViaConsole {
		return nil
	}
	after, err := findUser(t.db, "users.id = ?", actor.User.ID)
	if err != nil || after.Permissions.Has(models.TeamEdit) {
		return err
	}
	return models.Denied("This would take away your own right to edit teams, and you could not undo it. Ask somebody else who may edit teams to do it.")
}

// stillOwns words the refusal to delete a team that service accounts name.
func stillOwns(err error, team models.Team) error {
	if !errors.Is(err, gorm.ErrForeignKeyViolated) {
		return err
	}
	return models.Conflicted("The team " + team.Name + " owns service accounts. Choose another owner team for them first, then delete it.")
}

// teamNameTaken words the refusal of a name that another team has.
func teamNameTaken(err error, name string) error {
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}
	return models.InvalidField("Name", "There is already a team with the name "+name+". Choose another one.")
}

func (t *tx) recordTeam(actor *models.Actor, e models.Event, team models.Team, words *message) error {
	e.DocumentType, e.DocumentID = models.DocumentTeams, team.PublicID()
	return t.record(actor, e, words)
}

func (m *message) team(t models.Team) *message { return m.document(t.Name, t.PublicID()) }

// teamDifferences names the members that changed. Of a new team there is no
// before, of a deleted one no after.
func teamDifferences(before, after models.Team) []models.Difference {
	var changes []models.Difference
	add := func(path string, differ bool, was, is any) {
		if before.ID == 0 {
			was = nil
		}
		if after.ID == 0 {
			is = nil
		}
		if differ {
			changes = append(changes, models.Difference{Path: path, Before: was, After: is})
		}
	}
	add("Name", before.Name != after.Name, before.Name, after.Name)
	add("Description", before.Description != after.Description, before.Description, after.Description)
	add("Permissions", before.Permissions != after.Permissions, before.Permissions.Names(), after.Permissions.Names())
	return changes
}

// memberDifference names users who came or went, as Octopus's teams do.
func memberDifference(before, after []int64) []models.Difference {
	if len(before)+len(after) == 0 {
		return nil
	}
	change := models.Difference{Path: "MemberUserIds"}
	for side, ids := range map[*any][]int64{&change.Before: before, &change.After: after} {
		var names []string
		for _, id := range ids {
			names = append(names, models.UserID(id))
		}
		if names != nil {
			*side = names
		}
	}
	return []models.Difference{change}
}
