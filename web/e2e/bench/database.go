//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// engine is a database that Keyport runs on.
type engine string

const (
	sqlite   engine = "SQLite"
	postgres engine = "PostgreSQL"
)

var engines = []engine{postgres, sqlite}

// database is one that was filled.
type database struct {
	engine engine
	url    string
}

// keyring is that of all databases here. Its master key is no secret.
func keyring() *models.Keyring {
	ring, err := models.NewKeyring(make([]byte, models.MasterKeySize))
	if err != nil {
		panic(err) // the length is right
	}
	return ring
}

// open opens the store.
func (d database) open(ctx context.Context) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: d.url, Keyring: keyring()})
}

// console is a context in which the owner of the machine acts.
func console(ctx context.Context) context.Context {
	return models.WithActor(ctx, &models.Actor{Via: models.ViaConsole})
}

// past opens the database past the store. What is written there is gone with
// the next loss of power, which nobody would miss.
func (d database) past() (*sql.DB, error) {
	if d.engine == postgres {
		return sql.Open("pgx", d.url)
	}
	db, err := sql.Open("sqlite", d.file("synchronous(OFF)", "cache_size(-65536)"))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// file is the driver's address of an SQLite file, read as the store reads it.
func (d database) file(pragmas ...string) string {
	path := strings.TrimPrefix(d.url, "sqlite:")
	settings := url.Values{"_pragma": append([]string{"busy_timeout(5000)"}, pragmas...), "_time_integer_format": {"unix_micro"}, "_inttotime": {"1"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings.Encode()
}

// moment is a time as the database keeps it.
func (d database) moment(t time.Time) any {
	if d.engine == sqlite {
		return t.UnixMicro()
	}
	return t
}

// fill makes all databases: on each engine one with many keys and one with few.
func (b *bench) fill(ctx context.Context) error {
	b.large, b.small, b.secrets = map[engine]database{}, map[engine]database{}, b.path("secrets")
	server := os.Getenv("TEST_DATABASE_URL")
	if server == "" {
		return errors.New("there is no PostgreSQL: start this by npm run bench")
	}
	name := fmt.Sprintf("keyport_test_%d_bench%d", time.Now().Unix(), os.Getpid())
	for i, made := range []map[engine]database{b.large, b.small} {
		address, err := url.Parse(server)
		if err != nil {
			return err
		}
		address.Path = fmt.Sprint("/", name, "_", i)
		made[postgres] = database{postgres, address.String()}
		made[sqlite] = database{sqlite, "sqlite:" + b.path(fmt.Sprint("keyport", i, ".db"))}
		if err := b.onServer("CREATE DATABASE " + address.Path[1:] + " TEMPLATE template0"); err != nil {
			return err
		}
	}
	for i, made := range []map[engine]database{b.large, b.small} {
		keys := newKeyMaker([]int{b.keys, b.few}[i])
		for _, e := range engines {
			b.say("fill %s with %d keys", e, keys.n)
			if err := fillDatabase(ctx, made[e], keys); err != nil {
				return fmt.Errorf("fill %s: %w", e, err)
			}
		}
		if i == 0 {
			if err := keys.writeSecrets(b.secrets); err != nil {
				return err
			}
		}
	}
	return b.enough()
}

// enough refuses to go on with too few keys that open something.
func (b *bench) enough() error {
	info, err := os.Stat(b.secrets)
	if err == nil && info.Size() < int64(models.SecretLength*b.cached) {
		err = fmt.Errorf("only %d keys open something, want at least %d", info.Size()/int64(models.SecretLength), b.cached)
	}
	return err
}

// dropDatabases removes what is not in the folder.
func (b *bench) dropDatabases() {
	for _, made := range []map[engine]database{b.large, b.small} {
		if address, err := url.Parse(made[postgres].url); err == nil {
			if err := b.onServer("DROP DATABASE IF EXISTS " + strings.TrimPrefix(address.Path, "/") + " WITH (FORCE)"); err != nil {
				b.say("a database is left over: %v", err)
			}
		}
	}
}

func (b *bench) onServer(statement string) error {
	db, err := sql.Open("pgx", os.Getenv("TEST_DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}
