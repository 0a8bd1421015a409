package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// varying hides what differs from run to run.
var varying = []string{
	uuidForm, "00000000-0000-4000-8000-000000000000",
	`apikeys-[a-z0-9]{25}`, "apikeys-0000000000000000000000000",
	`API-[A-Z0-9]{26}`, "API-00000000000000000000000000", `API-[A-Z0-9]{3}•`, "API-000•",
	`"InvitationCode": "[A-Z2-7]{26}"`, `"InvitationCode": "CODE"`,
}

// TestGoldenResources holds every answer to the letter: members, their order,
// their types and their links, the same on both databases.
func TestGoldenResources(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		admin := asAdmin(t, f, site)
		team := teamOf(t, f, "Auditors", models.Views, "alice")
		admin.JSON(http.MethodPut, "/api/users/"+f.Alice.PublicID(), `{"Identities":[{"IdentityProviderName":"Octopus ID","Claims":{"email":{"Value":"alice@example.com","IsIdentifyingClaim":true}}}]}`).Want(200)
		key, _ := f.Issue(f.Robot, models.NewKey{Purpose: "Nightly", Expires: models.ExpiresAt(f.Store.Now().Add(30 * 24 * time.Hour))})
		subscription := goldenSubscription(t, f, team)
		admin.JSON(http.MethodPut, "/api/smtpconfiguration", `{"SmtpHost":"smtp.example.com","SmtpPort":465,"EnableSsl":true,"SmtpLogin":"keyport","SmtpPassword":{"HasValue":true,"NewValue":"never shown"},"SendEmailFrom":"Keyport <keys@example.com>","Timeout":30000}`).Want(200)
		keys := "/api/users/" + f.Robot.PublicID() + "/apikeys"
		for name, path := range map[string]string{
			"root": "/api", "space-home": "/api/Spaces-1", "space": "/api/spaces/Spaces-1", "spaces": "/api/spaces?partialName=def&take=5", "spaces-all": "/api/spaces/all",
			"authentication": "/api/authentication", "user-authentication": "/api/users/authentication", "configuration": "/api/configuration",
			"configuration-section": "/api/configuration/authentication", "configuration-values": "/api/configuration/authentication/values", "configuration-metadata": "/api/configuration/authentication/metadata",
			"smtpconfiguration": "/api/smtpconfiguration", "smtp-is-configured": "/api/smtpconfiguration/isconfigured",
			"retention-section": "/api/configuration/eventretention", "retention-values": "/api/configuration/eventretention/values", "retention-metadata": "/api/configuration/eventretention/metadata",
			"user": "/api/users/" + f.Alice.PublicID(), "user-me": "/api/users/me", "user-service": "/api/users/" + f.Robot.PublicID(), "users": "/api/users?take=2&filter=o&isActive=true", "users-all": "/api/users/all",
			"user-teams": "/api/users/" + f.Alice.PublicID() + "/teams", "user-spaces": "/api/users/me/spaces", "user-permissions": "/api/users/" + f.Alice.PublicID() + "/permissions",
			"identity-metadata": "/api/users/identity-metadata", "external-search": "/api/users/external-search?partialName=zo%C3%AB",
			"team": "/api/teams/" + team.PublicID(), "teams": "/api/teams?take=1&skip=1", "teams-all": "/api/teams/all", "team-roles": "/api/teams/" + team.PublicID() + "/scopeduserroles", "user-roles": "/api/userroles",
			"apikey": keys + "/" + key.ID, "apikeys": keys + "?take=5&partialPurpose=night", "apikeys-v1": keys + "/v1",
			"subscription": "/api/Spaces-1/subscriptions/" + subscription.PublicID(), "subscriptions": "/api/subscriptions?partialName=expir&take=5",
			"event-categories": "/api/events/categories?appliesTo=", "event-groups": "/api/events/groups?appliesTo=", "event-agents": "/api/events/agents", "event-documenttypes": "/api/events/documenttypes", "event-archives": "/api/events/archives",
			"event": "/api/events/" + goldenEvent(t, f, key), "events": "/api/Spaces-1/events?take=1&regarding=" + key.ID,
			"error-404": "/api/users/Users-987654", "error-400": "/api/users?take=-1&isActive=x",
		} {
			checkGolden(t, name, admin.Get(path).Body, varying...)
		}
		checkGolden(t, "apikey-created", admin.JSON(http.MethodPost, keys, `{"Purpose":"Golden","Expires":"2026-12-01T12:00:00+01:00"}`).Want(200).Body, varying...)
		checkGolden(t, "invitation-created", admin.JSON(http.MethodPost, "/api/users/invitations", `{"AddToTeamIds":["`+team.PublicID()+`"]}`).Want(201).Body, varying...)
		checkGolden(t, "error-401", site.Client().Get("/api/users/me").Want(401).Body)
		checkGolden(t, "error-403", site.WithKey(mustKey(t, f, f.Bob)).Get("/api/users").Want(403).Body)
	})
}

func mustKey(t *testing.T, f *storetest.Fixture, u models.User) string {
	t.Helper()
	_, secret := usable(t, f, u)
	return secret
}

func goldenSubscription(t *testing.T, f *storetest.Fixture, team models.Team) models.Subscription {
	t.Helper()
	value := "a secret of the receiver"
	made, err := f.Store.CreateSubscription(f.As(f.Admin), models.SubscriptionWish{
		Name: "Expiring keys", Filter: models.EventFilter{EventGroups: []string{"ApiKeyExpiry"}, Users: []string{f.Robot.PublicID()}},
		EmailTeamIDs: []int64{team.ID}, EmailEvery: 25 * time.Hour, EmailPriority: models.PriorityHigh, EmailTimeZone: "Europe/Stockholm",
		WebhookURL: "https://hooks.example.com/keyport", WebhookHeader: "X-Receiver", WebhookHeaderValue: &value,
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func goldenEvent(t *testing.T, f *storetest.Fixture, key models.APIKey) string {
	t.Helper()
	list, err := f.Store.FindEvents(f.As(f.Admin), models.EventQuery{Regarding: []string{key.ID}, Page: models.Page{Take: 1}})
	if err != nil || len(list.Events) != 1 {
		t.Fatalf("events of the key = %v, %v", list, err)
	}
	return list.Events[0].PublicID()
}
