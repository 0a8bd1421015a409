package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

func TestEventQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		client := asAdmin(t, f, webtest.New(t, f.Store))
		key, _ := f.Issue(f.Robot, models.NewKey{Purpose: `<b>"Nightly" & co</b>`})
		other, _ := f.Issue(f.Alice, models.NewKey{Purpose: "=HYPERLINK(1)"})
		client.Do(http.MethodDelete, "/api/users/"+f.Robot.PublicID()+"/apikeys/"+key.ID, "", nil).Want(200)
		client.JSON(http.MethodPut, "/api/configuration/authentication/values", `{"ApiKeyDefaultExpiryDays":90}`).Want(200)

		categories := func(query string) string {
			t.Helper()
			var found []string
			for _, item := range items(t, client.Get("/api/events?"+query).Want(200)) {
				found = append(found, fmt.Sprint(item["Category"]))
			}
			return strings.Join(found, " ")
		}
		for query, want := range map[string]string{
			"regarding=" + key.ID:                                              "Deleted Created",
			"regardingAny=" + key.ID + "," + other.ID:                          "Deleted Created Created",
			"regarding=" + key.ID + "," + f.Robot.PublicID():                   "Deleted Created",
			"regarding=" + key.ID + "," + f.Alice.PublicID():                   "",
			"user=" + f.Admin.PublicID() + "&documentTypes=ApiKeys":            "Deleted",
			"users=Users-987654":                                               "",
			"eventCategories=Deleted,Modified":                                 "Modified Deleted",
			"eventGroups=Document&documentTypes=Configuration":                 "Modified",
			"eventGroups=Deployment":                                           "",
			"eventAgents=Server&eventCategories=Created&documentTypes=ApiKeys": "Created Created Created",
			"projects=Projects-1":                                              "",
			"from=2026-11-23&to=2026-11-24&eventCategories=Deleted":            "Deleted",
			"from=2030-01-01T00:00:00+01:00":                                   "",
			"to=2020-01-01T00:00:00Z":                                          "",
			"regarding=%00":                                                    "",
			"appliesTo=&spaces=Spaces-1&includeSystem=true&internal=false&eventCategories=Deleted": "Deleted",
			"EVENTCATEGORIES=Deleted&Take=2147483647":                                              "Deleted",
		} {
			if got := categories(query); got != want {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		for _, query := range []string{"from=yesterday", "to=2026-13-01", "fromAutoId=x", "toAutoId=-1", "take=-1"} {
			client.Get("/api/events?" + query).Want(400)
		}
		checkEvent(t, client, key.ID)
		checkEventTable(t, client)
		checkEventPages(t, client)
	})
}

// checkEvent looks at what one event says.
func checkEvent(t *testing.T, client *webtest.Client, key string) {
	t.Helper()
	list := client.Get("/api/events?eventCategories=Deleted&regarding=" + key).Want(200)
	one := client.Get("/api/events/" + text(t, list, "Items.0.Id")).Want(200)
	if html := text(t, one, "MessageHtml"); strings.Contains(html, "<b>") || !strings.Contains(html, "<a href='#/apikeys/"+key+"'>&#34;&lt;b&gt;") {
		t.Errorf("MessageHtml = %s", html)
	}
	if hint := text(t, one, "ApiKeyHint"); !strings.HasPrefix(hint, "API-") || strings.Count(hint, "•") != 7 {
		t.Errorf("ApiKeyHint = %q", hint)
	}
	changed := client.Get("/api/events?eventCategories=Modified&documentTypes=Configuration").Want(200)
	const difference = "Items.0.ChangeDetails.Differences."
	if text(t, changed, difference+"0.op") != "test" || dig(t, changed, difference+"0.value") != 180.0 || text(t, changed, difference+"1.path") != "/ApiKeyDefaultExpiryDays" || dig(t, changed, difference+"1.value") != 90.0 {
		t.Errorf("differences = %v", dig(t, changed, "Items.0.ChangeDetails"))
	}
	if dig(t, client.Get("/api/events?eventCategories=Modified&excludeDifference=true").Want(200), "Items.0.ChangeDetails.Differences") != nil {
		t.Error("excludeDifference did not leave the differences out")
	}
	for _, unknown := range []string{"Events-987654321", "Events-", "Events-01", "x"} {
		client.Get("/api/events/" + unknown).Want(404)
	}
}

// checkEventTable reads the events as a table, which holds them all.
func checkEventTable(t *testing.T, client *webtest.Client) {
	t.Helper()
	answer := client.Get("/api/events?asCsv=true&take=1").Want(200)
	rows, err := csv.NewReader(strings.NewReader(answer.Body)).ReadAll()
	if err != nil || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("the table is %s: %v", answer.Header.Get("Content-Type"), err)
	}
	if total := dig(t, client.Get("/api/events?take=0").Want(200), "TotalResults").(float64); len(rows) != int(total)+1 {
		t.Errorf("the table has %d rows, want %v and a head", len(rows), total)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("a cell is a formula: %s", cell)
			}
		}
	}
}

// checkEventPages walks from page to page as the Go client does.
func checkEventPages(t *testing.T, client *webtest.Client) {
	t.Helper()
	seen := map[string]bool{}
	for next := "/api/events?take=2&eventGroups=Document"; next != ""; {
		page := client.Get(next).Want(200)
		for _, item := range items(t, page) {
			id := item["Id"].(string)
			if seen[id] {
				t.Errorf("%s is on two pages", id)
			}
			seen[id] = true
		}
		next, _ = page.JSON()["Links"].(map[string]any)["Page.Next"].(string)
		if next != "" {
			if u, err := url.Parse(next); err != nil || u.Query().Get("eventGroups") != "Document" {
				t.Fatalf("Page.Next = %s", next)
			}
		}
	}
	if total := dig(t, client.Get("/api/events?take=0&eventGroups=Document").Want(200), "TotalResults").(float64); len(seen) != int(total) {
		t.Errorf("walked over %d events, want %v", len(seen), total)
	}
}
