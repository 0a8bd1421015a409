package models

import "slices"

// Categories of API keys that end. Octopus has these three events, by the names
// in [Categories]; their ids are in none of its clients, so they are ours, made
// as it makes its own.
const (
	APIKeyExpired          Category = "ApiKeyExpired"
	APIKeyTenDayWarning    Category = "ApiKeyExpiryTenDayWarning"
	APIKeyTwentyDayWarning Category = "ApiKeyExpiryTwentyDayWarning"
)

// DeliveryFailedEvent is the category of an event that could not be delivered
// after all attempts; Octopus has none.
const DeliveryFailedEvent Category = "SubscriptionDeliveryFailed"

// MailTestedEvent is the category of a letter that was sent to try the mail
// server; Octopus has none.
const MailTestedEvent Category = "MailTested"

// CategoryKind describes a category to people.
type CategoryKind struct {
	ID   Category
	Name string
}

// Categories lists every category that an event can have, by id.
var Categories = []CategoryKind{
	{AccessDenied, "Access denied"},
	{APIKeyExpired, "API key expired"},
	{APIKeyTenDayWarning, "API key expiry 10-day warning"},
	{APIKeyTwentyDayWarning, "API key expiry 20-day warning"},
	{Created, "Document created"},
	{Deleted, "Document deleted"},
	{LoginFailed, "Login failed"},
	{LoginSucceeded, "Login succeeded"},
	{MailTestedEvent, "Mail server tested"},
	{Modified, "Document modified"},
	{DeliveryFailedEvent, "Subscription delivery failed"},
}

// EventGroup is a set of categories that people choose together.
type EventGroup struct {
	ID         string
	Name       string
	Categories []Category
}

// EventGroups lists the groups, by id.
var EventGroups = []EventGroup{
	{"Access", "Access events", []Category{AccessDenied}},
	{"ApiKeyExpiry", "API key expiry events", []Category{APIKeyExpired, APIKeyTenDayWarning, APIKeyTwentyDayWarning}},
	{"Delivery", "Delivery events", []Category{DeliveryFailedEvent, MailTestedEvent}},
	{"Document", "Document events", []Category{Created, Modified, Deleted}},
	{"Login", "Login events", []Category{LoginSucceeded, LoginFailed}},
}

// DocumentKind describes a type of documents to people. ID is the name of the
// collection, as in events.
type DocumentKind struct{ ID, Name string }

// DocumentKinds lists the types of documents that events are about, by id.
var DocumentKinds = []DocumentKind{
	{DocumentAPIKeys, "API Key"},
	{DocumentConfiguration, "Configuration"},
	{DocumentInvitations, "Invitation"},
	{DocumentRevocations, "Revocation of API Keys"},
	{DocumentOIDCIdentities, "OIDC Identity"},
	{DocumentServices, "Service"},
	{DocumentSubscriptions, "Subscription"},
	{DocumentTeams, "Team"},
	{DocumentUsers, "User"},
}

// CategoriesOf returns the categories of the groups with these ids. Groups that
// Keyport does not have, such as Octopus's of deployments, hold none.
func CategoriesOf(groups []string) []Category {
	var all []Category
	for _, group := range EventGroups {
		if slices.Contains(groups, group.ID) {
			all = append(all, group.Categories...)
		}
	}
	return all
}
