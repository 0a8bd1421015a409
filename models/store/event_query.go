package store

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/keyport/keyport/models"
)

// FindEvents returns a page of the events that match, newest first, and how many
// there are, to those who may read the trail.
func (s *Store) FindEvents(ctx context.Context, q models.EventQuery) (list models.EventList, err error) {
	if err := models.MaySeeEvents(models.ActorFrom(ctx)); err != nil {
		return list, err
	}
	list.Events = []models.Event{}
	if q.Nothing || q.ByID && len(q.IDs) == 0 {
		return list, nil
	}
	matching := chooseEvents(s.read.WithContext(ctx).Model(&models.Event{}), q)
	var total int64
	if err := matching.Session(&gorm.Session{}).Count(&total).Error; err != nil {
		return list, s.failure("events", err)
	}
	list.Total = int(total)
	if q.Page = q.Page.Clamp(); q.Page.Take == 0 || q.Page.Skip >= list.Total {
		return list, nil
	}
	err = matching.Session(&gorm.Session{}).Select(eventColumns).Order("id DESC").Offset(q.Page.Skip).Limit(q.Page.Take).Find(&list.Events).Error
	list.More = q.Page.Skip+len(list.Events) < list.Total
	return list, s.failure("events", err)
}

// Event returns one event under the same terms.
func (s *Store) Event(ctx context.Context, id int64) (models.Event, error) {
	if err := models.MaySeeEvents(models.ActorFrom(ctx)); err != nil {
		return models.Event{}, err
	}
	var e models.Event
	err := s.read.WithContext(ctx).Select(eventColumns).Where("id = ?", id).Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = models.Missing("event")
	}
	return e, s.failure("event", err)
}

// chooseEvents keeps the events that match, by one condition for each wish.
func chooseEvents(db *gorm.DB, q models.EventQuery) *gorm.DB {
	for _, wish := range wishes(q) {
		db = either(db, wish)
	}
	return inTime(onlyThese(db, q), q)
}

// onlyThese keeps the events within the ids of the query.
func onlyThese(db *gorm.DB, q models.EventQuery) *gorm.DB {
	if q.ByID {
		db = db.Where("id IN ?", q.IDs[:min(len(q.IDs), maxInList)])
	}
	if q.FromID > 0 {
		db = db.Where("id >= ?", q.FromID)
	}
	if q.ToID > 0 {
		db = db.Where("id <= ?", q.ToID)
	}
	if q.Before > 0 {
		db = db.Where("id < ?", q.Before)
	}
	if q.After > 0 {
		db = db.Where("id > ?", q.After)
	}
	return db
}

func inTime(db *gorm.DB, q models.EventQuery) *gorm.DB {
	if !q.From.IsZero() {
		db = db.Where("occurred_at >= ?", utc(q.From))
	}
	if !q.To.IsZero() {
		db = db.Where("occurred_at <= ?", utc(q.To))
	}
	return db
}

// wishes are what an event has to meet, each by one of its parts. Every part
// names the columns of one index.
func wishes(q models.EventQuery) (list []chosen) {
	for _, id := range q.Regarding {
		list = append(list, about([]string{id}))
	}
	if len(q.RegardingAny) > 0 {
		list = append(list, about(q.RegardingAny[:min(len(q.RegardingAny), maxInList)]))
	}
	add := func(asked bool, wish chosen) {
		if asked {
			list = append(list, wish)
		}
	}
	add(len(q.UserIDs) > 0, eachOf("user_id = ?", q.UserIDs[:min(len(q.UserIDs), maxInList)]))
	add(q.APIKeyID != "", withKey(q.APIKeyID))
	add(len(q.Categories) > 0, eachOf("category = ?", q.Categories))
	add(len(q.DocumentTypes) > 0, eachOf("document_type = ?", known(q.DocumentTypes)))
	add(len(q.Agents) > 0, byAgents(q.Agents[:min(len(q.Agents), maxInList)]))
	return list
}

func eachOf[T any](part string, values []T) (or chosen) {
	for _, v := range values {
		or.add(part, v)
	}
	return or
}

// withKey is the condition that a key did it, or that it was done to the key.
// The words of the partial index are repeated: SQLite finds it by them.
func withKey(id string) (or chosen) {
	for _, id := range known([]string{strings.ToLower(id)}) {
		or.add("(api_key_id = ? AND api_key_id <> '')", id)
		or.add("document_id = ?", id)
	}
	return or
}

// about is the condition that an event concerns one of these documents or users.
func about(ids []string) chosen {
	or := eachOf("document_id = ?", known(ids))
	for _, id := range ids {
		if user, ok := models.ParseUserID(id); ok {
			or.add("related_user_id = ?", user)
		}
	}
	return or
}

// byAgents is the condition of models.Event.Agent.
func byAgents(agents []string) chosen {
	var or chosen
	for _, agent := range known(agents) {
		switch agent {
		case models.AgentPortal:
			or.add("identified_by = ?", "Session cookie")
		case models.AgentServer:
			or.add("(user_agent = ? AND identified_by <> ?)", "", "Session cookie")
		default:
			or.add("(user_agent = ? AND identified_by <> ?)", agent, "Session cookie")
		}
	}
	return or
}

// either keeps what meets one of the parts; with no part, nothing does.
func either(db *gorm.DB, c chosen) *gorm.DB {
	if len(c.parts) == 0 {
		return db.Where("1 = 0")
	}
	return db.Where("("+strings.Join(c.parts, " OR ")+")", c.args...)
}

// known leaves out texts that no column can hold, which PostgreSQL would refuse.
func known(list []string) []string {
	kept := []string{}
	for _, s := range list {
		if storable(s) {
			kept = append(kept, s)
		}
	}
	return kept
}
