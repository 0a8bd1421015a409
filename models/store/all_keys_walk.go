package store

import (
	"strconv"

	"github.com/keyport/keyport/models"
)

// countMore is one more than is counted, which tells "10,000" from "more".
var countMore = strconv.Itoa(models.CountLimit + 1)

// keyWalk is a walk along the keys of a selection in an order.
type keyWalk struct {
	chosen *chosen
	order  models.KeyOrder
	from   *models.KeyCursor
	take   int
	few    bool // so few keys are chosen that they can be sorted
}

// walk writes the query of one page. Many keys are walked along in the order of
// an index until the page is full, which is soon. Few keys are picked out first
// and then sorted: they may be far apart in the order, and the database, which
// expects them to be spread evenly, would walk for minutes.
func (s *Store) walk(w keyWalk) (statement string, args []any) {
	position, from := s.position(w)
	direction, sign := "", ">"
	if w.order.Descending != (w.from != nil && w.from.Before) {
		direction, sign = " DESC", "<"
	}
	args = append(args, w.chosen.args...)
	where := w.chosen.where()
	if w.order.By == models.SortOwner {
		where = "k.user_id = u.id AND " + where
	}
	source := "SELECT k.id AS id, " + position + " AS position FROM " + from + " WHERE " + where
	if w.few {
		source = "WITH picked AS MATERIALIZED (" + source + ") SELECT id, position FROM picked WHERE TRUE"
		position = "position"
	}
	id := "id"
	if !w.few {
		id = "k.id"
	}
	if w.from != nil {
		condition, values := s.beyond(w, position, id, sign)
		source += " AND " + condition
		args = append(args, values...)
	}
	source += " ORDER BY " + position + direction + ", " + id + direction + " LIMIT " + strconv.Itoa(w.take)
	return "SELECT " + ownedColumns + " FROM (" + source + ") AS page JOIN api_keys k ON k.id = page.id JOIN users u ON u.id = k.user_id" +
		" ORDER BY page.position" + direction + ", page.id" + direction, args
}

// position is what an order compares, as an index has it, and where from: for
// many keys along that very index. With CROSS JOIN SQLite goes through the tables
// as they are written: through the users in their order, where it would otherwise
// sort all keys; but through the keys where few are picked out.
func (s *Store) position(w keyWalk) (expression, from string) {
	column, index := "k.expires_at", "api_keys_expires"
	switch w.order.By {
	case models.SortCreated:
		column, index = "k.created_at", "api_keys_created"
	case models.SortPurpose:
		column, index = "k.purpose_fold", "api_keys_purpose"
	case models.SortLastUsed:
		column, index = s.usedAt(), "api_keys_used"
	case models.SortOwner:
		if w.few {
			return "u.username_fold", w.chosen.keys() + " CROSS JOIN users u"
		}
		return "u.username_fold", "users u CROSS JOIN api_keys k"
	}
	switch {
	case w.few:
		return column, w.chosen.keys()
	case s.pool != nil:
		return column, keysAlong("")
	}
	return column, keysAlong(index)
}

// beyond writes that a key comes after the cursor. The name of an owner and the
// id of a key are in two tables and can't be compared as one pair by an index;
// so the name is compared alone first.
func (s *Store) beyond(w keyWalk, position, id, sign string) (condition string, values []any) {
	place := w.from.Place
	var at any = place.Text
	if !w.order.ByText() {
		at = s.instant(place.Time())
	}
	if w.order.By == models.SortOwner {
		return position + " " + sign + "= ? AND (" + position + " " + sign + " ? OR " + id + " " + sign + " ?)", []any{at, at, place.ID}
	}
	return "(" + position + ", " + id + ") " + sign + " (?, ?)", []any{at, place.ID}
}
