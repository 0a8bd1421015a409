package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// terraformSubscription is what the provider sends: null for what nobody set.
const terraformSubscription = `{"EventNotificationSubscription":{"EmailFrequencyPeriod":"01:00:00","EmailPriority":"Normal","EmailShowDatesInTimeZoneId":"UTC","EmailTeams":null,
	"Filter":{"DocumentTypes":["Machines"],"EventAgents":null,"EventCategories":["Created"],"EventGroups":null,"Environments":null,"ProjectGroups":null,"Projects":null,"Tags":null,"Tenants":null,"Users":null},
	"SlackChannelIds":null,"SlackChannelNames":null,"SlackDigestFormat":"Summary","SlackFrequencyPeriod":"01:00:00",
	"WebhookHeaderKey":"X-Key","WebhookHeaderValue":"receiver secret","WebhookTeams":null,"WebhookTimeout":"00:00:10","WebhookURI":"https://example.com/webhook"},
	"IsDisabled":false,"Name":"NAME","Type":"Event","Links":null}`

func TestTerraformSubscriptions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		client := terraform(t, f, site)
		plan := func(name string) string { return strings.Replace(terraformSubscription, "NAME", name, 1) }
		made := client.JSON(http.MethodPost, "/api/Spaces-1/subscriptions", plan("tf")).Want(201)
		self := "/api/Spaces-1/subscriptions/" + text(t, made, "Id")
		same := func(a webtest.Answer, name string) {
			t.Helper()
			of := "EventNotificationSubscription."
			for path, want := range map[string]string{"Name": name, "Type": "Event", "SpaceId": "Spaces-1", of + "WebhookURI": "https://example.com/webhook", of + "WebhookTimeout": "00:00:10",
				of + "WebhookHeaderKey": "X-Key", of + "EmailFrequencyPeriod": "01:00:00", of + "EmailPriority": "Normal", of + "EmailShowDatesInTimeZoneId": "UTC",
				of + "Filter.EventCategories.0": "Created", of + "Filter.DocumentTypes.0": "Machines"} {
				if got := text(t, a, path); got != want {
					t.Errorf("%s is %q, want %q: the plan would not be empty", path, got, want)
				}
			}
			for _, list := range []string{"EmailTeams", "WebhookTeams", "SlackChannelIds", "Filter.Users", "Filter.Tags", "Filter.EventGroups"} {
				if got, ok := dig(t, a, of+list).([]any); !ok || len(got) != 0 {
					t.Errorf("%s is %v, want an empty list", list, dig(t, a, of+list))
				}
			}
			if dig(t, a, of+"WebhookHeaderValue") != nil || strings.Contains(a.Body, "receiver secret") {
				t.Errorf("the answer shows the header's value: %s", a.Body)
			}
		}
		same(made, "tf")
		same(client.Get(self).Want(200), "tf")
		same(client.JSON(http.MethodPut, self, plan("tf-updated")).Want(200), "tf-updated")
		same(client.Get(self).Want(200), "tf-updated")
		client.Do(http.MethodDelete, self, "", nil).Want(200)
		text(t, client.Get(self).Want(404), "ErrorMessage")
	})
}

// The Go client reads null as "" and sends the whole resource back; that must
// not remove the secret that it has never seen.
func TestSubscriptionHeaderValueForms(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		client := asAdmin(t, f, webtest.New(t, f.Store))
		kept := func() bool {
			return f.Count("SELECT COUNT(*) FROM subscriptions WHERE webhook_header_box IS NOT NULL") == 1
		}
		body := func(uri, value string) string {
			return `{"Name":"forms","EventNotificationSubscription":{"WebhookURI":"` + uri + `","WebhookHeaderKey":"X-Key"` + value + `}}`
		}
		const uri = "https://example.com/webhook"
		made := client.JSON(http.MethodPost, "/api/subscriptions", body(uri, `,"WebhookHeaderValue":{"HasValue":true,"NewValue":"receiver secret"}`)).Want(201)
		self := "/api/subscriptions/" + text(t, made, "Id")
		for _, c := range []struct {
			name, body string
			keeps      bool
		}{
			{"absent", body(uri, ""), true},
			{"null", body(uri, `,"WebhookHeaderValue":null`), true},
			{"empty text", body(uri, `,"WebhookHeaderValue":""`), true},
			{"what a read answers as an object", body(uri, `,"WebhookHeaderValue":{"HasValue":true,"NewValue":null}`), true},
			{"another text", body(uri, `,"WebhookHeaderValue":"new secret"`), true},
			{"removed", body(uri, `,"WebhookHeaderValue":{"HasValue":false}`), false},
			{"set again", body(uri, `,"WebhookHeaderValue":"new secret"`), true},
			{"another address", body("https://other.example.com/", ""), false},
		} {
			client.JSON(http.MethodPut, self, c.body).Want(200)
			if kept() != c.keeps {
				t.Errorf("%s: stored is %v, want %v", c.name, kept(), c.keeps)
			}
		}
		for _, wrong := range []string{`7`, `[]`, `{"NewValue":7}`} {
			client.JSON(http.MethodPut, self, body(uri, `,"WebhookHeaderValue":`+wrong)).Want(400)
		}
		if f.Count("SELECT COUNT(*) FROM events WHERE differences LIKE '%secret%'") != 0 {
			t.Error("an event shows the header's value")
		}
	})
}

func TestSubscriptionRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		client := asAdmin(t, f, webtest.New(t, f.Store))
		before := f.Count("SELECT COUNT(*) FROM subscriptions")
		notification := func(member string) string {
			return `{"Name":"wrong","EventNotificationSubscription":{` + member + `}}`
		}
		for name, body := range map[string]string{
			"no name": `{}`, "blank name": `{"Name":" "}`, "taken name": `{"Name":"owners of api keys that END"}`, "another type": `{"Name":"x","Type":"Slack"}`,
			"unknown team": notification(`"EmailTeams":["Teams-987654"]`), "no team": notification(`"WebhookTeams":["all"]`),
			"time span": notification(`"EmailFrequencyPeriod":"an hour"`), "25 hours": notification(`"EmailFrequencyPeriod":"25:00:00"`), "too rare": notification(`"EmailFrequencyPeriod":"32.00:00:00"`),
			"no timeout": notification(`"WebhookTimeout":"-00:00:01"`), "long timeout": notification(`"WebhookTimeout":"00:01:00"`),
			"priority": notification(`"EmailPriority":"Urgent"`), "zone": notification(`"EmailShowDatesInTimeZoneId":"Local"`),
			"not an address": notification(`"WebhookURI":"example.com"`), "not encrypted": notification(`"WebhookURI":"http://example.com/"`), "inside": notification(`"WebhookURI":"https://127.0.0.1/"`),
			"password": notification(`"WebhookURI":"https://a:b@example.com/"`), "Slack": notification(`"SlackChannelIds":["C1"]`),
			"header": notification(`"WebhookURI":"https://example.com/","WebhookHeaderKey":"X Key"`), "our header": notification(`"WebhookURI":"https://example.com/","WebhookHeaderKey":"Webhook-Id"`),
			"line break": notification(`"WebhookURI":"https://example.com/","WebhookHeaderKey":"X","WebhookHeaderValue":"a\r\nb"`), "value alone": notification(`"WebhookHeaderValue":"x"`),
			"empty entry": notification(`"Filter":{"Users":[""]}`), "number": notification(`"Filter":{"Users":[1]}`),
		} {
			answer := client.JSON(http.MethodPost, "/api/subscriptions", body)
			var refusal struct{ Errors []string }
			if err := json.Unmarshal([]byte(answer.Body), &refusal); answer.Status != 400 || err != nil || len(refusal.Errors) == 0 {
				t.Errorf("%s: got %d %s, want 400 with Errors", name, answer.Status, answer.Body)
			}
		}
		if after := f.Count("SELECT COUNT(*) FROM subscriptions"); after != before {
			t.Errorf("refused calls left %d subscriptions", after-before)
		}
		builtIn := text(t, client.Get("/api/subscriptions?partialName=owners").Want(200), "Items.0.Id")
		client.Do(http.MethodDelete, "/api/subscriptions/"+builtIn, "", nil).Want(403)
	})
}
