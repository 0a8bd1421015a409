package store

import (
	"context"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/keyport/keyport/models/store/migrations"
)

// Migrate brings the schema up to date and returns how many steps that took.
// Replicas that start together migrate once: on PostgreSQL a lock of the
// session keeps the others waiting.
func (s *Store) Migrate(ctx context.Context) (applied int, err error) {
	provider, err := s.migrator()
	if err != nil {
		return 0, s.failure("migrate", err)
	}
	done, err := provider.Up(ctx)
	if err == nil {
		err = s.foldNames(ctx)
	}
	return len(done), s.failure("migrate", err)
}

// SchemaVersions returns the newest step that the database has taken, and the
// newest that this program knows.
func (s *Store) SchemaVersions(ctx context.Context) (has, want int64, err error) {
	provider, err := s.migrator()
	if err == nil {
		has, want, err = provider.GetVersions(ctx)
	}
	return has, want, s.failure("schema versions", err)
}

// Current reports whether the database has taken every step that this program
// knows. It is a quick question, for probes.
func (s *Store) Current(ctx context.Context) (bool, error) {
	var has int64
	err := s.read.WithContext(ctx).Raw("SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Row().Scan(&has)
	return has >= migrations.Newest(), s.failure("current schema", err)
}

func (s *Store) migrator() (*goose.Provider, error) {
	db, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	if s.pool == nil {
		return goose.NewProvider(goose.DialectSQLite3, db, migrations.For(migrations.SQLite))
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks each second, for five minutes
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, migrations.For(migrations.Postgres), goose.WithSessionLocker(locker))
}
