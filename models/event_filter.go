package models

import "slices"

// EventFilter says which events a subscription is about. An empty list asks for
// nothing; what is listed is one of Octopus's ids. Keyport has no projects,
// environments and the like: it keeps these lists for the clients that sent
// them, and no event of Keyport's matches one of them.
type EventFilter struct {
	Users           []string
	EventGroups     []string
	EventCategories []string
	EventAgents     []string
	DocumentTypes   []string

	Projects      []string
	ProjectGroups []string
	Environments  []string
	Tenants       []string
	Tags          []string
}

// Matches reports whether the filter asks for the event: groups and categories
// together name the kinds of events, and each other list that isn't empty has to
// hold what the event says. A user is the one who acted or the one it is about.
func (f EventFilter) Matches(e Event) bool {
	switch {
	case len(f.Projects)+len(f.ProjectGroups)+len(f.Environments)+len(f.Tenants)+len(f.Tags) > 0:
		return false
	case !f.asksForKind(e.Category):
		return false
	case len(f.DocumentTypes) > 0 && !slices.Contains(f.DocumentTypes, e.DocumentType):
		return false
	case len(f.EventAgents) > 0 && !slices.Contains(f.EventAgents, e.Agent()):
		return false
	}
	return len(f.Users) == 0 || slices.ContainsFunc(f.Users, e.concerns)
}

func (f EventFilter) asksForKind(c Category) bool {
	if len(f.EventGroups) == 0 && len(f.EventCategories) == 0 {
		return true
	}
	return slices.Contains(f.EventCategories, string(c)) || slices.Contains(CategoriesOf(f.EventGroups), c)
}

// concerns reports whether a user acted or is acted upon.
func (e Event) concerns(userID string) bool {
	id, ok := ParseUserID(userID)
	if !ok {
		return false
	}
	return e.UserID != nil && *e.UserID == id || e.RelatedUserID != nil && *e.RelatedUserID == id || e.DocumentID == UserID(id)
}

// Agents by which something is done, Octopus's names; a client of the REST API
// is named by its User-Agent.
const (
	AgentServer = "Server"
	AgentPortal = "Portal"
)

// Agent names what did the thing: the server itself, the portal in a browser, or
// a client of the REST API.
func (e Event) Agent() string {
	switch {
	case e.IdentifiedBy == "Session cookie":
		return AgentPortal
	case e.UserAgent == "":
		return AgentServer
	}
	return e.UserAgent
}
