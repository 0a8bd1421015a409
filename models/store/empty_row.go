package store

import (
	"database/sql"

	"gorm.io/gorm"
)

// tellEmptyRows mends what GORM does about one row that it can't prepare the query
// for, because the context is done, say, or the file is locked or closed: it drops
// the error and returns a row without anything, and to scan that is a panic. Here
// the query is asked without being prepared, whose row has the error, or the answer
// if it is possible by now.
func tellEmptyRows(db *gorm.DB) error {
	return db.Callback().Row().After("gorm:row").Register("keyport:row", func(db *gorm.DB) {
		row, ok := db.Statement.Dest.(*sql.Row)
		if !ok || row == nil || *row != (sql.Row{}) {
			return
		}
		pool := db.Statement.ConnPool
		switch prepared := pool.(type) {
		case *gorm.PreparedStmtDB:
			pool = prepared.ConnPool
		case *gorm.PreparedStmtTX:
			pool = prepared.Tx
		}
		db.Statement.Dest = pool.QueryRowContext(db.Statement.Context, db.Statement.SQL.String(), db.Statement.Vars...)
	})
}
