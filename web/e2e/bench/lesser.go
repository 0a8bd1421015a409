//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// answer is what a server gives: that of Keyport, word for word.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// bare is an Echo server whose handler answers after check has let the call
// pass; without check it does nothing else. Its header values are made once.
func bare(a answer, check func(echo.Context) error) http.Handler {
	e := echo.New()
	body := []byte(a.Body)
	type pair struct {
		name   string
		values []string
	}
	var header []pair
	for name, values := range a.Header {
		header = append(header, pair{name, values})
	}
	e.GET("/verify/:service", func(c echo.Context) error {
		if check != nil {
			if err := check(c); err != nil {
				return c.String(http.StatusInternalServerError, err.Error())
			}
		}
		h := c.Response().Header()
		for _, p := range header {
			h[p.name] = p.values
		}
		c.Response().WriteHeader(a.Status)
		_, err := c.Response().Write(body)
		return err
	})
	return e
}

// lesser makes the servers that Keyport is compared with.
func lesser(ctx context.Context, o order) (http.Handler, error) {
	o.Answer.Header.Del("Date") // net/http writes it
	var check func(echo.Context) error
	var err error
	switch o.Kind {
	case "bare":
	case "raw look-up":
		check, err = rawLookUp(ctx, database{o.Engine, o.URL})
	case "update":
		check, err = updating(ctx, o.URL)
	case "gorm":
		check, err = byGORM(o.URL)
	case "PBKDF2":
		check = derived
	case "compact table":
		check, err = compactTable(o)
	case "table of pointers":
		check, err = pointerTable(o)
	default:
		err = fmt.Errorf("unknown kind %q", o.Kind)
	}
	return bare(o.Answer, check), err
}

var errNoKey = errors.New("no such key")

// presented is the digest of the key of a call, as the database has it.
func presented(c echo.Context, ring *models.Keyring) (models.Digest, error) {
	secret, ok := models.ParseSecret(c.Request().Header.Get("X-Api-Key"))
	if !ok {
		return models.Digest{}, errNoKey
	}
	return ring.Digest(secret), nil
}

// openPool opens as many connections as Keyport does.
func openPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(min(40, max(8, 4*runtime.GOMAXPROCS(0))))
	return pgxpool.NewWithConfig(ctx, config)
}

const rawQuery = "SELECT id, user_id, expires_at FROM api_keys WHERE pepper_id = $1 AND digest = $2"

// found is what a look-up reads.
type found struct {
	id    string
	owner int64
	ends  any
}

// rawLookUp asks one prepared query by the unique index, and decides nothing.
func rawLookUp(ctx context.Context, d database) (func(echo.Context) error, error) {
	ring := keyring()
	if d.engine == postgres {
		pool, err := openPool(ctx, d.url)
		return func(c echo.Context) error {
			digest, err := presented(c, ring)
			if err != nil {
				return err
			}
			var f found
			return pool.QueryRow(c.Request().Context(), rawQuery, digest.PepperID, digest.Sum[:]).Scan(&f.id, &f.owner, &f.ends)
		}, err
	}
	db, err := sql.Open("sqlite", d.file("journal_mode(WAL)", "query_only(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	row, err := db.PrepareContext(ctx, strings.NewReplacer("$1", "?", "$2", "?").Replace(rawQuery))
	return func(c echo.Context) error {
		digest, err := presented(c, ring)
		if err != nil {
			return err
		}
		var f found
		return row.QueryRowContext(c.Request().Context(), digest.PepperID, digest.Sum[:]).Scan(&f.id, &f.owner, &f.ends)
	}, err
}
