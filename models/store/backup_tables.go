package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// kept are the tables that a backup holds, in an order in which they can be
// filled: what is referred to comes first.
var kept = []string{
	"teams", "users", "team_members", "key_generations", "api_keys", "auth_settings", "installation",
	"revocations", "revocation_keys", "totp_secrets", "passkeys", "recovery_codes", "sign_in_notes", "identities",
	"api_key_uses", "recorded_identities", "service_account_ids", "oidc_identities", "services",
	"subscriptions", "api_key_notices", "deliveries", "unsubscriptions", "audit_settings", "mail_settings",
	"events", "audit_head", "audit_checkpoints", "fan_out",
}

// trail are those of them that the chain of events is made of.
var trail = []string{"events", "audit_head", "audit_checkpoints", "fan_out"}

// ended are tables that no backup holds and each restore empties, since nothing
// in them may come back to life: who is signed in, links and codes that may have
// been used since, keys that sign access tokens, counts and claims of a moment,
// addresses of calendars that may have been switched off.
var ended = []string{
	"sessions", "one_time_links", "invitations", "known_devices", "signing_keys", "answered_challenges", "pending_sign_ons",
	"sign_in_counters", "scheduled_tasks", "calendar_feeds",
}

// endedOnPostgres are those that only PostgreSQL has: what replicas have heard is
// said by numbers of events, which may come to mean others.
var endedOnPostgres = []string{"replicas", "replica_heard", "told_changes"}

// over lists the tables that a restore empties.
func (s *Store) over() []string {
	if s.pool == nil {
		return slices.Clone(ended)
	}
	return append(slices.Clone(ended), endedOnPostgres...)
}

// kind is how the values of a column are written down.
type kind string

const (
	kindInt   kind = "int"
	kindText  kind = "text"
	kindBool  kind = "bool"
	kindTime  kind = "time" // microseconds since 1970
	kindBytes kind = "bytes"
)

// kinds are the types of both databases.
var kinds = map[string]kind{
	"integer": kindInt, "bigint": kindInt, "text": kindText, "boolean": kindBool, "datetime": kindTime,
	"timestamp with time zone": kindTime, "blob": kindBytes, "bytea": kindBytes,
}

// column is one of a table.
type column struct {
	Name string
	Kind kind
}

// columns reads which columns a table has.
func (s *Store) columns(db *gorm.DB, table string) ([]column, error) {
	query := "SELECT name, lower(type) FROM pragma_table_info(?) ORDER BY name"
	if s.pool != nil {
		query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? ORDER BY column_name"
	}
	rows, err := db.Raw(query, table).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []column
	for rows.Next() {
		var name, declared string
		if err := rows.Scan(&name, &declared); err != nil {
			return nil, err
		}
		k, known := kinds[declared]
		if !known {
			return nil, fmt.Errorf("column %s.%s is of the unknown type %s", table, name, declared)
		}
		list = append(list, column{name, k})
	}
	return list, rows.Err()
}

func columnNames(list []column) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// places returns where to scan a row, and what reads it afterwards: as JSON has
// it, nil for NULL.
func places(list []column) (into []any, read func() []any) {
	for _, c := range list {
		switch c.Kind {
		case kindInt:
			into = append(into, new(sql.NullInt64))
		case kindText:
			into = append(into, new(sql.NullString))
		case kindBool:
			into = append(into, new(sql.NullBool))
		case kindTime:
			into = append(into, new(sql.NullTime))
		default:
			into = append(into, new([]byte))
		}
	}
	return into, func() []any {
		row := make([]any, len(into))
		for i := range into {
			row[i] = plain(into[i])
		}
		return row
	}
}

func plain(scanned any) any {
	switch v := scanned.(type) {
	case *sql.NullInt64:
		if v.Valid {
			return v.Int64
		}
	case *sql.NullString:
		if v.Valid {
			return v.String
		}
	case *sql.NullBool:
		if v.Valid {
			return v.Bool
		}
	case *sql.NullTime:
		if v.Valid {
			return v.Time.UnixMicro()
		}
	case *[]byte:
		if *v != nil {
			return slices.Clone(*v)
		}
	}
	return nil
}

// sequences returns the last number that each table has given to a row, also to
// one that is gone.
func (s *Store) sequences(db *gorm.DB) (map[string]int64, error) {
	query := "SELECT name, seq FROM sqlite_sequence"
	if s.pool != nil {
		query = `SELECT table_name, COALESCE(pg_sequence_last_value(pg_get_serial_sequence(table_name, column_name)::regclass), 0)
			FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'`
	}
	rows, err := db.Raw(query).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	last := map[string]int64{}
	for rows.Next() {
		var table string
		var n int64
		if err := rows.Scan(&table, &n); err != nil {
			return nil, err
		}
		if slices.Contains(kept, table) || slices.Contains(ended, table) {
			last[table] = n
		}
	}
	return last, rows.Err()
}

// raiseSequences lets tables go on above these numbers.
func (t *tx) raiseSequences(last map[string]int64) error {
	for table, n := range last {
		if n < 1 {
			continue
		}
		var err error
		if t.store.pool != nil {
			err = t.db.Exec("SELECT setval(pg_get_serial_sequence(?, 'id'), GREATEST(?, (SELECT COALESCE(MAX(id), 1) FROM "+table+")))", table, n).Error
		} else {
			err = t.db.Exec("INSERT INTO sqlite_sequence (name, seq) SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)", table, table).Error
			if err == nil {
				err = t.db.Exec("UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?", n, table).Error
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stored turns a value as JSON has it into one that the database takes.
func stored(k kind, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch k {
	case kindInt, kindTime:
		n, err := number(v)
		if err == nil && k == kindTime {
			return time.UnixMicro(n).UTC(), nil
		}
		return n, err
	case kindText:
		if s, ok := v.(string); ok {
			return s, nil
		}
	case kindBool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case kindBytes:
		return bytesOf(v)
	}
	return nil, errNotBackup
}
