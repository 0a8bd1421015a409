package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

type keyChangesKey struct{}

// keyChanges are what a transaction changed of what keys open. The cache must
// know before the change is answered: the feed would bring it a moment later.
type keyChanges struct {
	changed bool     // a statement that may have done so ran
	told    string   // what the triggers said, once they were asked
	asked   bool     // so nothing is left but to commit
	upTo    int64    // on SQLite, the number of the last change that was told of
	made    []uint64 // pieces of new keys
}

// withKeyChanges returns a context whose statements are noted.
func withKeyChanges(ctx context.Context) (context.Context, *keyChanges) {
	c := new(keyChanges)
	return context.WithValue(ctx, keyChangesKey{}, c), c
}

// askTriggers notes, at the end of a transaction, about whom the triggers have
// told. So a way to write that somebody forgets is known here as well.
func (t *tx) askTriggers(c *keyChanges) (err error) {
	switch {
	case !c.changed:
		return nil
	case t.everybody:
		c.told, err = "all", t.askCounter(c)
	case t.store.pool == nil:
		err = t.askCounters(c)
	default:
		err = t.db.Raw("SELECT COALESCE(current_setting('keyport.told', true), '')").Row().Scan(&c.told)
	}
	c.asked = err == nil
	return err
}

// forgetChanged makes old what a transaction changed, and known what keys it made.
// After an error the commit may have happened too; one that never came so far has
// changed nothing.
func (s *Store) forgetChanged(c *keyChanges, err error) {
	s.known.add(c.made...)
	if !c.asked {
		return
	}
	s.hearAll(c.told)
	if err == nil && s.pool == nil {
		s.changes.upTo.Store(c.upTo)
	}
}

// noteKeyChanges watches what is written by way of GORM. Statements that are
// written by hand count too, whatever they are about.
func (s *Store) noteKeyChanges() {
	note := func(db *gorm.DB) {
		c, ok := db.Statement.Context.Value(keyChangesKey{}).(*keyChanges)
		if ok && (db.Statement.Table == "" || db.Statement.Table == "api_keys" && !marksUse(db) || db.Statement.Table == "users") {
			c.changed = true
		}
	}
	made := func(db *gorm.DB) {
		c, ok := db.Statement.Context.Value(keyChangesKey{}).(*keyChanges)
		if key, is := db.Statement.Dest.(*models.APIKey); ok && is {
			c.made = append(c.made, keyPiece(key.Digest))
		}
	}
	for _, register := range []func() error{
		func() error { return s.write.Callback().Create().After("gorm:create").Register("keyport:made", made) },
		func() error {
			return s.write.Callback().Update().After("gorm:update").Register("keyport:changed", note)
		},
		func() error {
			return s.write.Callback().Delete().After("gorm:delete").Register("keyport:changed", note)
		},
		func() error { return s.write.Callback().Raw().After("gorm:raw").Register("keyport:changed", note) },
	} {
		if err := register(); err != nil {
			panic(err) // only a callback that is not there could be the reason
		}
	}
}

// marksUse reports an update that tells only when a key was used or what notice
// is due: such happen all the time.
func marksUse(db *gorm.DB) bool {
	columns, ok := db.Statement.Dest.(map[string]any)
	if !ok {
		return false
	}
	for _, ours := range []string{"use_written_at", "notice_at"} {
		if _, is := columns[ours]; is {
			_, ends := columns["revoked_at"]
			return !ends
		}
	}
	return false
}
