package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// TeamRecords returns all teams with their members to those who may see teams,
// by name.
func (s *Store) TeamRecords(ctx context.Context) ([]models.TeamRecord, error) {
	teams, err := s.Teams(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(teams, func(a, b models.Team) int {
		if a.NameFold < b.NameFold {
			return -1
		}
		return 1
	})
	records, err := withMembers(s.read.WithContext(ctx), teams)
	return records, s.failure("team records", err)
}

// TeamRecord returns one team with its members under the terms of Team.
func (s *Store) TeamRecord(ctx context.Context, id int64) (models.TeamRecord, error) {
	team, err := s.Team(ctx, id)
	if err != nil {
		return models.TeamRecord{}, err
	}
	records, err := withMembers(s.read.WithContext(ctx).Where("team_id = ?", id), []models.Team{team})
	if err != nil {
		return models.TeamRecord{}, s.failure("team record", err)
	}
	return records[0], nil
}

func withMembers(db *gorm.DB, teams []models.Team) ([]models.TeamRecord, error) {
	var rows []teamMember
	if err := db.Select("team_id, user_id").Order("team_id, user_id").Find(&rows).Error; err != nil {
		return nil, err
	}
	members := map[int64][]int64{}
	for _, row := range rows {
		members[row.TeamID] = append(members[row.TeamID], row.UserID)
	}
	records := make([]models.TeamRecord, len(teams))
	for i, team := range teams {
		records[i] = models.TeamRecord{Team: team, MemberIDs: members[team.ID]}
	}
	return records, nil
}

// CreateTeamRecord makes a team with members, all or nothing.
func (s *Store) CreateTeamRecord(ctx context.Context, wish models.NewTeam, memberIDs []int64) (models.TeamRecord, error) {
	var team models.Team
	err := s.inTx(ctx, "create team", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if team, err = t.createTeam(actor, wish); err != nil {
			return err
		}
		return t.putMembers(actor, team, &memberIDs)
	})
	if err != nil {
		return models.TeamRecord{}, err
	}
	return s.TeamRecord(ctx, team.ID)
}

// PutTeam changes name, description and members of a team, all or nothing.
func (s *Store) PutTeam(ctx context.Context, id int64, put models.TeamPut) (models.TeamRecord, error) {
	err := s.withTeam(ctx, "put team", id, func(t *tx, actor *models.Actor, team models.Team) error {
		if err := models.MayChangeTeam(team, actor); err != nil {
			return err
		}
		wish := put.Change(team)
		if wish.Name != team.Name || wish.Description != team.Description {
			changed, err := models.ChangeTeam(team, wish, actor)
			if err != nil {
				return err
			}
			if team, err = t.saveTeam(actor, team, changed); err != nil {
				return err
			}
		}
		return t.putMembers(actor, team, put.MemberIDs)
	})
	if err != nil {
		return models.TeamRecord{}, err
	}
	return s.TeamRecord(ctx, id)
}

// putMembers makes the users of the list, and no others, members of the team.
func (t *tx) putMembers(actor *models.Actor, team models.Team, wish *[]int64) error {
	if wish == nil {
		return nil
	}
	present, err := t.memberIDs(team.ID)
	if err != nil {
		return err
	}
	for _, id := range *wish {
		if slices.Contains(present, id) {
			continue
		}
		if err := t.putMember(actor, team, id); err != nil {
			return err
		}
	}
	for _, id := range present {
		if slices.Contains(*wish, id) {
			continue
		}
		if err := t.dropMember(actor, team, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) putMember(actor *models.Actor, team models.Team, id int64) error {
	if err := models.MayChangeMembers(team, actor); err != nil {
		return err
	}
	user, err := t.lockUser(id)
	if models.KindOf(err) == models.NotFound {
		return models.InvalidField("MemberUserIds", "One of the members does not exist. Look at the list of users and send the team again.")
	}
	if err != nil {
		return err
	}
	return t.putIn(actor, team, user)
}

func (t *tx) dropMember(actor *models.Actor, team models.Team, id int64) error {
	if err := models.MayRemoveMember(team, id, actor); err != nil {
		return err
	}
	user, err := findUser(t.db, "users.id = ?", id)
	if err != nil {
		return err
	}
	return t.takeOut(actor, team, user)
}
