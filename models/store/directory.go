package store

import (
	"context"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// directoryColumns are those of a user in the directory: without permissions,
// which cost a query for each row and which no client asks a list for.
const directoryColumns = "users.id, users.username, users.display_name, users.email, users.is_service, users.is_active, users.created_at"

// Directory returns users by user name, as Octopus's clients list them.
func (s *Store) Directory(ctx context.Context, f models.DirectoryFilter) (models.Directory, error) {
	if err := maySeeUsers(models.ActorFrom(ctx)); err != nil {
		return models.Directory{}, err
	}
	list, err := s.directory(s.read.WithContext(ctx), f)
	return list, s.failure("directory", err)
}

func (s *Store) directory(db *gorm.DB, f models.DirectoryFilter) (list models.Directory, err error) {
	list.Users = []models.UserRecord{}
	search := models.Fold(f.Search)
	if !storable(search) || utf8.RuneCountInString(search) > models.MaxEmail || f.ByID && len(f.IDs) == 0 {
		return list, nil // nobody can match
	}
	matching, err := filterUsers(db.Model(&models.User{}), models.UserFilter{Kind: f.Kind, Status: f.Status}, search)
	if err != nil {
		return list, err
	}
	if f.ByID {
		matching = matching.Where("users.id IN ?", f.IDs[:min(len(f.IDs), maxInList)])
	}
	var total int64
	if err := matching.Session(&gorm.Session{}).Count(&total).Error; err != nil {
		return list, err
	}
	list.Total = int(total)
	users, err := directoryPage(matching.Session(&gorm.Session{}), f, list.Total)
	if err != nil {
		return list, err
	}
	list.Users, err = withIdentities(db, users)
	return list, err
}

func directoryPage(matching *gorm.DB, f models.DirectoryFilter, total int) (users []models.User, err error) {
	query := matching.Select(directoryColumns).Order("users.username_fold")
	if page := f.Page.Clamp(); !f.All {
		if page.Take == 0 || page.Skip >= total {
			return nil, nil
		}
		query = query.Offset(page.Skip).Limit(page.Take)
	}
	err = query.Find(&users).Error
	return users, err
}

// UserRecord returns one user to whom User does, with the recorded identities.
func (s *Store) UserRecord(ctx context.Context, id int64) (models.UserRecord, error) {
	user, err := s.User(ctx, id)
	if err != nil {
		return models.UserRecord{}, err
	}
	records, err := withIdentities(s.read.WithContext(ctx), []models.User{user})
	if err != nil {
		return models.UserRecord{}, s.failure("user record", err)
	}
	return records[0], nil
}

// TeamsOf returns the teams of a user, by name, to whom may see both: the user,
// and those who may see users and teams. The team of everybody comes first.
func (s *Store) TeamsOf(ctx context.Context, userID int64) ([]models.Team, error) {
	db, actor := s.read.WithContext(ctx), models.ActorFrom(ctx)
	if err := maySeeKeysOf(db, userID, actor); err != nil {
		return nil, s.failure("teams of user", err)
	}
	if _, err := findUser(db, "users.id = ?", userID); err != nil {
		return nil, s.failure("teams of user", err)
	}
	if err := models.MaySeeTeamsOf(userID, actor); err != nil {
		return nil, err
	}
	teams := []models.Team{}
	err := db.Select("teams.id, teams.name, teams.built_in").
		Where("built_in = ? OR teams.id IN (SELECT m.team_id FROM team_members m WHERE m.user_id = ?)", models.Everyone, userID).
		Order("built_in <> 'everyone', name_fold, id").Find(&teams).Error
	return teams, s.failure("teams of user", err)
}
