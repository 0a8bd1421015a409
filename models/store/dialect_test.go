package store

import (
	"errors"
	"path/filepath"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// part is a table for trying the dialect.
type part struct {
	ID    int64 `gorm:"primaryKey"`
	Name  string
	Count int
	Whole *int64
}

func newParts(t *testing.T) *gorm.DB {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "parts.db"), Keyring: ring(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	err = s.write.Exec(`CREATE TABLE parts (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
		count INTEGER NOT NULL CHECK (count >= 0), whole INTEGER REFERENCES parts (id))`).Error
	if err != nil {
		t.Fatal(err)
	}
	rows := []part{{Name: "a"}, {Name: "b", Count: 1}, {Name: "c", Count: 2}}
	if err := s.write.Create(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if row.ID != int64(i+1) {
			t.Errorf("row %d got the id %d", i, row.ID)
		}
	}
	return s.write
}

func TestDialectQueries(t *testing.T) {
	db := newParts(t)
	tests := []struct {
		name  string
		query func(*gorm.DB) *gorm.DB
		want  string
	}{
		{"limit", func(q *gorm.DB) *gorm.DB { return q.Limit(2) }, "ab"},
		{"limit 0", func(q *gorm.DB) *gorm.DB { return q.Limit(0) }, ""},
		{"offset", func(q *gorm.DB) *gorm.DB { return q.Offset(1) }, "bc"},
		{"limit and offset", func(q *gorm.DB) *gorm.DB { return q.Limit(1).Offset(1) }, "b"},
		{"row lock", func(q *gorm.DB) *gorm.DB { return q.Clauses(forUpdate) }, "abc"},
		{"quoted names", func(q *gorm.DB) *gorm.DB {
			return q.Where(clause.Eq{Column: clause.Column{Table: "parts", Name: "count"}, Value: 2})
		}, "c"},
		{"list", func(q *gorm.DB) *gorm.DB { return q.Where("name IN ?", []string{"a", "c"}) }, "ac"},
		{"empty list", func(q *gorm.DB) *gorm.DB { return q.Where("name IN ?", []string{}) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var names []string
			if err := tt.query(db.Model(&part{}).Order("id")).Pluck("name", &names).Error; err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, name := range names {
				got += name
			}
			if got != tt.want {
				t.Errorf("names = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDialectErrors(t *testing.T) {
	db := newParts(t)
	absent := int64(99)
	for name, tt := range map[string]struct {
		row  part
		want error
	}{
		"unique":      {part{Name: "a"}, gorm.ErrDuplicatedKey},
		"primary key": {part{ID: 1, Name: "x"}, gorm.ErrDuplicatedKey},
		"check":       {part{Name: "x", Count: -1}, gorm.ErrCheckConstraintViolated},
		"foreign key": {part{Name: "x", Whole: &absent}, gorm.ErrForeignKeyViolated},
	} {
		if err := db.Create(&tt.row).Error; !errors.Is(err, tt.want) {
			t.Errorf("%s: error = %v, want %v", name, err, tt.want)
		}
	}
	if err := db.Exec("SELECT nonsense FROM parts").Error; err == nil || errors.Is(err, gorm.ErrDuplicatedKey) {
		t.Errorf("another error = %v", err)
	}
}

// A nested transaction that fails takes back its own part only.
func TestDialectSavePoints(t *testing.T) {
	db := newParts(t)
	err := db.Transaction(func(outer *gorm.DB) error {
		if err := outer.Create(&part{Name: "kept"}).Error; err != nil {
			return err
		}
		inner := outer.Transaction(func(inner *gorm.DB) error {
			if err := inner.Create(&part{Name: "lost"}).Error; err != nil {
				return err
			}
			return errors.New("no")
		})
		if inner == nil {
			t.Error("the nested transaction did not fail")
		}
		return nil
	})
	var names []string
	db.Model(&part{}).Where("name IN ?", []string{"kept", "lost"}).Pluck("name", &names)
	if err != nil || len(names) != 1 || names[0] != "kept" {
		t.Errorf("names = %v (%v), want only kept", names, err)
	}
}

func TestDialectUpsertAndReturning(t *testing.T) {
	db := newParts(t)
	again := part{Name: "a", Count: 7}
	err := db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"count"})}).Create(&again).Error
	if err != nil {
		t.Fatal(err)
	}
	var updated []part
	done := db.Model(&updated).Clauses(clause.Returning{}).Where("count >= ?", 2).Update("count", gorm.Expr("count + 1"))
	if done.Error != nil || done.RowsAffected != 2 || len(updated) != 2 || updated[0].Name != "a" || updated[0].Count != 8 {
		t.Errorf("updated = %+v, %d rows (%v)", updated, done.RowsAffected, done.Error)
	}
}
