package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/keyport/keyport/models"
)

// assignRow puts what was read where it belongs.
func assignRow(fields []any, row []driver.Value) error {
	for i, value := range row {
		if err := assign(fields[i], value); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

// assign takes values as the driver hands them over: its texts and bytes are
// copies already.
func assign(field any, value driver.Value) error {
	fits := true
	switch f := field.(type) {
	case *string:
		*f, fits = value.(string)
	case *int64:
		*f, fits = value.(int64)
	case *[]byte:
		*f, fits = value.([]byte)
	case *time.Time:
		*f, fits = value.(time.Time)
	case **time.Time:
		*f = nil
		if value != nil {
			var t time.Time
			t, fits = value.(time.Time)
			*f = &t
		}
	case *bool:
		var n int64
		n, fits = value.(int64)
		*f = n != 0
	case *models.AccessLevel:
		var text string
		text, fits = value.(string)
		*f = models.AccessLevel(text)
	case *models.PermissionSet:
		var n int64
		n, fits = value.(int64)
		*f = models.PermissionSet(n)
	case sql.Scanner:
		return f.Scan(value)
	default:
		fits = false
	}
	if !fits {
		return fmt.Errorf("%T does not take a %T", field, value)
	}
	return nil
}
