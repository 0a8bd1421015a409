package store

import "github.com/keyport/keyport/models"

// boxes are the columns that hold locked secrets, each at the place of its row.
var boxes = []struct{ table, column string }{
	{"subscriptions", "webhook_header_box"},
	{"subscriptions", "secret_box"},
	{"subscriptions", "old_secret_box"},
	{"mail_settings", "password_box"},
}

// relockBoxes moves the secrets that must be read again to the newest master
// key, so that an old one can retire. One that can't be opened stays: it was
// changed behind our back, and whoever needs it says so.
func (t *tx) relockBoxes() error {
	for _, b := range boxes {
		var rows []struct {
			ID  int64
			Box []byte
		}
		err := t.db.Table(b.table).Clauses(forUpdate).Select("id, " + b.column + " AS box").Where(b.column + " IS NOT NULL").Find(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := t.relockBox(b.table, b.column, row.ID, row.Box); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) relockBox(table, column string, id int64, box []byte) error {
	if by, ok := models.LockedBy(box); ok && by == t.store.keyring.IDs()[0] {
		return nil
	}
	place := models.RowPlace(table, column, id)
	plain, err := t.store.keyring.Open(box, place)
	if err != nil {
		return nil
	}
	return t.db.Table(table).Where("id = ?", id).Updates(map[string]any{column: t.store.keyring.Lock(plain, place)}).Error
}
