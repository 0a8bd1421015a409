package store

import (
	"context"
	"io"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// Journal writes what works now, and nothing of what it is: which keys and until
// when, which users, and who may do what. It is small and quick to make, so that
// it can be made every few minutes and kept elsewhere; a restore looks there for
// what has ended since the backup.
func (s *Store) Journal(ctx context.Context, out io.Writer, version string) (BackupHeader, error) {
	var h BackupHeader
	if _, err := s.InstallationID(ctx); err != nil { // by which a restore knows its own database
		return h, err
	}
	err := s.oneView(ctx, func(db *gorm.DB) (err error) {
		if h, err = s.backupHeader(db, fileJournal, version); err != nil {
			return err
		}
		a, err := s.alive(db, h.TakenAt)
		if err != nil {
			return err
		}
		w, err := s.newBackupWriter(out, h)
		if err != nil {
			return err
		}
		return a.write(w)
	})
	return h, s.failure("journal", err)
}

// journalTables are those of a journal, in their order, with what writes their
// rows and what reads one. The first two are all that journals of form 1 have.
var journalTables = []struct {
	name    string
	columns []column
	write   func(a alive, row func(...any) error) error
	read    func(a *alive, row journalRow)
}{
	{"keys", []column{{"id", kindText}, {"expires_at", kindTime}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.keys, func(id string, end time.Time) error { return row(id, end.UnixMicro()) })
	}, func(a *alive, row journalRow) { a.keys[row.text(0)] = time.UnixMicro(row.number(1)).UTC() }},

	{"users", []column{{"id", kindInt}, {"is_active", kindBool}, {"print", kindText}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.users, func(id int64, u aliveUser) error { return row(id, u.active, u.print) })
	}, func(a *alive, row journalRow) { a.users[row.number(0)] = aliveUser{row.bool(1), row.text(2)} }},

	{"teams", []column{{"id", kindInt}, {"permissions", kindInt}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.rights.teams, func(id int64, p models.PermissionSet) error { return row(id, int64(p)) })
	}, func(a *alive, row journalRow) { a.rights.teams[row.number(0)] = models.PermissionSet(row.number(1)) }},

	{"team_members", []column{{"team_id", kindInt}, {"user_id", kindInt}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.rights.members, func(m teamMember, _ bool) error { return row(m.TeamID, m.UserID) })
	}, func(a *alive, row journalRow) { a.rights.members[teamMember{row.number(0), row.number(1)}] = true }},

	{"accounts", []column{{"id", kindInt}, {"owner_team_id", kindInt}, {"mailbox", kindText}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.rights.accounts, func(id int64, one account) error { return row(id, one.ownerTeam, one.mailbox) })
	}, func(a *alive, row journalRow) { a.rights.accounts[row.number(0)] = account{row.number(1), row.text(2)} }},

	{"services", []column{{"id", kindInt}, {"rate_per_minute", kindInt}, {"read_only", kindText}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.rights.services, func(id int64, s serviceRule) error { return row(id, s.perMinute, s.readOnly) })
	}, func(a *alive, row journalRow) {
		a.rights.services[row.number(0)] = serviceRule{row.number(1), row.text(2)}
	}},

	{"subscriptions", []column{{"id", kindInt}, {"print", kindText}}, func(a alive, row func(...any) error) error {
		return eachEntry(a.rights.channels, func(id int64, print string) error { return row(id, print) })
	}, func(a *alive, row journalRow) { a.rights.channels[row.number(0)] = row.text(1) }},

	{"settings", []column{{"user_api_keys", kindBool}, {"api_key_maximum_days", kindInt}, {"mail_version", kindInt}}, func(a alive, row func(...any) error) error {
		return row(a.rights.userKeys, a.rights.maximumDays, a.rights.mailVersion)
	}, func(a *alive, row journalRow) {
		a.rights.userKeys, a.rights.maximumDays, a.rights.mailVersion = row.bool(0), row.number(1), row.number(2)
	}},
}

func eachEntry[K comparable, V any](all map[K]V, write func(K, V) error) error {
	for k, v := range all {
		if err := write(k, v); err != nil {
			return err
		}
	}
	return nil
}

func (a alive) write(w *backupWriter) error {
	for _, table := range journalTables {
		if err := w.begin(table.name, table.columns); err != nil {
			return err
		}
		if err := table.write(a, func(values ...any) error { return w.row(values) }); err != nil {
			return err
		}
	}
	return w.end()
}

// journalRow is a row of a journal. What is missing is zero, which is no right.
type journalRow []any

func (r journalRow) text(i int) string { return as[string](r.at(i)) }

func (r journalRow) bool(i int) bool { return as[bool](r.at(i)) }

func (r journalRow) number(i int) int64 {
	n, _ := number(r.at(i))
	return n
}

func (r journalRow) at(i int) any {
	if i < len(r) {
		return r[i]
	}
	return nil
}

// readJournal reads what worked when a journal was made.
func readJournal(b *BackupFile) (alive, error) {
	a := alive{at: b.Header.TakenAt, keys: map[string]time.Time{}, users: map[int64]aliveUser{}, rights: noRights(), sequences: b.Header.Sequences, keyID: b.Header.KeyID}
	var read func(a *alive, row journalRow)
	begin := func(name string, _ []column) (skip bool, err error) {
		for _, table := range journalTables {
			if table.name == name {
				read = table.read
				return false, nil
			}
		}
		return false, errNotBackup
	}
	err := b.each(begin, func(values []any) error { read(&a, values); return nil })
	if b.Header.Format == formatWithoutRights {
		a.rights = nil
	}
	return a, err
}
