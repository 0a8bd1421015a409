package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

type keyChangesKey struct{}

// keyChanges are what a transaction changed of what keys open. The cache must
// know before the change is answered: the feed would bring it a moment later.
type keyChanges struct {
	changed bool   // a statement that may have done so ran
	told    string // what the triggers said, once they were asked
	asked   bool
	made    []uint64 // pieces of new keys
}

// withKeyChanges returns a context whose statements are noted.
func withKeyChanges(ctx context.Context) (context.Context, *keyChanges) {
	c := new(keyChanges)
	return context.WithValue(ctx, keyChangesKey{}, c), c
}

// askTriggers notes, at the end of a transaction, about whom the triggers have
// told. So a way to write that somebody forgets is known here as well. SQLite's
// say only that there was a change: looking up is cheap there.
func (t *tx) askTriggers(c *keyChanges) error {
	if !c.changed || t.store.pool == nil {
		return nil
	}
	c.asked = true
	return t.db.Raw("SELECT COALESCE(current_setting('keyport.told', true), '')").Row().Scan(&c.told)
}

// forgetChanged makes old what a transaction changed, and known what keys it made,
// however it ended: after an error the commit may have happened too.
func (s *Store) forgetChanged(c *keyChanges) {
	s.known.add(c.made...)
	if !c.changed {
		return
	}
	if !c.asked {
		s.verified.ages.forgetAll()
		return
	}
	for place := range strings.FieldsFuncSeq(c.told, func(r rune) bool { return r == ',' }) {
		s.hear(place)
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
