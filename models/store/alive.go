package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// alive is what works at a moment: whatever a backup holds and this doesn't, has
// ended since.
type alive struct {
	at        time.Time
	keys      map[string]time.Time // that work, with their end
	users     map[int64]aliveUser
	rights    *rights // nil in a journal of an older version
	sequences map[string]int64
	keyID     int64 // of the fingerprints
}

// aliveUser is how a user gets in, by a fingerprint.
type aliveUser struct {
	active bool
	print  string
}

// alive reads what works now. A key whose row was changed behind our back does
// not.
func (s *Store) alive(db *gorm.DB, now time.Time) (alive, error) {
	a := alive{at: now, keys: map[string]time.Time{}, users: map[int64]aliveUser{}, keyID: s.keyring.IDs()[0]}
	prints, err := s.fingerprints(db, a.keyID)
	if err != nil {
		return a, err
	}
	var users []models.User
	if err := db.Model(&models.User{}).Select("id, is_active").Find(&users).Error; err != nil {
		return a, err
	}
	for _, u := range users {
		a.users[u.ID] = aliveUser{u.IsActive, prints[u.ID]}
	}
	if a.rights, err = s.rights(db, a.keyID); err != nil {
		return a, err
	}
	if a.sequences, err = s.sequences(db); err != nil {
		return a, err
	}
	rows, err := db.Model(&models.APIKey{}).Select(keyColumns).Where("revoked_at IS NULL AND expires_at > ?", now).Rows()
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var k models.APIKey
		if err := db.ScanRows(rows, &k); err != nil {
			return a, err
		}
		if s.sealed(k) {
			a.keys[k.ID] = k.ExpiresAt
		}
	}
	return a, rows.Err()
}

// narrow leaves what works by both. A key that was made after the other was
// written is in no backup from before.
func (a *alive) narrow(by alive) {
	for id, end := range a.keys {
		switch other, works := by.keys[id]; {
		case !works:
			delete(a.keys, id)
		case other.Before(end):
			a.keys[id] = other
		}
	}
	for id, u := range a.users {
		if other, there := by.users[id]; there && !other.active {
			u.active = false
			a.users[id] = u
		}
	}
	if by.rights != nil {
		a.rights.narrow(by.rights, a.keyID == by.keyID)
	}
	for table, n := range by.sequences {
		a.sequences[table] = max(a.sequences[table], n)
	}
}
