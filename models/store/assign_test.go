package store

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// What is not of a field's type is an error, never a value that means something.
func TestAssignRefusesOtherTypes(t *testing.T) {
	var (
		text   string
		number int64
		bytes  []byte
		moment time.Time
		maybe  *time.Time
		yes    bool
		level  models.AccessLevel
		rights models.PermissionSet
		other  struct{}
	)
	for _, field := range []any{&text, &number, &bytes, &moment, &maybe, &yes, &level, &rights, &other} {
		if err := assign(field, 1.5); err == nil {
			t.Errorf("%T took a float64", field)
		}
	}
	for _, field := range []any{&text, &number, &bytes, &moment, &yes, &level, &rights} {
		if err := assign(field, nil); err == nil {
			t.Errorf("%T took nothing", field)
		}
	}
	set := time.Unix(1, 0)
	if err := assign(&maybe, set); err != nil || !maybe.Equal(set) {
		t.Errorf("a time that may be missing = %v, %v", maybe, err)
	}
	if err := assign(&maybe, nil); err != nil || maybe != nil {
		t.Errorf("a missing time = %v, %v", maybe, err)
	}
}
