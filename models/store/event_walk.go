package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// mostWays bounds into how many queries one is split.
const mostWays = 24

// mostPeople is how many users a part of a name may lead to.
const mostPeople = 10

// clocksDiffer is by how much the clocks of several processes may be apart, and
// so by how much the times of events may disagree with the order of their ids.
const clocksDiffer = 24 * time.Hour

// WalkEvents returns the next so many events that match, newest first: those
// older than q.Before, or the next ones newer than q.After. It counts nothing,
// so its cost does not grow with the trail. q.Person is the id or the name of a
// user; those who may see users can give a part of any of their names.
func (s *Store) WalkEvents(ctx context.Context, q models.EventQuery, most int) (list models.EventList, err error) {
	actor := models.ActorFrom(ctx)
	if err := models.MaySeeEvents(actor); err != nil {
		return list, err
	}
	list.Events = []models.Event{}
	if q.Nothing || q.ByID && len(q.IDs) == 0 {
		return list, nil
	}
	db := s.read.WithContext(ctx)
	queries, err := s.eventWays(db, q, actor.May(models.UserView))
	if err != nil {
		return list, s.failure("events", err)
	}
	for _, query := range queries {
		var some []models.Event
		if err := query.Limit(most + 1).Find(&some).Error; err != nil {
			return list, s.failure("events", err)
		}
		list.Events = append(list.Events, some...)
	}
	return newest(list.Events, q, most), nil
}

// newest joins what several queries found, each of them in the order of the walk.
func newest(found []models.Event, q models.EventQuery, most int) (list models.EventList) {
	back := q.After > 0
	slices.SortFunc(found, func(a, b models.Event) int {
		if back {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(b.ID, a.ID)
	})
	found = slices.CompactFunc(found, func(a, b models.Event) bool { return a.ID == b.ID })
	further := len(found) > most
	list.Events = found[:min(len(found), most)]
	list.More, list.Newer = further, q.Before > 0
	if back {
		slices.Reverse(list.Events)
		list.More, list.Newer = true, further
	}
	return list
}

// eventWays splits a query into ones that an index answers in the order of ids.
// A database that is given alternatives in one condition would gather and sort
// everything that meets one of them before it returns the newest.
func (s *Store) eventWays(db *gorm.DB, q models.EventQuery, anyName bool) ([]*gorm.DB, error) {
	base, err := s.between(db, q)
	if err != nil || base == nil {
		return nil, err
	}
	all := wishes(q)
	if q.Person != "" {
		people, err := s.people(db, q.Person, anyName)
		if err != nil {
			return nil, err
		}
		all = append(all, people)
	}
	ways := []*gorm.DB{onlyThese(base, q).Select(eventColumns).Session(&gorm.Session{})}
	for _, wish := range all {
		ways = cross(ways, wish)
	}
	order := "id DESC"
	if q.After > 0 {
		order = "id"
	}
	for i := range ways {
		ways[i] = ways[i].Order(order)
	}
	return ways, nil
}

// cross asks each of the queries for each part of a wish.
func cross(ways []*gorm.DB, wish chosen) (split []*gorm.DB) {
	for _, way := range ways {
		if len(ways)*len(wish.parts) > mostWays || len(wish.parts) != len(wish.args) {
			split = append(split, either(way, wish).Session(&gorm.Session{}))
			continue
		}
		for i, part := range wish.parts {
			split = append(split, way.Where(part, wish.args[i]).Session(&gorm.Session{}))
		}
	}
	return split
}

// between keeps the events of the time that is asked for, nil when there are
// none. The ids around it are looked up first, so that the walk begins there.
func (s *Store) between(db *gorm.DB, q models.EventQuery) (*gorm.DB, error) {
	events, at := db.Model(&models.Event{}), s.aside("occurred_at")
	for _, side := range []struct {
		asked               time.Time
		slack               time.Duration
		time, order, within string
	}{
		{q.From, -clocksDiffer, ">=", "occurred_at, id", "id >= ?"},
		{q.To, clocksDiffer, "<=", "occurred_at DESC, id DESC", "id <= ?"},
	} {
		if side.asked.IsZero() {
			continue
		}
		var edge models.Event
		err := db.Select("id").Where("occurred_at "+side.time+" ?", utc(side.asked.Add(side.slack))).Order(side.order).Take(&edge).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		events = events.Where(side.within, edge.ID).Where(at+" "+side.time+" ?", utc(side.asked))
	}
	return events, nil
}

// aside writes a column so that SQLite does not choose an index by it, which
// would then have to be sorted by id. PostgreSQL knows how many rows there are.
func (s *Store) aside(column string) string {
	if s.pool == nil {
		return "+" + column
	}
	return column
}

// people is the condition that somebody acted whom people call by this name: a
// user id, the exact name of a user, a part of the names of a few, or the name
// that stands in the events of one who is gone.
func (s *Store) people(db *gorm.DB, name string, anyName bool) (who chosen, err error) {
	if id, ok := models.ParseUserID(name); ok {
		who.add("user_id = ?", id)
		return who, nil
	}
	word, ids := models.Fold(name), []int64{}
	users := db.Model(&models.User{}).Limit(mostPeople + 1)
	if err = users.Where("username_fold = ?", word).Pluck("id", &ids).Error; err != nil {
		return who, err
	}
	if len(ids) == 0 && anyName {
		parts := s.holds("username_fold") + " OR " + s.holds("display_name_fold") + " OR " + s.holds("email_fold")
		err = db.Model(&models.User{}).Limit(mostPeople+1).Where(parts, word, word, word).Pluck("id", &ids).Error
	}
	switch {
	case err != nil:
		return who, err
	case len(ids) > mostPeople:
		return who, models.InvalidField("Person", "More than 10 users match. Type more of the name.")
	case len(ids) == 0:
		who.add("username = ?", name)
	}
	for _, id := range ids {
		who.add("user_id = ?", id)
	}
	return who, nil
}
