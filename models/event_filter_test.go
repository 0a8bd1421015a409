package models

import "testing"

func TestFilterMatches(t *testing.T) {
	alice, bob := int64(2), int64(3)
	expired := Event{Category: APIKeyExpired, DocumentType: DocumentAPIKeys, DocumentID: "apikeys-x", RelatedUserID: &alice}
	changed := Event{Category: Modified, DocumentType: DocumentUsers, DocumentID: UserID(bob), UserID: &alice, IdentifiedBy: "Session cookie", UserAgent: "Firefox"}
	for _, c := range []struct {
		name             string
		filter           EventFilter
		expired, changed bool
	}{
		{"everything", EventFilter{}, true, true},
		{"a group", EventFilter{EventGroups: []string{"ApiKeyExpiry"}}, true, false},
		{"a category", EventFilter{EventCategories: []string{"Modified"}}, false, true},
		{"a group or a category", EventFilter{EventGroups: []string{"ApiKeyExpiry"}, EventCategories: []string{"Modified"}}, true, true},
		{"a group of Octopus's", EventFilter{EventGroups: []string{"Deployment"}}, false, false},
		{"the one it is about", EventFilter{Users: []string{"Users-2"}}, true, true},
		{"the document", EventFilter{Users: []string{"users-3"}}, false, true},
		{"somebody else", EventFilter{Users: []string{"Users-4", "nobody"}}, false, false},
		{"a document type", EventFilter{DocumentTypes: []string{"ApiKeys"}}, true, false},
		{"the portal", EventFilter{EventAgents: []string{AgentPortal}}, false, true},
		{"the server", EventFilter{EventAgents: []string{AgentServer}}, true, false},
		{"what Keyport does not have", EventFilter{Projects: []string{"Projects-1"}}, false, false},
		{"both must hold", EventFilter{EventGroups: []string{"ApiKeyExpiry"}, DocumentTypes: []string{"Users"}}, false, false},
	} {
		if got := c.filter.Matches(expired); got != c.expired {
			t.Errorf("%s: matches the expired key: %v, want %v", c.name, got, c.expired)
		}
		if got := c.filter.Matches(changed); got != c.changed {
			t.Errorf("%s: matches the changed user: %v, want %v", c.name, got, c.changed)
		}
	}
}

// Every category has a name and is in one group, so that people can ask for it
// both ways.
func TestCategoriesAreInGroups(t *testing.T) {
	in := map[Category]int{}
	for _, g := range EventGroups {
		for _, c := range g.Categories {
			in[c]++
		}
	}
	for _, kind := range Categories {
		if kind.Name == "" || in[kind.ID] != 1 {
			t.Errorf("category %s is named %q and is in %d groups, want a name and one group", kind.ID, kind.Name, in[kind.ID])
		}
		delete(in, kind.ID)
	}
	if len(in) > 0 {
		t.Errorf("groups hold categories that are not listed: %v", in)
	}
}
