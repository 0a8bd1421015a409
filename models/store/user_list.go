package store

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// summaryColumns are those of a user in a list.
var summaryColumns = userColumns + ", users.seen_at, users.password_hash <> '' AS has_password"

// Users returns one page of users, with the number of users that match and the
// numbers by kind and status.
func (s *Store) Users(ctx context.Context, f models.UserFilter) (models.UserList, error) {
	if err := maySeeUsers(models.ActorFrom(ctx)); err != nil {
		return models.UserList{}, err
	}
	order, err := userOrder(f)
	if err != nil {
		return models.UserList{}, err
	}
	list, err := s.listUsers(s.read.WithContext(ctx), f, order)
	return list, s.failure("users", err)
}

func maySeeUsers(actor *models.Actor) error {
	switch {
	case actor == nil:
		return models.Unauthorized()
	case !actor.May(models.UserView):
		return models.Denied("You can't see users. Ask an administrator for the right to view users.")
	}
	return nil
}

func (s *Store) listUsers(db *gorm.DB, f models.UserFilter, order string) (list models.UserList, err error) {
	list.Users = []models.UserSummary{}
	if list.Counts, err = countUsers(db); err != nil {
		return list, err
	}
	search := models.Fold(f.Search)
	if !storable(search) || utf8.RuneCountInString(search) > models.MaxEmail {
		return list, nil // no stored text can hold it
	}
	matching, err := filterUsers(db.Model(&models.User{}), f, search)
	if err != nil {
		return list, err
	}
	if list.Total, err = countMatching(matching, list.Counts, f, search); err != nil {
		return list, err
	}
	page := f.Page.Clamp()
	if page.Take == 0 || page.Skip >= list.Total {
		return list, nil
	}
	err = matching.Session(&gorm.Session{}).Select(summaryColumns).Order(order).Offset(page.Skip).Limit(page.Take).Find(&list.Users).Error
	if err != nil {
		return list, err
	}
	return list, countLiveKeys(db, list.Users, s.Now())
}

// countMatching counts only when the numbers by kind and status don't tell.
func countMatching(matching *gorm.DB, counts models.UserCounts, f models.UserFilter, search string) (int, error) {
	if search == "" {
		return counts.Of(f.Kind, f.Status), nil
	}
	var n int64
	err := matching.Session(&gorm.Session{}).Count(&n).Error
	return int(n), err
}

func filterUsers(db *gorm.DB, f models.UserFilter, search string) (*gorm.DB, error) {
	switch f.Kind {
	case "":
	case models.KindPerson, models.KindService:
		db = db.Where("is_service = ?", f.Kind == models.KindService)
	default:
		return nil, models.InvalidField("Kind", "This kind of user is not known. Choose person or service.")
	}
	switch f.Status {
	case "":
	case models.UserActive, models.UserInactive:
		db = db.Where("is_active = ?", f.Status == models.UserActive)
	default:
		return nil, models.InvalidField("Status", "This status is not known. Choose active or inactive.")
	}
	if search == "" {
		return db, nil
	}
	like := "%" + wildcards.Replace(search) + "%"
	return db.Where(`(username_fold LIKE ? ESCAPE '\' OR display_name_fold LIKE ? ESCAPE '\' OR email_fold LIKE ? ESCAPE '\')`, like, like, like), nil
}

// userOrder writes the order of a list, the same as an index has it. It ends
// with the id, so that pages never overlap, and puts users who were never seen
// before all who were.
func userOrder(f models.UserFilter) (string, error) {
	columns := map[models.UserSort][]string{
		"":              {"display_name_fold", "id"},
		models.SortName: {"display_name_fold", "id"},
		models.SortSeen: {"(seen_at IS NOT NULL)", "seen_at", "id"},
	}[f.Sort]
	if columns == nil {
		return "", models.InvalidField("Sort", "This column is not known. Choose name or seen.")
	}
	if !f.Descending {
		return strings.Join(columns, ", "), nil
	}
	return strings.Join(columns, " DESC, ") + " DESC", nil
}

// countUsers counts all users in one pass.
func countUsers(db *gorm.DB) (models.UserCounts, error) {
	var rows []struct {
		IsService, IsActive bool
		N                   int
	}
	err := db.Model(&models.User{}).Select("is_service, is_active, COUNT(*) AS n").Group("is_service, is_active").Find(&rows).Error
	counts := models.UserCounts{models.KindPerson: {}, models.KindService: {}}
	for _, row := range rows {
		kind, status := models.KindPerson, models.UserInactive
		if row.IsService {
			kind = models.KindService
		}
		if row.IsActive {
			status = models.UserActive
		}
		counts[kind][status] = row.N
	}
	return counts, err
}

// countLiveKeys fills in the numbers of live keys, all with one query over an
// index that holds what it needs.
func countLiveKeys(db *gorm.DB, users []models.UserSummary, now time.Time) error {
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	var rows []struct {
		UserID int64
		N      int
	}
	err := db.Model(&models.APIKey{}).Select("user_id, COUNT(*) AS n").
		Where("user_id IN ? AND revoked_at IS NULL AND expires_at > ?", ids, now).Group("user_id").Find(&rows).Error
	live := map[int64]int{}
	for _, row := range rows {
		live[row.UserID] = row.N
	}
	for i := range users {
		users[i].LiveKeys = live[users[i].ID]
	}
	return err
}

// UserSummary returns one user as the list shows them.
func (s *Store) UserSummary(ctx context.Context, id int64) (models.UserSummary, error) {
	if err := maySeeUsers(models.ActorFrom(ctx)); err != nil {
		return models.UserSummary{}, err
	}
	db := s.read.WithContext(ctx)
	var found []models.UserSummary
	err := db.Model(&models.User{}).Select(summaryColumns).Where("users.id = ?", id).Limit(1).Find(&found).Error
	if err == nil && len(found) == 0 {
		err = models.Missing("user")
	}
	if err == nil {
		err = countLiveKeys(db, found, s.Now())
	}
	if err != nil {
		return models.UserSummary{}, s.failure("user summary", err)
	}
	return found[0], nil
}
