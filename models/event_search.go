package models

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// EventSearch is a wish to see events, as an address or a form writes it: in
// words and days. Query makes the exact choice of it.
type EventSearch struct {
	Person       string // who acted: a part of a name, or a user id
	Group        string // id of one of EventGroups
	Category     Category
	DocumentType string
	Document     string // id of the document or user that it is about
	Key          string // id of the key that it was done with, or that it is about
	Days         DateRange
}

// Names of the members of an address of events, besides ParamFrom and ParamTo.
const (
	ParamPerson, ParamGroup, ParamCategory      = "who", "group", "category"
	ParamType, ParamDocument, ParamKey, ParamOn = "type", "document", "key", "on"
)

// MaxDocumentID is the longest id that a document has.
const MaxDocumentID = 64

// ParseEventSearch reads an address. What it can't read is a problem and never
// ignored: whoever looks for what happened must not see more, or less, than was
// asked for.
func ParseEventSearch(v url.Values) (EventSearch, []Problem) {
	r := searchReader{values: v}
	s := EventSearch{
		Person:       r.text(ParamPerson, "Person", "The name", MaxEmail),
		Group:        r.oneOf(ParamGroup, "Group", "This group of events is not known. Choose one of the list.", groupIDs()),
		Category:     Category(r.oneOf(ParamCategory, "Category", "This kind of event is not known. Choose one of the list.", categoryIDs())),
		DocumentType: r.oneOf(ParamType, "DocumentType", "This type of document is not known. Choose one of the list.", documentIDs()),
		Document:     r.text(ParamDocument, "Document", "The id of the document", MaxDocumentID),
		Key:          strings.ToLower(r.text(ParamKey, "Key", "The id of the key", MaxDocumentID)),
		Days:         r.dates(ParamOn, "On"),
	}
	return s, r.problems
}

// oneOf reads a member that has to be one of a list, or empty.
func (r *searchReader) oneOf(name, field, problem string, list []string) string {
	typed := r.values.Get(name)
	if typed != "" && !slices.Contains(list, typed) {
		r.problem(field, problem)
		return ""
	}
	return typed
}

func groupIDs() (ids []string) {
	for _, g := range EventGroups {
		ids = append(ids, g.ID)
	}
	return ids
}

func categoryIDs() (ids []string) {
	for _, c := range Categories {
		ids = append(ids, string(c.ID))
	}
	return ids
}

func documentIDs() (ids []string) {
	for _, k := range DocumentKinds {
		ids = append(ids, k.ID)
	}
	return ids
}

// Values writes the search as ParseEventSearch reads it.
func (s EventSearch) Values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		ParamPerson: s.Person, ParamGroup: s.Group, ParamCategory: string(s.Category), ParamType: s.DocumentType, ParamDocument: s.Document, ParamKey: s.Key,
		ParamOn + ParamFrom: s.Days.From.typed(), ParamOn + ParamTo: s.Days.To.typed(),
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// Query makes the exact choice: days become instants in the reader's zone. A
// group and a kind are both asked for, so a kind outside of the group chooses
// nothing.
func (s EventSearch) Query(zone *time.Location) EventQuery {
	q := EventQuery{Person: s.Person, APIKeyID: s.Key}
	if s.Document != "" {
		q.Regarding = []string{s.Document}
	}
	if s.DocumentType != "" {
		q.DocumentTypes = []string{s.DocumentType}
	}
	if s.Group != "" {
		q.Categories = CategoriesOf([]string{s.Group})
	}
	if s.Category != "" {
		q.Nothing = s.Group != "" && !slices.Contains(q.Categories, s.Category)
		q.Categories = []Category{s.Category}
	}
	var before time.Time
	q.From, before = s.Days.instants(zone)
	if !before.IsZero() {
		q.To = before.Add(-time.Microsecond)
	}
	return q
}
