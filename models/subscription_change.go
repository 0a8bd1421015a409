package models

import "slices"

// Apply returns the subscription as wished. A wish for another address of the
// webhook forgets the header's value unless it brings one: whoever may change
// the address must not be sent what somebody else entered for the old one.
// keepsHeader tells whether the stored value stays.
func (s Subscription) Apply(w SubscriptionWish) (changed Subscription, keepsHeader bool) {
	keepsHeader = w.WebhookHeaderValue == nil && w.WebhookHeader != "" && w.WebhookURL == s.WebhookURL && s.WebhookHeaderBox != nil
	s.Name, s.NameFold, s.IsDisabled, s.Filter = w.Name, Fold(w.Name), w.IsDisabled, w.Filter.filled()
	s.EmailTeamIDs, s.EmailEvery, s.EmailPriority, s.EmailTimeZone = listOf(w.EmailTeamIDs), w.EmailEvery, w.EmailPriority, w.EmailTimeZone
	s.WebhookURL, s.WebhookTeamIDs, s.WebhookTimeout, s.WebhookHeader = w.WebhookURL, listOf(w.WebhookTeamIDs), w.WebhookTimeout, w.WebhookHeader
	if !keepsHeader {
		s.WebhookHeaderBox = nil
	}
	return s, keepsHeader
}

func listOf[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// filled has an empty list where nothing was given, so that clients are never
// answered with null.
func (f EventFilter) filled() EventFilter {
	for _, list := range f.lists() {
		*list = listOf(*list)
	}
	return f
}

func (f *EventFilter) lists() []*[]string {
	return []*[]string{&f.Users, &f.EventGroups, &f.EventCategories, &f.EventAgents, &f.DocumentTypes,
		&f.Projects, &f.ProjectGroups, &f.Environments, &f.Tenants, &f.Tags}
}

// filterNames are the lists of a filter in the order of lists.
var filterNames = []string{"Users", "EventGroups", "EventCategories", "EventAgents", "DocumentTypes", "Projects", "ProjectGroups", "Environments", "Tenants", "Tags"}

// Differences lists what changed between two states of a subscription, by the
// names of Octopus's resource. Of a secret it says only whether there is one.
func (s Subscription) Differences(after Subscription) []Difference {
	const of = "EventNotificationSubscription."
	var changes []Difference
	add := func(path string, same bool, before, after any) {
		if !same {
			changes = append(changes, Difference{Path: path, Before: before, After: after})
		}
	}
	add("Name", s.Name == after.Name, s.Name, after.Name)
	add("IsDisabled", s.IsDisabled == after.IsDisabled, s.IsDisabled, after.IsDisabled)
	for i, list := range s.Filter.lists() {
		other := *after.Filter.lists()[i]
		add(of+"Filter."+filterNames[i], slices.Equal(*list, other), *list, other)
	}
	add(of+"EmailTeams", slices.Equal(s.EmailTeamIDs, after.EmailTeamIDs), teamIDs(s.EmailTeamIDs), teamIDs(after.EmailTeamIDs))
	add(of+"EmailFrequencyPeriod", s.EmailEvery == after.EmailEvery, s.EmailEvery.String(), after.EmailEvery.String())
	add(of+"EmailPriority", s.EmailPriority == after.EmailPriority, s.EmailPriority, after.EmailPriority)
	add(of+"EmailShowDatesInTimeZoneId", s.EmailTimeZone == after.EmailTimeZone, s.EmailTimeZone, after.EmailTimeZone)
	add(of+"WebhookURI", s.WebhookURL == after.WebhookURL, s.WebhookURL, after.WebhookURL)
	add(of+"WebhookTeams", slices.Equal(s.WebhookTeamIDs, after.WebhookTeamIDs), teamIDs(s.WebhookTeamIDs), teamIDs(after.WebhookTeamIDs))
	add(of+"WebhookTimeout", s.WebhookTimeout == after.WebhookTimeout, s.WebhookTimeout.String(), after.WebhookTimeout.String())
	add(of+"WebhookHeaderKey", s.WebhookHeader == after.WebhookHeader, s.WebhookHeader, after.WebhookHeader)
	before, now := s.WebhookHeaderBox, after.WebhookHeaderBox
	add(of+"WebhookHeaderValue", slices.Equal(before, now), masked(before), masked(now))
	return changes
}

func teamIDs(ids []int64) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = Team{ID: id}.PublicID()
	}
	return names
}

// masked stands for a secret in events.
func masked(box []byte) any {
	if box == nil {
		return nil
	}
	return "********"
}
