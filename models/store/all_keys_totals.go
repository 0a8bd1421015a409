package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// KeyTotals counts the keys of all users that concern whoever looks after them,
// at an instant: overLimit is the latest end that a key made then could have.
// Counting stops at models.CountLimit.
func (s *Store) KeyTotals(ctx context.Context, at, overLimit time.Time) (models.KeyTotals, error) {
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return models.KeyTotals{}, err
	}
	live := models.KeySelection{At: at, Status: models.KeyUsable}
	soon, urgent, unused, over := live, live, live, live
	soon.Status, unused.NeverUsed, over.EndsAfter = models.KeyExpiresSoon, true, overLimit
	urgent.EndsUntil = at.Add(models.UrgentDays * 24 * time.Hour)
	var n struct{ N0, N1, N2, N3, N4 int }
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		var columns []string
		var args []any
		for i, sel := range []models.KeySelection{live, soon, urgent, unused, over} {
			c, err := s.choose(db, sel)
			if err != nil {
				return err
			}
			columns = append(columns, "(SELECT count(*) FROM ("+bounded(c)+") AS counted) AS n"+strconv.Itoa(i))
			args = append(args, c.args...)
		}
		return db.Raw("SELECT "+strings.Join(columns, ", "), args...).Scan(&n).Error
	})
	return models.KeyTotals{Live: bound(n.N0), Soon: bound(n.N1), Urgent: bound(n.N2), NeverUsed: bound(n.N3), OverMaximum: bound(n.N4)},
		s.failure("key totals", err)
}

// KeysEnding counts the keys that end in each week and are not revoked, in one
// query that reads an index and no row.
func (s *Store) KeysEnding(ctx context.Context, weeks []models.Week) ([]int, error) {
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil || len(weeks) == 0 {
		return nil, err
	}
	var spans []string
	var args []any
	for i, w := range weeks {
		spans = append(spans, "("+strconv.Itoa(i)+", CAST(? AS TIMESTAMPTZ), CAST(? AS TIMESTAMPTZ))")
		args = append(args, utc(w.After), utc(w.Until))
	}
	var rows []int
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		return db.Raw(`WITH weeks(week, since, until) AS (VALUES `+strings.Join(spans, ", ")+`)
			SELECT (SELECT count(*) FROM api_keys k WHERE k.revoked_at IS NULL AND k.expires_at > weeks.since AND k.expires_at <= weeks.until)
			FROM weeks ORDER BY week`, args...).Scan(&rows).Error
	})
	return rows, s.failure("keys ending", err)
}
