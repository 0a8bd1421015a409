package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/keyport/keyport/models"
)

// failure words an error of an operation for its caller: refusals pass as they
// are, a database that can't answer now becomes Unavailable, the rest keeps its
// cause for the log.
func (s *Store) failure(operation string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*OpenError)):
		return err
	case models.Refusal(err) != nil:
		return models.Refusal(err)
	case unavailable(err):
		refusal := noAnswer()
		refusal.Cause = fmt.Errorf("%s: %w", operation, err)
		return refusal
	}
	return fmt.Errorf("%s: %w", operation, err)
}

func noAnswer() *models.Error {
	return models.Busy("The database can't be reached at the moment. Try again in a few seconds.", 5*time.Second)
}

// unavailable reports errors that lie with the connection, the server or the
// disk, and not with the statement.
func unavailable(err error) bool {
	var refused *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return false // the caller went away
	case errors.As(err, &refused):
		return unavailableState(refused.Code)
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.Is(err, sql.ErrTxDone):
		return true // its time ran out between two statements
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, puddle.ErrClosedPool),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return true
	}
	switch sqliteCode(err) & 0xff {
	case sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteIOErr, sqliteFull, sqliteCantOpen:
		return true
	}
	return err.Error() == "sql: database is closed" // database/sql does not export it
}

// unavailableState knows the SQLSTATE classes of connections (08), resources
// (53), operators' interventions (57P) and systems (58), and the refusal of
// writes on a server that became a standby.
func unavailableState(code string) bool {
	switch code[:min(2, len(code))] {
	case "08", "53", "58":
		return true
	}
	switch code {
	case "57P01", "57P02", "57P03", "25006", "40001", "40P01", "55P03":
		return true
	}
	return false
}
