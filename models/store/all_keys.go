package store

import (
	"context"
	"database/sql"
	"slices"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// ownedColumns are those of a key in the list of all keys. Digest and seal stay
// where they are.
const ownedColumns = `k.id, k.user_id, k.purpose, k.purpose_fold, k.prefix, k.parent_id, k.created_at, k.expires_at, k.revoked_at, k.revoked_by,
	k.last_used_at, k.last_used_ip, k.access_level, k.services, k.allowed_networks, k.denied_networks, u.username AS owner_username, u.username_fold AS owner_fold, u.display_name AS owner_name,
	u.email AS owner_email, u.is_service AS owner_is_service, u.is_active AS owner_is_active`

// ownedRow is a key with its owner as a query answers them.
type ownedRow struct {
	models.APIKey `gorm:"embedded"`
	OwnerUsername string
	OwnerFold     string
	OwnerName     string
	OwnerEmail    string
	OwnerIsService,
	OwnerIsActive bool
}

func (r ownedRow) key() models.OwnedKey {
	return models.OwnedKey{APIKey: r.APIKey, Owner: models.User{
		ID: r.UserID, Username: r.OwnerUsername, UsernameFold: r.OwnerFold, DisplayName: r.OwnerName, Email: r.OwnerEmail,
		IsService: r.OwnerIsService, IsActive: r.OwnerIsActive,
	}}
}

func ownedKeys(rows []ownedRow) []models.OwnedKey {
	keys := make([]models.OwnedKey, len(rows))
	for i, r := range rows {
		keys[i] = r.key()
	}
	return keys
}

// snapshot runs queries that belong together on one state of the database. They
// are planned for their values: a plan for any value can't know that one status
// holds ten keys and another a million.
func (s *Store) snapshot(ctx context.Context, fn func(db *gorm.DB) error) error {
	if s.pool == nil {
		return s.read.WithContext(ctx).Transaction(fn)
	}
	return s.read.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		// Compiling a query takes longer than ours run; and where all keys have to
		// be looked at, an index holds what is asked for in half the space.
		if err := db.Exec("SELECT set_config('plan_cache_mode', 'force_custom_plan', TRUE), set_config('jit', 'off', TRUE), set_config('enable_seqscan', 'off', TRUE)").Error; err != nil {
			return err
		}
		return fn(db)
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// AllKeys returns a page of the keys of all users to those who may see users:
// take keys of a selection in an order, from a cursor on or from the beginning.
func (s *Store) AllKeys(ctx context.Context, sel models.KeySelection, order models.KeyOrder, from *models.KeyCursor, take int) (models.AllKeys, error) {
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return models.AllKeys{}, err
	}
	var page models.AllKeys
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		c, err := s.choose(db, sel)
		if err != nil {
			return err
		}
		total, err := countUpTo(db, c)
		if err == nil && total.N > 0 && take > 0 {
			page, err = s.pageOfKeys(db, keyWalk{c, order, from, take + 1, !total.More})
		}
		page.Total = total
		return err
	})
	return page, s.failure("all API keys", err)
}

// countUpTo counts as far as anybody is told.
func countUpTo(db *gorm.DB, c *chosen) (models.Bounded, error) {
	var n int
	err := db.Raw("SELECT count(*) FROM ("+bounded(c)+") AS counted", c.args...).Scan(&n).Error
	return bound(n), err
}

func bounded(c *chosen) string {
	return "SELECT 1 FROM " + c.keys() + " WHERE " + c.where() + " LIMIT " + countMore
}

func bound(n int) models.Bounded {
	return models.Bounded{N: min(n, models.CountLimit), More: n > models.CountLimit}
}

// pageOfKeys asks for one key more than the page holds, which tells whether
// there is another page.
func (s *Store) pageOfKeys(db *gorm.DB, w keyWalk) (page models.AllKeys, err error) {
	statement, args := s.walk(w)
	var rows []ownedRow
	if err := db.Raw(statement, args...).Scan(&rows).Error; err != nil {
		return page, err
	}
	more := len(rows) == w.take
	if more {
		rows = rows[:w.take-1]
	}
	back := w.from != nil && w.from.Before
	if back {
		slices.Reverse(rows)
	}
	page.Keys = ownedKeys(rows)
	page.First = firstRow(w.from, len(rows), more)
	if len(rows) == 0 {
		return page, nil
	}
	if back && more || !back && w.from != nil {
		page.Previous = &models.KeyCursor{Order: w.order, Place: w.order.Place(page.Keys[0]), Before: true, Rows: page.First}
	}
	if back || more {
		page.Next = &models.KeyCursor{Order: w.order, Place: w.order.Place(page.Keys[len(rows)-1]), Rows: page.First + len(rows)}
	}
	return page, nil
}

// firstRow counts on from where the reader came from: keys may have come and
// gone, but counting them all again is what cursors are there to save.
func firstRow(from *models.KeyCursor, rows int, more bool) int {
	switch {
	case from == nil, from.Before && !more:
		return 0
	case from.Before:
		return max(0, from.Rows-rows)
	}
	return from.Rows
}
