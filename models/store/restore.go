package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keyport/keyport/models"
)

// RestoreOptions say what a restore may do.
type RestoreOptions struct {
	Replace     bool        // what is in the database
	Journal     *BackupFile // what worked after the backup, nil for none
	AcceptAlive bool        // let keys work of which nobody knows whether they were revoked since
}

// restoring is one restore.
type restoring struct {
	*tx
	RestoreOptions
	file   *BackupFile
	known  *alive // nil when nothing is known of what came after the backup
	live   bool   // known is as of now
	report RestoreReport

	inactive []int64        // users that must be switched off again
	teams    map[int64]bool // that the backup holds
}

// MigrateTo takes a database without tables to the step of a backup.
func (s *Store) MigrateTo(ctx context.Context, step int64) error {
	provider, err := s.migrator()
	if err == nil {
		_, err = provider.UpTo(ctx, step)
	}
	return s.failure("migrate", err)
}

// Restore puts the content of a backup in the place of what is in the database,
// in one transaction: a restore that is cut off leaves everything as it was.
//
// Nothing that has ended since the backup comes back to life. What has ended is
// read from the database that is replaced, and from a journal; keys of which
// neither tells come back revoked. Whoever was signed in is no more, and links,
// codes and access tokens are over.
func (s *Store) Restore(ctx context.Context, file *BackupFile, o RestoreOptions) (RestoreReport, error) {
	var report RestoreReport
	keepTrail, err := s.goesOn(ctx, file.Header.head())
	if err != nil {
		return report, s.failure("restore", err)
	}
	err = s.inTx(ctx, "restore", func(t *tx) error {
		t.everybody = true
		r := &restoring{tx: t, RestoreOptions: o, file: file, report: RestoreReport{KeptTrail: keepTrail}, teams: map[int64]bool{}}
		err := r.run()
		report = r.report
		return err
	})
	s.installation.Store(nil)
	s.signing.forget()
	s.services.forget()
	return report, err
}

// goesOn reports whether the trail in the database is whole and begins with the
// one of the backup.
func (s *Store) goesOn(ctx context.Context, from models.AuditHead) (bool, error) {
	report, err := s.VerifyAudit(ctx, []models.AuditHead{from})
	return err == nil && report.Finding == nil && from.EventID > 0 && report.Head.EventID >= from.EventID, err
}

func (r *restoring) run() error {
	if err := r.nobodyServes(); err != nil {
		return err
	}
	if err := r.lockAll(); err != nil {
		return err
	}
	if err := r.learn(); err != nil {
		return err
	}
	if r.known != nil {
		r.report.KnownAt, r.report.Taken.Unknown = r.known.at, r.known.rights == nil
	}
	if err := r.clear(); err != nil {
		return err
	}
	if err := r.fill(); err != nil {
		return err
	}
	for _, step := range []func() error{r.switchOff, r.strip, r.administrators, r.settle} {
		if err := step(); err != nil {
			return err
		}
	}
	return r.record(&models.Actor{Via: models.ViaConsole},
		models.Event{Category: models.Modified, DocumentType: models.DocumentConfiguration, DocumentID: models.RestoreID}, said(r.words()))
}

// nobodyServes refuses while a process still works: what it holds in memory, such
// as marks of use and mail on its way, is of another time.
func (r *restoring) nobodyServes() error {
	if r.store.pool == nil {
		return nil
	}
	var n int64
	err := r.db.Raw("SELECT count(*) FROM replicas WHERE beat_at > clock_timestamp() - make_interval(secs => ?)", models.ReplicaSilent.Seconds()).Row().Scan(&n)
	if err == nil && n > 0 {
		err = &OpenError{fmt.Sprintf("%d Keyport processes still serve this database. Stop them, wait some seconds, then restore.", n), nil}
	}
	return err
}

// lockAll keeps everybody else from writing. SQLite has one writer anyway.
func (r *restoring) lockAll() error {
	if r.store.pool == nil {
		return nil
	}
	if err := r.db.Exec("SET LOCAL lock_timeout = '15s'").Error; err != nil {
		return err
	}
	tables, err := r.present(append(r.store.over(), kept...))
	if err != nil {
		return err
	}
	return r.db.Exec("LOCK TABLE " + strings.Join(tables, ", ") + " IN ACCESS EXCLUSIVE MODE").Error
}

// present leaves the tables that there are: at the step of an older backup some
// are still to come.
func (r *restoring) present(tables []string) ([]string, error) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ?"
	if r.store.pool != nil {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name IN ?"
	}
	var there []string
	err := r.db.Raw(query, tables).Scan(&there).Error
	return slices.DeleteFunc(tables, func(table string) bool { return !slices.Contains(there, table) }), err
}

// clear empties all tables, what refers to others first: checkpoints before the
// events that they guard.
func (r *restoring) clear() error {
	tables := r.store.over()
	for _, table := range slices.Backward(kept) {
		if !r.report.KeptTrail || !slices.Contains(trail, table) {
			tables = append(tables, table)
		}
	}
	tables, err := r.present(tables)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := r.db.Exec("DELETE FROM " + table).Error; err != nil {
			return err
		}
	}
	return nil
}

// idGap is what is left free above the ids of a backup when nobody knows which
// were given since: an id must never come to name somebody else.
const idGap = 10_000

// settle puts right what a moment in the past left open.
func (r *restoring) settle() error {
	last := map[string]int64{}
	for table, n := range r.file.Header.Sequences {
		if r.known != nil {
			n = max(n, r.known.sequences[table])
		}
		if !r.live && n > 0 {
			n += idGap
		}
		last[table] = n
	}
	if err := r.raiseSequences(last); err != nil {
		return err
	}
	// What waited to be sent then was sent since, or is news no more.
	err := r.db.Exec("UPDATE deliveries SET state = 'dropped', claimed_until = NULL, problem = ? WHERE state = 'pending'",
		"The database was restored from a backup, which does not tell whether this was sent since.").Error
	if err == nil && !r.report.KeptTrail {
		err = r.db.Exec("UPDATE fan_out SET event_id = (SELECT event_id FROM audit_head)").Error
	}
	return err
}

// fill writes the rows of the backup.
func (r *restoring) fill() error {
	var into *filling
	seen := map[string]bool{}
	err := r.file.each(func(table string, columns []column) (bool, error) {
		if err := into.flush(); err != nil {
			return false, err
		}
		if !slices.Contains(kept, table) || seen[table] {
			return false, errNotBackup
		}
		seen[table] = true
		if r.report.KeptTrail && slices.Contains(trail, table) {
			into = nil
			return true, nil
		}
		var err error
		into, err = r.filling(table, columns)
		return false, err
	}, func(values []any) error { return into.add(values) })
	return errors.Join(err, into.flush())
}
