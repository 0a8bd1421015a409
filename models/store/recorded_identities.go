package store

import (
	"errors"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/keyport/keyport/models"
)

// recordedIdentities are all recorded identities of one user; a user without
// any has no row.
type recordedIdentities struct {
	UserID     int64                     `gorm:"primaryKey;autoIncrement:false"`
	Identities []models.RecordedIdentity `gorm:"serializer:json"`
}

// withIdentities adds the recorded identities to users, all with one query.
func withIdentities(db *gorm.DB, users []models.User) ([]models.UserRecord, error) {
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	byUser := map[int64][]models.RecordedIdentity{}
	for len(ids) > 0 {
		some := ids[:min(len(ids), maxInList)]
		ids = ids[len(some):]
		var rows []recordedIdentities
		if err := db.Select("user_id, identities").Where("user_id IN ?", some).Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, row := range rows {
			byUser[row.UserID] = row.Identities
		}
	}
	records := make([]models.UserRecord, len(users))
	for i, u := range users {
		records[i] = models.UserRecord{User: u, Identities: byUser[u.ID]}
	}
	return records, nil
}

// maxInList bounds the values that one statement lists; both databases have a
// limit on them.
const maxInList = 1000

// recordIdentities writes the identities of a user, and what changed about
// them; nil when nothing did.
func (t *tx) recordIdentities(userID int64, wish []models.RecordedIdentity) ([]models.Difference, error) {
	if problem := models.CheckIdentities(wish); problem != "" {
		return nil, models.InvalidField("Identities", problem)
	}
	var row recordedIdentities
	err := t.db.Select("user_id, identities").Where("user_id = ?", userID).Take(&row).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, err
	}
	if reflect.DeepEqual(row.Identities, wish) || len(row.Identities)+len(wish) == 0 {
		return nil, nil
	}
	if len(wish) == 0 {
		err = t.db.Where("user_id = ?", userID).Delete(&recordedIdentities{}).Error
	} else {
		err = t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&recordedIdentities{userID, wish}).Error
	}
	return []models.Difference{{Path: "Identities", Before: providers(row.Identities), After: providers(wish)}}, err
}

// providers names the providers for the audit trail, without the claims: they
// may hold anything.
func providers(list []models.RecordedIdentity) []string {
	names := []string{}
	for _, identity := range list {
		names = append(names, identity.Provider)
	}
	return names
}
