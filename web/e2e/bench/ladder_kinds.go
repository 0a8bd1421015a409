//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"os"
	"time"

	"github.com/labstack/echo/v4"
	driver "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/keyport/keyport/models"
)

// updating looks a key up and writes when it was used, in one statement for each
// call.
func updating(ctx context.Context, url string) (func(echo.Context) error, error) {
	ring := keyring()
	pool, err := openPool(ctx, url)
	return func(c echo.Context) error {
		digest, err := presented(c, ring)
		if err != nil {
			return err
		}
		var id string
		return pool.QueryRow(c.Request().Context(), "UPDATE api_keys SET last_used_at = $3 WHERE pepper_id = $1 AND digest = $2 RETURNING id",
			digest.PepperID, digest.Sum[:], time.Now()).Scan(&id)
	}, err
}

// byGORM looks a key up as a program does that uses GORM for everything.
func byGORM(url string) (func(echo.Context) error, error) {
	ring := keyring()
	db, err := gorm.Open(driver.Open(url), &gorm.Config{SkipDefaultTransaction: true, PrepareStmt: true, Logger: logger.Discard})
	return func(c echo.Context) error {
		digest, err := presented(c, ring)
		if err != nil {
			return err
		}
		var key models.APIKey
		return db.WithContext(c.Request().Context()).Where("pepper_id = ? AND digest = ?", digest.PepperID, digest.Sum[:]).Take(&key).Error
	}, err
}

// derived stretches the key as if it were a password, which Octopus does.
func derived(c echo.Context) error {
	_, err := pbkdf2.Key(sha256.New, c.Request().Header.Get("X-Api-Key"), []byte("keyport bench salt"), 10_000, 32)
	return err
}

// compact is an entry that the collector has nothing to walk in.
type compact struct {
	owner, ends int64
	id          [32]byte
	name        [32]byte
}

// compactTable knows all keys by a table without pointers.
func compactTable(o order) (func(echo.Context) error, error) {
	places := make(map[[32]byte]uint32, o.Keys)
	entries := make([]compact, o.Keys)
	err := eachDigest(o, func(i int, sum [32]byte) {
		places[sum] = uint32(i)
		entries[i] = compact{owner: int64(i), ends: 1 << 60, id: sum, name: sum}
	})
	return func(c echo.Context) error {
		secret := c.Request().Header.Get("X-Api-Key")
		place, ok := places[sha256.Sum256([]byte(secret))]
		if !ok || entries[place].ends < time.Now().UnixMicro() {
			return errNoKey
		}
		return nil
	}, err
}

// pointed is an entry as one writes it without a thought.
type pointed struct {
	ID, Name string
	Owner    *models.User
	Services []string
	Ends     *time.Time
}

// pointerTable knows all keys by a table that is full of pointers.
func pointerTable(o order) (func(echo.Context) error, error) {
	table := make(map[string]*pointed, o.Keys)
	err := eachDigest(o, func(i int, sum [32]byte) {
		ends := time.Now().AddDate(1, 0, 0)
		table[string(sum[:])] = &pointed{ID: string(sum[:20]), Name: string(sum[20:]), Owner: &models.User{ID: int64(i)}, Services: []string{string(sum[:4])}, Ends: &ends}
	})
	return func(c echo.Context) error {
		sum := sha256.Sum256([]byte(c.Request().Header.Get("X-Api-Key")))
		entry := table[string(sum[:])]
		if entry == nil || entry.Ends.Before(time.Now()) {
			return errNoKey
		}
		return nil
	}, err
}

// eachDigest names the keys of the file, and others until there are enough.
func eachDigest(o order, add func(i int, sum [32]byte)) error {
	secrets, err := os.ReadFile(o.Secrets)
	if err != nil {
		return err
	}
	for i := range o.Keys {
		if len(secrets) >= models.SecretLength {
			add(i, sha256.Sum256(secrets[:models.SecretLength]))
			secrets = secrets[models.SecretLength:]
			continue
		}
		add(i, sha256.Sum256(append(bytes.Repeat([]byte{'n'}, i%7), byte(i), byte(i>>8), byte(i>>16))))
	}
	return nil
}
