package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// teamColumns are all columns of a team, and the number of its members.
const teamColumns = `teams.id, teams.name, teams.name_fold, teams.description, teams.permissions, teams.built_in, teams.version,
	CASE WHEN teams.built_in = 'everyone' THEN (SELECT COUNT(*) FROM users)
	ELSE (SELECT COUNT(*) FROM team_members m WHERE m.team_id = teams.id) END AS members`

// Teams returns all teams to those who may see them: the built-in ones first,
// then by name.
func (s *Store) Teams(ctx context.Context) ([]models.Team, error) {
	if err := models.MaySeeTeams(models.ActorFrom(ctx)); err != nil {
		return nil, err
	}
	teams := []models.Team{}
	err := s.read.WithContext(ctx).Select(teamColumns).Order("built_in = '', built_in DESC, name_fold, id").Find(&teams).Error
	return teams, s.failure("teams", err)
}

// Team returns a team to those who may see teams. To others there is no such
// team.
func (s *Store) Team(ctx context.Context, id int64) (models.Team, error) {
	if err := teamIfSeen(models.ActorFrom(ctx)); err != nil {
		return models.Team{}, err
	}
	team, err := findTeam(s.read.WithContext(ctx), id)
	return team, s.failure("team", err)
}

// teamIfSeen tells a stranger that there is no such team.
func teamIfSeen(actor *models.Actor) error {
	err := models.MaySeeTeams(actor)
	if models.KindOf(err) == models.Forbidden {
		return models.Missing("team")
	}
	return err
}

func findTeam(db *gorm.DB, id int64) (models.Team, error) {
	var team models.Team
	err := db.Select(teamColumns).Where("teams.id = ?", id).Take(&team).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return team, models.Missing("team")
	}
	return team, err
}

// lockTeam takes a team for this transaction alone, and then reads it.
func (t *tx) lockTeam(id int64) (models.Team, error) {
	var locked []int64
	err := t.db.Model(&models.Team{}).Clauses(forUpdate).Where("id = ?", id).Pluck("id", &locked).Error
	if err != nil {
		return models.Team{}, err
	}
	return findTeam(t.db, id)
}

// TeamMembers returns a page of the members of a team, by name, and how many
// match the search. The team of everybody lists none.
func (s *Store) TeamMembers(ctx context.Context, id int64, f models.MemberFilter) (models.MemberList, error) {
	list := models.MemberList{Members: []models.User{}}
	if _, err := s.Team(ctx, id); err != nil {
		return list, err
	}
	if !storable(f.Search) || len(f.Search) > maxFact {
		return list, nil // no stored name holds it
	}
	db := s.read.WithContext(ctx).Model(&models.User{}).Where("users.id IN (SELECT m.user_id FROM team_members m WHERE m.team_id = ?)", id)
	db = matchingName(db, f.Search)
	var total int64
	if err := db.Session(&gorm.Session{}).Count(&total).Error; err != nil {
		return list, s.failure("team members", err)
	}
	list.Total = int(total)
	page := f.Page.Clamp()
	err := db.Session(&gorm.Session{}).Select(userColumns).Order("users.username_fold, users.id").
		Offset(page.Skip).Limit(page.Take).Find(&list.Members).Error
	return list, s.failure("team members", err)
}

// matchingName keeps the users who have the words in their user name or display
// name.
func matchingName(db *gorm.DB, search string) *gorm.DB {
	folded := models.Fold(search)
	if folded == "" {
		return db
	}
	part := "%" + wildcards.Replace(folded) + "%"
	return db.Where(`(users.username_fold LIKE ? ESCAPE '\' OR users.display_name_fold LIKE ? ESCAPE '\')`, part, part)
}
