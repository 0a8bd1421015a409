package store

import (
	"context"

	"gorm.io/gorm"
)

type keyChangesKey struct{}

// withKeyChanges returns a context whose statements note that they changed what
// keys open. The cache must know before the change is answered: the feed would
// bring it a moment later.
func withKeyChanges(ctx context.Context) (context.Context, *bool) {
	changed := new(bool)
	return context.WithValue(ctx, keyChangesKey{}, changed), changed
}

// noteKeyChanges watches what is written by way of GORM. Statements that are
// written by hand count too, whatever they are about.
func (s *Store) noteKeyChanges() {
	note := func(db *gorm.DB) {
		changed, ok := db.Statement.Context.Value(keyChangesKey{}).(*bool)
		if ok && (db.Statement.Table == "" || db.Statement.Table == "api_keys" && !marksUse(db) || db.Statement.Table == "users") {
			*changed = true
		}
	}
	for _, register := range []func() error{
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
