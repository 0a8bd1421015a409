package store

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestServerProblem(t *testing.T) {
	tests := []struct {
		name    string
		number  int
		standby bool
		want    string
	}{
		{"oldest", 140000, false, ""},
		{"newest", 180004, false, ""},
		{"too old", 130021, false, "Keyport needs version 14"},
		{"standby", 180004, true, "standby"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := serverProblem(tt.number, "13.21", tt.standby)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestServerErrorWords(t *testing.T) {
	config := &pgconn.Config{Host: "db.example.com", User: "maya", Database: "keyport", Password: "secret-word"}
	for code, want := range map[string]string{
		"28P01": "refused the user maya", "28000": "refused the user maya", "3D000": "The database keyport does not exist",
		"42501": "may not connect", "53300": "no connection left", "XX000": "refused the connection",
	} {
		if got := serverError(config, &pgconn.PgError{Code: code}).Message; !strings.Contains(got, want) || strings.Contains(got, "secret-word") {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestFileErrorWords(t *testing.T) {
	for want, cause := range map[string]error{"does not exist": fs.ErrNotExist, "right to write": fs.ErrPermission, "can't be opened": errors.New("?")} {
		if got := fileError("/data/keyport.db", cause).Message; !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", cause, got, want)
		}
	}
}

func TestUnavailableStates(t *testing.T) {
	for code, want := range map[string]bool{"08006": true, "53100": true, "57P01": true, "58030": true, "40P01": true, "23505": false, "42601": false, "": false} {
		if got := unavailable(&pgconn.PgError{Code: code}); got != want {
			t.Errorf("unavailable(%q) = %t, want %t", code, got, want)
		}
	}
}
