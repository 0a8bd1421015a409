package store

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// oldestPostgres is the first version that the store is written for.
const oldestPostgres = 14

// openPostgres connects through one pool, which GORM and the hand-written
// queries share.
func (s *Store) openPostgres(ctx context.Context, address string) error {
	config, err := postgresConfig(address)
	if err != nil {
		return badURL(err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return serverError(&config.ConnConfig.Config, err)
	}
	s.pool = pool
	s.closers = append(s.closers, func() error { pool.Close(); return nil })
	if err := s.checkServer(ctx); err != nil {
		if _, worded := err.(*OpenError); worded {
			return err
		}
		return serverError(&config.ConnConfig.Config, err)
	}
	conn := stdlib.OpenDBFromPool(pool)
	s.closers = append(s.closers, conn.Close)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: conn}), s.gormConfig(false))
	if err != nil {
		return serverError(&config.ConnConfig.Config, err)
	}
	s.read, s.write = db, db
	return nil
}

// postgresConfig reads the address and fills in what it leaves open.
func postgresConfig(address string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "pool_max_conns") {
		config.MaxConns = int32(min(40, max(8, 4*runtime.GOMAXPROCS(0))))
	}
	if !strings.Contains(address, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	if parameters := config.ConnConfig.RuntimeParams; parameters["application_name"] == "" {
		parameters["application_name"] = "keyport"
	}
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	return config, nil
}

// checkServer refuses servers that are too old, and standbys, which only read.
func (s *Store) checkServer(ctx context.Context) error {
	var number int
	var version string
	var standby bool
	err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int,
		current_setting('server_version'), pg_is_in_recovery()`).Scan(&number, &version, &standby)
	if err != nil {
		return err
	}
	version, _, _ = strings.Cut(version, " ")
	s.engine = "PostgreSQL " + version
	return serverProblem(number, version, standby)
}

func serverProblem(number int, version string, standby bool) error {
	switch {
	case number < oldestPostgres*10000:
		return &OpenError{Message: fmt.Sprintf("The server is PostgreSQL %s. Keyport needs version %d or newer.", version, oldestPostgres)}
	case standby:
		return &OpenError{Message: "The PostgreSQL server is a standby that only reads. Use the address of the primary server."}
	}
	return nil
}
