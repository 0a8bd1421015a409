package store

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// soon is how long before its end a key counts as ending soon.
const soon = models.WarningDays * 24 * time.Hour

// APIKeysOf returns one page of a user's keys, with the number of keys that
// match and the numbers by status.
func (s *Store) APIKeysOf(ctx context.Context, ownerID int64, f models.KeyFilter) (models.KeyList, error) {
	actor, db := models.ActorFrom(ctx), s.read.WithContext(ctx)
	if err := maySeeKeysOf(db, ownerID, actor); err != nil {
		return models.KeyList{}, s.failure("API keys", err)
	}
	order, err := keyOrder(f)
	if err != nil {
		return models.KeyList{}, err
	}
	if !actor.Is(ownerID) {
		if _, err := findUser(db, "users.id = ?", ownerID); err != nil {
			return models.KeyList{}, s.failure("API keys", err)
		}
	}
	list, err := s.listKeys(db, ownerID, f, order)
	return list, s.failure("API keys", err)
}

func (s *Store) listKeys(db *gorm.DB, ownerID int64, f models.KeyFilter, order string) (list models.KeyList, err error) {
	now, page := s.Now(), f.Page.Clamp()
	list.Keys = []models.APIKey{}
	if !f.WithoutCounts {
		if list.Counts, err = countByStatus(db, ownerID, now); err != nil {
			return list, err
		}
	}
	if cantMatch(f) {
		return list, nil
	}
	matching, err := filterKeys(db.Model(&models.APIKey{}).Where("user_id = ?", ownerID), f, now)
	if err != nil {
		return list, err
	}
	var total int64
	if err := matching.Session(&gorm.Session{}).Count(&total).Error; err != nil {
		return list, err
	}
	list.Total = int(total)
	if page.Take == 0 || page.Skip >= list.Total {
		return list, nil
	}
	err = matching.Session(&gorm.Session{}).Select(keyColumns).Order(order).Offset(page.Skip).Limit(page.Take).Find(&list.Keys).Error
	return list, err
}

// cantMatch knows searches that no stored text can hold, which also are those
// that a database may refuse.
func cantMatch(f models.KeyFilter) bool {
	for _, s := range []string{f.Search, f.Purpose} {
		if !storable(s) || utf8.RuneCountInString(s) > models.MaxPurpose {
			return true
		}
	}
	return false
}

func filterKeys(db *gorm.DB, f models.KeyFilter, now time.Time) (*gorm.DB, error) {
	switch f.Status {
	case "":
	case models.KeyUsable:
		db = db.Where("revoked_at IS NULL AND expires_at > ?", now)
	case models.KeyExpiresSoon:
		db = db.Where("revoked_at IS NULL AND expires_at > ? AND expires_at <= ?", now, now.Add(soon))
	case models.KeyExpired:
		db = db.Where("revoked_at IS NULL AND expires_at <= ?", now)
	case models.KeyRevoked:
		db = db.Where("revoked_at IS NOT NULL")
	default:
		return nil, models.InvalidField("Status", "This status is not known. Choose usable, expires soon, expired or revoked.")
	}
	if f.HideRevoked {
		db = db.Where("revoked_at IS NULL")
	}
	if purpose := models.Fold(f.Purpose); purpose != "" {
		db = db.Where(`purpose_fold LIKE ? ESCAPE '\'`, "%"+wildcards.Replace(purpose)+"%")
	}
	return searchKeys(db, models.Fold(f.Search)), nil
}

// wildcards are written so that LIKE takes them as they are.
var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// searchKeys looks in the purpose and, for what begins like a key, at the
// stored beginnings too: a pasted hint or a whole key finds its row.
func searchKeys(db *gorm.DB, search string) *gorm.DB {
	if search == "" {
		return db
	}
	inPurpose := "%" + wildcards.Replace(search) + "%"
	prefix := strings.TrimRight(strings.ToUpper(search), "•")
	if !strings.HasPrefix(prefix, models.SecretPrefix) {
		return db.Where(`purpose_fold LIKE ? ESCAPE '\'`, inPurpose)
	}
	if length := len(models.SecretPrefix) + models.HintLength; len(prefix) > length {
		if _, whole := models.ParseSecret(prefix); !whole {
			return db.Where(`purpose_fold LIKE ? ESCAPE '\'`, inPurpose)
		}
		prefix = prefix[:length]
	}
	return db.Where(`(purpose_fold LIKE ? ESCAPE '\' OR prefix LIKE ? ESCAPE '\')`, inPurpose, wildcards.Replace(prefix)+"%")
}

// keyOrder writes the order of a list. It ends with the id, so that pages never
// overlap, and puts keys that were never used before all that were.
func keyOrder(f models.KeyFilter) (string, error) {
	columns := map[models.KeySort][]string{
		"":                  {"created_at", "id"},
		models.SortCreated:  {"created_at", "id"},
		models.SortExpires:  {"expires_at", "id"},
		models.SortPurpose:  {"purpose_fold", "id"},
		models.SortLastUsed: {"(last_used_at IS NOT NULL)", "last_used_at", "id"},
	}[f.Sort]
	if columns == nil {
		return "", models.InvalidField("Sort", "This column is not known. Choose expires, created, purpose or last used.")
	}
	if !f.Descending {
		return strings.Join(columns, ", "), nil
	}
	return strings.Join(columns, " DESC, ") + " DESC", nil
}

// countByStatus counts a user's keys in one pass over an index.
func countByStatus(db *gorm.DB, ownerID int64, now time.Time) (map[models.KeyStatus]int, error) {
	var n struct{ Total, Usable, Soon, Expired, Revoked int }
	err := db.Raw(`SELECT COUNT(*) AS total,
		COALESCE(SUM(CASE WHEN revoked_at IS NULL AND expires_at > ? THEN 1 ELSE 0 END), 0) AS usable,
		COALESCE(SUM(CASE WHEN revoked_at IS NULL AND expires_at > ? AND expires_at <= ? THEN 1 ELSE 0 END), 0) AS soon,
		COALESCE(SUM(CASE WHEN revoked_at IS NULL AND expires_at <= ? THEN 1 ELSE 0 END), 0) AS expired,
		COALESCE(SUM(CASE WHEN revoked_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS revoked
		FROM api_keys WHERE user_id = ?`, now, now, now.Add(soon), now, ownerID).Scan(&n).Error
	return map[models.KeyStatus]int{
		"": n.Total, models.KeyUsable: n.Usable, models.KeyExpiresSoon: n.Soon, models.KeyExpired: n.Expired, models.KeyRevoked: n.Revoked,
	}, err
}
