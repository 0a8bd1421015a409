package store

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
)

// sqliteDialect speaks SQLite for GORM over a database/sql pool. The schema
// belongs to the migrations, so GORM's migrator stays at its generic base.
type sqliteDialect struct{ conn *sql.DB }

// Name is what GORM calls the dialect.
func (sqliteDialect) Name() string { return "sqlite" }

// Initialize tells GORM the order of clauses, and about two that differ.
func (d sqliteDialect) Initialize(db *gorm.DB) error {
	db.ConnPool = d.conn
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
		UpdateClauses: []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE", "RETURNING"},
	})
	db.ClauseBuilders["FOR"] = buildFor
	db.ClauseBuilders["LIMIT"] = buildLimit
	return nil
}

// buildFor drops row locks: a transaction that writes holds the only write
// lock from its first statement.
func buildFor(c clause.Clause, b clause.Builder) {
	if _, locking := c.Expression.(clause.Locking); !locking {
		c.Build(b)
	}
}

// buildLimit writes the LIMIT that SQLite demands before an OFFSET; -1 is none.
func buildLimit(c clause.Clause, b clause.Builder) {
	l, ok := c.Expression.(clause.Limit)
	if !ok {
		return
	}
	n := -1
	if l.Limit != nil && *l.Limit >= 0 {
		n = *l.Limit
	}
	if n >= 0 || l.Offset > 0 {
		b.WriteString("LIMIT " + strconv.Itoa(n))
	}
	if l.Offset > 0 {
		b.WriteString(" OFFSET " + strconv.Itoa(l.Offset))
	}
}

// Migrator returns GORM's generic migrator, which nothing here uses.
func (d sqliteDialect) Migrator(db *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}
}

// DataTypeOf names the column type of a field as the migrations do.
func (sqliteDialect) DataTypeOf(f *schema.Field) string {
	switch f.DataType {
	case schema.Bool:
		return "boolean"
	case schema.Int, schema.Uint:
		return "integer"
	case schema.Float:
		return "real"
	case schema.String:
		return "text"
	case schema.Time:
		return "datetime"
	case schema.Bytes:
		return "blob"
	}
	return string(f.DataType)
}

// DefaultValueOf is what an INSERT writes for a field left to the database.
func (sqliteDialect) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "NULL"}
}

// BindVarTo writes a placeholder.
func (sqliteDialect) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { w.WriteByte('?') }

// QuoteTo writes a name, each part between double quotes.
func (sqliteDialect) QuoteTo(w clause.Writer, name string) {
	for i, part := range strings.Split(name, ".") {
		if i > 0 {
			w.WriteByte('.')
		}
		w.WriteString(`"` + strings.ReplaceAll(part, `"`, `""`) + `"`)
	}
}

// Explain writes a statement for people.
func (sqliteDialect) Explain(statement string, values ...any) string {
	return logger.ExplainSQL(statement, nil, `'`, values...)
}

// SavePoint begins a nested transaction.
func (sqliteDialect) SavePoint(tx *gorm.DB, name string) error {
	return tx.Exec("SAVEPOINT " + name).Error
}

// RollbackTo takes a nested transaction back.
func (sqliteDialect) RollbackTo(tx *gorm.DB, name string) error {
	return tx.Exec("ROLLBACK TO SAVEPOINT " + name).Error
}

// Translate gives violated constraints the names that GORM has for them.
func (sqliteDialect) Translate(err error) error {
	switch sqliteCode(err) {
	case 1555, 2067: // primary key, unique
		return errors.Join(gorm.ErrDuplicatedKey, err)
	case 787: // foreign key
		return errors.Join(gorm.ErrForeignKeyViolated, err)
	case 275, 1811: // check; RAISE in a trigger
		return errors.Join(gorm.ErrCheckConstraintViolated, err)
	}
	return err
}
