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

// WalkEvents returns the next so many events that match, older than q.Before.
// It counts nothing, so its cost does not grow with the trail.
func (s *Store) WalkEvents(ctx context.Context, q models.EventQuery, most int) (list models.EventList, err error) {
	if err := models.MaySeeEvents(models.ActorFrom(ctx)); err != nil {
		return list, err
	}
	list.Events = []models.Event{}
	if q.Nothing || q.ByID && len(q.IDs) == 0 {
		return list, nil
	}
	matching := chooseEvents(s.read.WithContext(ctx).Model(&models.Event{}), q)
	if q.Before > 0 {
		matching = matching.Where("id < ?", q.Before)
	}
	err = matching.Select(eventColumns).Order("id DESC").Limit(most + 1).Find(&list.Events).Error
	if list.More = len(list.Events) > most; list.More {
		list.Events = list.Events[:most]
	}
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

func chooseEvents(db *gorm.DB, q models.EventQuery) *gorm.DB {
	if q.ByID {
		db = db.Where("id IN ?", q.IDs[:min(len(q.IDs), maxInList)])
	}
	for _, id := range q.Regarding {
		db = either(db, about([]string{id}))
	}
	if len(q.RegardingAny) > 0 {
		db = either(db, about(q.RegardingAny[:min(len(q.RegardingAny), maxInList)]))
	}
	if len(q.UserIDs) > 0 {
		db = db.Where("user_id IN ?", q.UserIDs[:min(len(q.UserIDs), maxInList)])
	}
	if len(q.Categories) > 0 {
		db = db.Where("category IN ?", q.Categories)
	}
	if len(q.DocumentTypes) > 0 {
		db = db.Where("document_type IN ?", known(q.DocumentTypes))
	}
	if len(q.Agents) > 0 {
		db = either(db, byAgents(q.Agents[:min(len(q.Agents), maxInList)]))
	}
	if q.APIKeyID != "" {
		id := known([]string{strings.ToLower(q.APIKeyID)})
		db = db.Where("(api_key_id IN ? OR document_id IN ?)", id, id)
	}
	return inTime(db, q)
}

func inTime(db *gorm.DB, q models.EventQuery) *gorm.DB {
	if !q.From.IsZero() {
		db = db.Where("occurred_at >= ?", utc(q.From))
	}
	if !q.To.IsZero() {
		db = db.Where("occurred_at <= ?", utc(q.To))
	}
	if q.FromID > 0 {
		db = db.Where("id >= ?", q.FromID)
	}
	if q.ToID > 0 {
		db = db.Where("id <= ?", q.ToID)
	}
	return db
}

// about is the condition that an event concerns one of these documents or users.
func about(ids []string) chosen {
	var or chosen
	var users []int64
	for _, id := range ids {
		if user, ok := models.ParseUserID(id); ok {
			users = append(users, user)
		}
	}
	or.add("document_id IN ?", known(ids))
	if len(users) > 0 {
		or.add("related_user_id IN ?", users)
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
