package store

import (
	"context"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// changedRoom is of how many changes the triggers on SQLite say whose they were.
const changedRoom = 1024

// changedAfter tells in whose places the changes are that came after one that was
// heard of, up to another one, in the words of the triggers on PostgreSQL.
func changedAfter(db *gorm.DB, heard, last int64) (told string, err error) {
	if heard == last {
		return "", nil
	}
	var users []int64
	if last-heard <= changedRoom {
		err = db.Raw("SELECT user_id FROM changed_users WHERE number > ? AND number <= ?", heard, last).Scan(&users).Error
	}
	if int64(len(users)) != last-heard { // others came after them, or it is another file by now
		return "all", err
	}
	var places strings.Builder
	for _, id := range users {
		places.WriteString(strconv.Itoa(userPlace(id)) + ",")
	}
	return places.String(), err
}

// askCounters notes, at the end of a transaction on SQLite, about whom the triggers
// have told. What came before it and was not heard of yet is told of as well: it is
// in the database, and nobody else writes now.
func (t *tx) askCounters(c *keyChanges) error {
	heard := t.store.changes.upTo.Load()
	err := t.askCounter(c)
	if err == nil {
		c.told, err = changedAfter(t.db, heard, c.upTo)
	}
	return err
}

// askCounter notes up to which change SQLite has counted.
func (t *tx) askCounter(c *keyChanges) error {
	if t.store.pool != nil {
		return nil
	}
	return t.db.Raw("SELECT version FROM key_changes").Row().Scan(&c.upTo)
}

// hearUsers makes old what others have changed since a number that was heard of.
func (s *Store) hearUsers(ctx context.Context, heard, last int64, first bool) error {
	told, err := "all", error(nil)
	if !first {
		told, err = changedAfter(s.read.WithContext(ctx), heard, last)
	}
	if err == nil {
		s.hearAll(told)
		s.changes.upTo.Store(last)
	}
	return err
}

// hearAll makes old what a list of places is about.
func (s *Store) hearAll(told string) {
	for place := range strings.FieldsFuncSeq(told, func(r rune) bool { return r == ',' }) {
		s.hear(place)
	}
}
