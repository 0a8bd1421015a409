package store

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// chosen is the condition of a selection, about a key k.
type chosen struct {
	parts []string
	args  []any
	along string // the index that SQLite has to pick out keys by, "" for its own choice
}

// keys is the table to pick out keys from.
func (c *chosen) keys() string { return keysAlong(c.along) }

// keysAlong names the table of keys, to be read by an index. SQLite keeps no
// statistics of ours and takes any comparison for a narrow one; PostgreSQL is
// never told.
func keysAlong(index string) string {
	if index == "" {
		return "api_keys k"
	}
	return "api_keys k INDEXED BY " + index
}

func (c *chosen) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// where writes the condition.
func (c *chosen) where() string {
	if len(c.parts) == 0 {
		return "TRUE"
	}
	return strings.Join(c.parts, " AND ")
}

// usedAt is when a key was last used, and 1970 for never: the words of the
// index, letter by letter, because both databases find it by them.
func (s *Store) usedAt() string {
	if s.pool != nil {
		return "COALESCE(k.last_used_at, '1970-01-01 00:00:00+00'::timestamptz)"
	}
	return "COALESCE(k.last_used_at, 0)"
}

// instant is how a time is compared with usedAt, which on SQLite is a number.
func (s *Store) instant(t time.Time) any {
	if s.pool != nil {
		return utc(t)
	}
	return t.UnixMicro()
}

// holds writes that a column holds a text.
func (s *Store) holds(column string) string {
	if s.pool != nil {
		return "strpos(" + column + ", ?) > 0"
	}
	return "instr(" + column + ", ?) > 0"
}

// choose writes a selection for the database: the same that Matches means.
func (s *Store) choose(db *gorm.DB, sel models.KeySelection) (*chosen, error) {
	c := &chosen{}
	if s.pool == nil && onlyPurpose(sel) {
		c.along = "api_keys_purpose" // which holds all that is asked for
	}
	if err := c.status(&sel); err != nil {
		return nil, err
	}
	if err := s.chooseOwners(db, c, sel); err != nil {
		return nil, err
	}
	for _, limit := range []struct {
		part string
		at   time.Time
	}{
		{"k.created_at >= ?", sel.CreatedFrom}, {"k.created_at < ?", sel.CreatedBefore},
		{"k.expires_at > ?", sel.EndsAfter}, {"k.expires_at <= ?", sel.EndsUntil},
	} {
		if !limit.at.IsZero() {
			c.add(limit.part, utc(limit.at))
		}
	}
	s.chooseUse(c, sel)
	return c, s.choosePurpose(db, c, models.Fold(sel.Purpose))
}

// onlyPurpose reports that a selection looks for a purpose among so many keys
// that nothing narrows the search.
func onlyPurpose(sel models.KeySelection) bool {
	rest := sel
	rest.At, rest.Status, rest.Purpose = time.Time{}, "", ""
	return sel.Purpose != "" && sel.Status != models.KeyExpiresSoon && rest == (models.KeySelection{})
}

// status narrows the ends that are looked for to those of a status. One bound on
// each side is all that is written: SQLite enters its index at the first one it
// reads, and would pass every key between that and a later one.
func (c *chosen) status(sel *models.KeySelection) error {
	switch sel.Status {
	case "":
		return nil
	case models.KeyRevoked:
		c.add("k.revoked_at IS NOT NULL")
		return nil
	case models.KeyUsable:
		sel.EndsAfter = later(sel.EndsAfter, sel.At)
	case models.KeyExpiresSoon:
		sel.EndsAfter, sel.EndsUntil = later(sel.EndsAfter, sel.At), earlier(sel.EndsUntil, sel.At.Add(soon))
	case models.KeyExpired:
		sel.EndsUntil = earlier(sel.EndsUntil, sel.At)
	default:
		return models.InvalidField("Status", "This status is not known. Choose usable, expires soon, expired, revoked or all.")
	}
	c.add("k.revoked_at IS NULL")
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earlier returns the earlier of two ends, of which the first one may be none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// fewOwners is up to how many users PostgreSQL is told by their ids. It has
// statistics of ids, and none of what is part of a name.
const fewOwners = 1000

// chooseOwners asks for the users first: there are few of them, and their keys
// have an index.
func (s *Store) chooseOwners(db *gorm.DB, c *chosen, sel models.KeySelection) error {
	owners := &chosen{}
	switch sel.Kind {
	case "":
	case models.KindPerson, models.KindService:
		owners.add("o.is_service = ?", sel.Kind == models.KindService)
	default:
		return models.InvalidField("Kind", "This kind of owner is not known. Choose people or service accounts.")
	}
	if id, isID := models.ParseUserID(sel.Owner); isID {
		owners.add("o.id = ?", id)
	} else if words := models.Fold(sel.Owner); words != "" {
		owners.add("("+s.holds("o.username_fold")+" OR "+s.holds("o.display_name_fold")+" OR "+s.holds("o.email_fold")+")", words, words, words)
	}
	if len(owners.parts) == 0 {
		return nil
	}
	query := "SELECT o.id FROM users o WHERE " + owners.where()
	if s.pool != nil {
		var ids []int64
		err := db.Raw(query+" LIMIT "+strconv.Itoa(fewOwners+1), owners.args...).Scan(&ids).Error
		if err != nil || len(ids) <= fewOwners {
			c.add("k.user_id = ANY (CAST(? AS BIGINT[]))", arrayOf(ids))
			return err
		}
	}
	c.add("k.user_id IN ("+query+")", owners.args...)
	return nil
}

// arrayOf writes numbers as PostgreSQL does.
func arrayOf(numbers []int64) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.FormatInt(n, 10)
	}
	return "{" + strings.Join(words, ",") + "}"
}

// piece is the number of characters of the pieces by which PostgreSQL finds
// purposes.
const piece = 3

// choosePurpose asks for a part of the purpose. The index over pieces finds what
// is rare; it would gather each key of a common word before the first one is
// shown, where looking at one key after the other soon finds enough. Which of
// the two a text is, a look at a hundredth of the table tells.
func (s *Store) choosePurpose(db *gorm.DB, c *chosen, words string) error {
	if words == "" {
		return nil
	}
	c.add(s.holds("k.purpose_fold"), words)
	if s.pool == nil || utf8.RuneCountInString(words) < piece {
		return nil
	}
	var sample struct{ Keys, Hits int }
	err := db.Raw("SELECT count(*) AS keys, COALESCE(SUM(CASE WHEN "+s.holds("k.purpose_fold")+" THEN 1 ELSE 0 END), 0) AS hits FROM api_keys k TABLESAMPLE SYSTEM (1)", words).Scan(&sample).Error
	if common := sample.Keys > 1000 && sample.Hits*50 > sample.Keys; !common {
		c.add("keyport_pieces(k.purpose_fold) @> keyport_pieces(?)", words)
	}
	return err
}

func (s *Store) chooseUse(c *chosen, sel models.KeySelection) {
	used, never := s.usedAt(), s.instant(time.Unix(0, 0))
	if sel.NeverUsed {
		c.add(used+" = ?", never)
	}
	if sel.UsedFrom.IsZero() && sel.UsedBefore.IsZero() {
		return
	}
	c.add(used+" > ?", never)
	if !sel.UsedFrom.IsZero() {
		c.add(used+" >= ?", s.instant(sel.UsedFrom))
	}
	if !sel.UsedBefore.IsZero() {
		c.add(used+" < ?", s.instant(sel.UsedBefore))
	}
}
