package store

import (
	"context"
	"io"
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

// Journal writes what works now, and nothing of what it is: which keys and until
// when, and which users. It is small and quick to make, so that it can be made
// every few minutes and kept elsewhere; a restore looks there for what has ended
// since the backup.
func (s *Store) Journal(ctx context.Context, out io.Writer, version string) (BackupHeader, error) {
	var h BackupHeader
	if _, err := s.InstallationID(ctx); err != nil { // by which a restore knows its own database
		return h, err
	}
	err := s.oneView(ctx, func(db *gorm.DB) (err error) {
		if h, err = s.backupHeader(db, fileJournal, version); err != nil {
			return err
		}
		a, err := s.alive(db, h.TakenAt)
		if err != nil {
			return err
		}
		w, err := s.newBackupWriter(out, h)
		if err != nil {
			return err
		}
		return a.write(w)
	})
	return h, s.failure("journal", err)
}

func (a alive) write(w *backupWriter) error {
	if err := w.begin("keys", []column{{"id", kindText}, {"expires_at", kindTime}}); err != nil {
		return err
	}
	for id, end := range a.keys {
		if err := w.row([]any{id, end.UnixMicro()}); err != nil {
			return err
		}
	}
	if err := w.begin("users", []column{{"id", kindInt}, {"is_active", kindBool}, {"print", kindText}}); err != nil {
		return err
	}
	for id, u := range a.users {
		if err := w.row([]any{id, u.active, u.print}); err != nil {
			return err
		}
	}
	return w.end()
}

// readJournal reads what worked when a journal was made.
func readJournal(b *BackupFile) (alive, error) {
	a := alive{at: b.Header.TakenAt, keys: map[string]time.Time{}, users: map[int64]aliveUser{}, sequences: b.Header.Sequences, keyID: b.Header.KeyID}
	table := ""
	err := b.each(func(name string, _ []column) (bool, error) { table = name; return false, nil }, func(values []any) error {
		first, id := values[0], int64(0)
		if table == "keys" {
			name, _ := first.(string)
			end, err := number(values[1])
			a.keys[name] = time.UnixMicro(end).UTC()
			return err
		}
		id, err := number(first)
		active, _ := values[1].(bool)
		print, _ := values[2].(string)
		a.users[id] = aliveUser{active, print}
		return err
	})
	return a, err
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
	for table, n := range by.sequences {
		a.sequences[table] = max(a.sequences[table], n)
	}
}
