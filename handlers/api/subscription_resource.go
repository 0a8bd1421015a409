package api

import (
	"github.com/keyport/keyport/models"
)

// subscriptionResource is a subscription in Octopus's shape.
type subscriptionResource struct {
	Id                            string
	Name                          string
	Type                          string // always "Event"
	IsDisabled                    bool
	SpaceId                       string
	EventNotificationSubscription notificationResource
	Links                         Links
}

type notificationResource struct {
	Filter                              eventFilterResource
	EmailTeams                          []string
	EmailFrequencyPeriod                string
	EmailPriority                       string
	EmailShowDatesInTimeZoneId          string
	EmailDigestLastProcessed            *timestamp
	EmailDigestLastProcessedEventAutoId *int64
	WebhookURI                          string
	WebhookTeams                        []string
	WebhookTimeout                      string
	WebhookHeaderKey                    string
	WebhookHeaderValue                  *string // always null: some of Octopus's clients can't read anything but a text here, and the text is a secret
	WebhookLastProcessed                *timestamp
	WebhookLastProcessedEventAutoId     *int64
	SlackChannelIds                     []string // always empty: Keyport sends nothing to Slack
	SlackChannelNames                   []string
	SlackFrequencyPeriod                string
	SlackDigestFormat                   string
	SlackDigestLastProcessed            *timestamp
	SlackDigestLastProcessedEventAutoId *int64
}

type eventFilterResource struct {
	Users           []string
	Projects        []string
	ProjectGroups   []string
	Environments    []string
	EventGroups     []string
	EventCategories []string
	EventAgents     []string
	Tenants         []string
	Tags            []string
	DocumentTypes   []string
}

func (l linker) subscription(s models.Subscription) subscriptionResource {
	return subscriptionResource{
		Id: s.PublicID(), Name: s.Name, Type: "Event", IsDisabled: s.IsDisabled, SpaceId: spaceID,
		EventNotificationSubscription: notificationOf(s),
		Links:                         Links{"Self": l.to("/api/" + spaceID + "/subscriptions/" + s.PublicID())},
	}
}

func notificationOf(s models.Subscription) notificationResource {
	return notificationResource{
		Filter:     filterResource(s.Filter),
		EmailTeams: teamIDs(s.EmailTeamIDs), EmailFrequencyPeriod: timespan(s.EmailEvery), EmailPriority: string(s.EmailPriority), EmailShowDatesInTimeZoneId: s.EmailTimeZone,
		WebhookURI: s.WebhookURL, WebhookTeams: teamIDs(s.WebhookTeamIDs), WebhookTimeout: timespan(s.WebhookTimeout), WebhookHeaderKey: s.WebhookHeader,
		SlackChannelIds: []string{}, SlackChannelNames: []string{}, SlackFrequencyPeriod: "01:00:00", SlackDigestFormat: "Summary",
	}
}

func teamIDs(ids []int64) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = models.Team{ID: id}.PublicID()
	}
	return names
}

func filterResource(f models.EventFilter) eventFilterResource {
	some := func(list []string) []string {
		if list == nil {
			return []string{}
		}
		return list
	}
	return eventFilterResource{
		Users: some(f.Users), EventGroups: some(f.EventGroups), EventCategories: some(f.EventCategories), EventAgents: some(f.EventAgents), DocumentTypes: some(f.DocumentTypes),
		Projects: some(f.Projects), ProjectGroups: some(f.ProjectGroups), Environments: some(f.Environments), Tenants: some(f.Tenants), Tags: some(f.Tags),
	}
}
