package store

import (
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgconn"
)

// OpenError says in one sentence why the database can't be used, for the
// person who starts Keyport. Cause is for the log.
type OpenError struct {
	Message string
	Cause   error
}

// Error returns what the log should say.
func (e *OpenError) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Cause }

func badURL(cause error) *OpenError {
	return &OpenError{"The database address is not understood. Use sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.", cause}
}

// fileError words a failure with the SQLite file.
func fileError(path string, cause error) *OpenError {
	folder := filepath.Dir(path)
	message := "The database file " + path + " can't be opened."
	switch {
	case errors.Is(cause, fs.ErrNotExist):
		message = "The folder " + folder + " does not exist. Create it, or choose another place for the database."
	case errors.Is(cause, fs.ErrPermission):
		message = "The database file " + path + " can't be written. Give this account the right to write the file and its folder."
	case errors.Is(cause, errIsFolder):
		message = "The database file " + path + " is a folder. Add the name of a file."
	case errors.Is(cause, errNotFolder):
		message = folder + " is not a folder, so the database can't be there. Choose another place for it."
	case sqliteCode(cause) == sqliteNotADB:
		message = "The file " + path + " is not a SQLite database. Move it away, or choose another place for the database."
	case sqliteCode(cause)&0xff == sqliteReadOnly:
		message = "The database file " + path + " can't be written. Give this account the right to write the file and its folder."
	case sqliteCode(cause)&0xff == sqliteBusy:
		message = "The database file " + path + " is in use by another program. Stop it, or use PostgreSQL to run several."
	}
	return &OpenError{message, cause}
}

// serverError words a failure to connect to PostgreSQL. It names the host and
// the database, never the password.
func serverError(c *pgconn.Config, cause error) *OpenError {
	where := c.Host
	if u := (&url.URL{Host: c.Host}).Hostname(); u != "" && c.Host[0] != '/' {
		where = u
	}
	message := "The PostgreSQL server at " + where + " can't be reached. Check the address and that the server runs."
	var refused *pgconn.PgError
	if errors.As(cause, &refused) {
		switch refused.Code {
		case "28P01", "28000":
			message = "The PostgreSQL server at " + where + " refused the user " + c.User + ". Check the user name and the password."
		case "3D000":
			message = "The database " + c.Database + " does not exist on the PostgreSQL server at " + where + ". Create it first."
		case "42501":
			message = "The user " + c.User + " may not connect to the database " + c.Database + ". Grant the right to connect."
		case "53300":
			message = "The PostgreSQL server at " + where + " has no connection left. Raise max_connections, or run fewer replicas."
		default:
			message = "The PostgreSQL server at " + where + " refused the connection. The log has its reason."
		}
	}
	return &OpenError{message, cause}
}
