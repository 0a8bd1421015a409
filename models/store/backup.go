package store

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models/store/migrations"
)

// Backup writes everything that is to be kept, as it is at one moment, while
// others go on working. version is the program's, for whoever looks at the file.
// The master key is not in it.
func (s *Store) Backup(ctx context.Context, out io.Writer, version string) (BackupHeader, error) {
	var h BackupHeader
	if _, err := s.InstallationID(ctx); err != nil { // by which a restore knows its own database
		return h, err
	}
	err := s.oneView(ctx, func(db *gorm.DB) (err error) {
		if h, err = s.backupHeader(db, fileBackup, version); err != nil {
			return err
		}
		w, err := s.newBackupWriter(out, h)
		if err != nil {
			return err
		}
		for _, table := range kept {
			if err := s.writeTable(db, w, table); err != nil {
				return err
			}
		}
		return w.end()
	})
	return h, s.failure("backup", err)
}

// oneView runs fn on one state of the database.
func (s *Store) oneView(ctx context.Context, fn func(db *gorm.DB) error) error {
	return s.read.WithContext(ctx).Transaction(fn, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func (s *Store) backupHeader(db *gorm.DB, use, version string) (h BackupHeader, err error) {
	h = BackupHeader{Keyport: use, Format: fileFormats[use], KeyID: s.keyring.IDs()[0], Version: version, Engine: s.engine, TakenAt: s.Now()}
	if err := db.Raw("SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Row().Scan(&h.Schema); err != nil {
		return h, err
	}
	if h.Schema != migrations.Newest() {
		return h, &OpenError{"The database has the tables of another version. Run keyport migrate first, or use the version that serves it.", nil}
	}
	head, err := storedHead(db)
	if err != nil {
		return h, err
	}
	h.HeadID, h.HeadMAC = head.EventID, head.MAC
	if err := db.Raw("SELECT uuid FROM installation WHERE id = 1").Row().Scan(&h.Installation); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, err
	}
	h.Sequences, err = s.sequences(db)
	return h, err
}

// writeTable writes rows as they come, so that the memory in use does not grow
// with the table.
func (s *Store) writeTable(db *gorm.DB, w *backupWriter, table string) error {
	columns, err := s.columns(db, table)
	if err == nil && len(columns) == 0 {
		err = errors.New("there is no table " + table)
	}
	if err != nil {
		return err
	}
	if err := w.begin(table, columns); err != nil {
		return err
	}
	rows, err := db.Raw("SELECT " + columnNames(columns) + " FROM " + table).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	into, read := places(columns)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := w.row(read()); err != nil {
			return err
		}
	}
	return rows.Err()
}
