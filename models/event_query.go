package models

import "time"

// EventQuery chooses events. Empty members ask for nothing; a list is met by any
// of its entries.
type EventQuery struct {
	IDs           []int64 // with ByID
	ByID          bool
	Regarding     []string // documents and users that an event must all be about
	RegardingAny  []string // documents and users, of which it must be about one
	UserIDs       []int64  // who acted
	Person        string   // who acted, as people call them; see Store.WalkEvents
	Categories    []Category
	DocumentTypes []string
	Agents        []string
	APIKeyID      string // the key that it was done with, or that it is about
	From, To      time.Time
	FromID, ToID  int64 // both included; 0 for no bound
	Nothing       bool  // the query asks for what Keyport does not have, so no event matches

	Page   Page
	Before int64 // only events with a smaller id, for walking on; 0 for the newest
	After  int64 // only events with a greater id, for walking back: those next to it
}

// EventList is one page of events, newest first.
type EventList struct {
	Events []Event
	Total  int  // all that match, with EventQuery.Page
	More   bool // there are older ones
	Newer  bool // there are newer ones, with EventQuery.Before or After
}

// MaySeeEvents decides who may read the audit trail.
func MaySeeEvents(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(EventView):
		return Denied("You can't read the audit trail. Ask an administrator for the right to view events.")
	}
	return nil
}
