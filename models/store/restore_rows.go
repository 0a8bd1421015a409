package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keyport/keyport/models"
)

// filling writes rows into one table, some hundred with each statement.
type filling struct {
	restoring *restoring
	table     string
	columns   []column
	place     map[string]int
	most      int // rows of a statement
	args      []any
	rows      int
}

// maxArguments of a statement is below what both databases take.
const maxArguments = 12_000

// filling begins a table. A column that this version does not know is refused: it
// would be lost.
func (r *restoring) filling(table string, columns []column) (*filling, error) {
	have, err := r.store.columns(r.db, table)
	if err != nil {
		return nil, err
	}
	f := &filling{restoring: r, table: table, columns: columns, place: map[string]int{}, most: min(500, maxArguments/max(1, len(columns)))}
	for i, c := range columns {
		if !slices.Contains(have, c) {
			return nil, fmt.Errorf("the backup has %s.%s (%s), which the database has not", table, c.Name, c.Kind)
		}
		f.place[c.Name] = i
	}
	return f, nil
}

// add takes a row, changed where something has ended since.
func (f *filling) add(values []any) error {
	row := make([]any, len(values))
	for i, v := range values {
		var err error
		if row[i], err = stored(f.columns[i].Kind, v); err != nil {
			return fmt.Errorf("%s.%s: %w", f.table, f.columns[i].Name, err)
		}
	}
	if keep, err := f.restoring.judge(f, row); err != nil || !keep {
		return err
	}
	f.args, f.rows = append(f.args, row...), f.rows+1
	f.restoring.report.Rows++
	if f.rows < f.most {
		return nil
	}
	return f.flush()
}

// flush writes what was gathered.
func (f *filling) flush() error {
	if f == nil || f.rows == 0 {
		return nil
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(f.columns)), ", ") + ")"
	statement := "INSERT INTO " + f.table + " (" + columnNames(f.columns) + ") VALUES " + one + strings.Repeat(", "+one, f.rows-1)
	err := f.restoring.db.Exec(statement, f.args...).Error
	f.args, f.rows = f.args[:0], 0
	return err
}

// get reads a value; a column that an older version did not have yet is nil.
func (f *filling) get(row []any, name string) any {
	if i, is := f.place[name]; is {
		return row[i]
	}
	return nil
}

func (f *filling) set(row []any, name string, v any) {
	if i, is := f.place[name]; is {
		row[i] = v
	}
}

func as[T any](v any) T {
	is, _ := v.(T)
	return is
}

// judge changes a row by what has ended since, and reports whether it comes back
// at all.
func (r *restoring) judge(f *filling, row []any) (keep bool, err error) {
	switch f.table {
	case "users":
		r.judgeUser(f, row)
	case "api_keys":
		err = r.judgeKey(f, row)
	}
	if r.known != nil && r.known.rights != nil {
		keep = r.judgeRight(f, row, *r.known.rights)
		return keep, err
	}
	return true, err
}

// judgeUser lets every user be active at first, because the database takes no
// keys for others, and notes those who must not stay so.
func (r *restoring) judgeUser(f *filling, row []any) {
	id, active := as[int64](f.get(row, "id")), as[bool](f.get(row, "is_active"))
	if r.known != nil {
		now, there := r.known.users[id]
		active = active && there && now.active
	}
	if !active {
		r.inactive = append(r.inactive, id)
	}
	f.set(row, "is_active", true)
}

// judgeKey decides what becomes of a key that worked when the backup was made.
func (r *restoring) judgeKey(f *filling, row []any) error {
	k, err := f.key(row)
	if err != nil || k.RevokedAt != nil || !k.ExpiresAt.After(r.file.Header.TakenAt) {
		return err
	}
	r.report.Keys++
	changed := k
	switch end, works := r.endOf(k); {
	case !works && !k.Usable(r.now):
		return nil // it has ended by itself
	case !works:
		r.report.Ended++
		changed.RevokedAt = &r.now
	case end.Before(k.ExpiresAt):
		r.report.Shortened++
		changed.ExpiresAt = end
	default:
		return nil
	}
	if r.store.sealed(k) { // a fact that was changed behind our back gets no new seal
		changed.Seal = r.store.keyring.Seal(k.PepperID, changed.SealedBytes())
	}
	f.set(row, "seal", changed.Seal)
	if changed.RevokedAt != nil {
		f.set(row, "revoked_at", *changed.RevokedAt)
		return nil
	}
	f.set(row, "expires_at", changed.ExpiresAt)
	f.set(row, "notice_at", changed.ExpiresAt)
	return nil
}

// endOf returns until when a key works, by all that is known.
func (r *restoring) endOf(k models.APIKey) (end time.Time, works bool) {
	if r.known == nil {
		return k.ExpiresAt, r.AcceptAlive
	}
	end, works = r.known.keys[k.ID]
	return end, works
}

// key reads the facts of a key that its seal is about.
func (f *filling) key(row []any) (k models.APIKey, err error) {
	k = models.APIKey{ID: as[string](f.get(row, "id")), UserID: as[int64](f.get(row, "user_id")), PepperID: as[int64](f.get(row, "pepper_id")),
		Digest: as[[]byte](f.get(row, "digest")), Seal: as[[]byte](f.get(row, "seal")), ParentID: as[string](f.get(row, "parent_id")),
		CreatedAt: as[time.Time](f.get(row, "created_at")), ExpiresAt: as[time.Time](f.get(row, "expires_at"))}
	if revoked, is := f.get(row, "revoked_at").(time.Time); is {
		k.RevokedAt = &revoked
	}
	k.Level = models.AccessLevel(cmp.Or(as[string](f.get(row, "access_level")), string(models.FullAccess)))
	for name, into := range map[string]sql.Scanner{"services": &k.Services, "allowed_networks": &k.Allowed, "denied_networks": &k.Denied} {
		if err := into.Scan(as[string](f.get(row, name))); err != nil {
			return k, err
		}
	}
	return k, nil
}
