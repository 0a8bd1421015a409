package store

import (
	"encoding/json"

	"github.com/keyport/keyport/models"
)

// usedTable begins a statement about many uses: they are its first parameter, as
// a table named used. It is one parameter, however many uses there are, so that
// the text of the statement is always the same and is prepared once.
func (s *Store) usedTable() string {
	if s.pool != nil {
		return `WITH used AS (SELECT key_id, address, user_agent, micros FROM
			json_to_recordset(CAST(? AS JSON)) AS rows(key_id TEXT, address TEXT, user_agent TEXT, micros BIGINT))`
	}
	return `WITH used AS (SELECT value ->> 'key_id' AS key_id, value ->> 'address' AS address,
		value ->> 'user_agent' AS user_agent, value ->> 'micros' AS micros FROM json_each(?))`
}

// timeOf is the time at so many microseconds, for a column of times.
func (s *Store) timeOf(micros string) string {
	if s.pool != nil {
		return "(TIMESTAMPTZ '1970-01-01 00:00:00+00' + (" + micros + ") * INTERVAL '1 microsecond')"
	}
	return "(" + micros + ")"
}

// usedRow is a row of usedTable.
type usedRow struct {
	KeyID     string `json:"key_id"`
	Address   string `json:"address"`
	UserAgent string `json:"user_agent"`
	Micros    int64  `json:"micros"` // since 1970
}

// usedRows writes the parameter of usedTable.
func usedRows(uses []models.KeyUse) (string, error) {
	rows := make([]usedRow, len(uses))
	for i, u := range uses {
		rows[i] = usedRow{u.KeyID, u.Address, u.UserAgent, u.UsedAt.UnixMicro()}
	}
	text, err := json.Marshal(rows)
	return string(text), err
}

// newestOf returns the last use of each of these keys.
func newestOf(marks map[string]mark, ids []string) []models.KeyUse {
	uses := make([]models.KeyUse, len(ids))
	for i, id := range ids {
		uses[i] = marks[id].newest()
	}
	return uses
}
