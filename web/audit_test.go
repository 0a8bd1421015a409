package web_test

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

const auditPage = "/configuration/audit"

// happened lists the sentences of the page, with who did it.
func happened(a webtest.Answer) string {
	lines := a.Find("#audit .feed-words").Map(func(_ int, s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") })
	return strings.Join(lines, "|")
}

// aTrail leaves a few events on two days: a key made by Alice, and by the
// administrator its end and another setting.
func aTrail(t *testing.T, f *storetest.Fixture) models.APIKey {
	t.Helper()
	key, _, err := f.Store.IssueAPIKey(f.As(f.Alice), f.Alice.ID, models.NewKey{Purpose: `<b>=Deploy`})
	if err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(24 * time.Hour)
	if _, err := f.Store.RevokeAPIKey(f.As(f.Admin), f.Alice.ID, key.ID); err != nil {
		t.Fatal(err)
	}
	settings, err := f.Store.AuthSettings(f.As(f.Admin))
	if err != nil {
		t.Fatal(err)
	}
	settings.APIKeyDefaultDays = 90
	if _, err := f.Store.SaveAuthSettings(f.As(f.Admin), settings); err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAuditFiltersCombine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key := aTrail(t, f)
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		const made, ended, changed = `made`, `revoked`, `settings`
		what := func(page webtest.Answer) string {
			var found []string
			for line := range strings.SplitSeq(happened(page), "|") {
				switch {
				case strings.Contains(line, "settings were changed"):
					found = append(found, changed)
				case strings.Contains(line, "was revoked"), strings.Contains(line, "revoked"):
					found = append(found, ended)
				case strings.Contains(line, `<b>=Deploy`):
					found = append(found, made)
				}
			}
			return strings.Join(found, " ")
		}
		for query, want := range map[string]string{
			"":                               "settings revoked made",
			"who=alice":                      "made",
			"who=ALICE":                      "made",
			"who=" + f.Alice.PublicID():      "made",
			"who=nobody":                     "",
			"category=Deleted":               "revoked",
			"group=Document":                 "settings revoked made",
			"group=ApiKeyExpiry":             "",
			"group=Login&category=Deleted":   "",
			"type=Configuration":             "settings",
			"type=ApiKeys&who=admin":         "revoked",
			"document=authentication":        "settings",
			"document=" + f.Alice.PublicID(): "revoked made",
			"key=" + strings.ToUpper(key.ID): "revoked made",
			"on-from=2026-11-24":             "settings revoked",
			"on-to=2026-11-23":               "made",
			"on-from=2026-11-23&on-to=2026-11-24&who=admin": "settings revoked",
			"on-to=2001-01-01":  "",
			"before=x&after=-3": "settings revoked made",
		} {
			if got := what(admin.Get(auditPage + "?" + query).Want(200)); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		for query, field := range map[string]string{"group=Lost": "group", "category=Lost": "category", "type=Lost": "type", "who=%00": "who", "document=%FF": "document", "key=%00": "key",
			"on-from=yesterday": "on-from", "on-from=2026-11-24&on-to=2026-11-23": "on-to"} {
			page := admin.Get(auditPage + "?" + query).Want(422)
			if page.Find("[role=alert] a[href='#"+field+"']").Length() != 1 || page.Find("#"+field+"[aria-invalid=true]").Length() != 1 || page.Find(".feed").Length() != 0 {
				t.Errorf("%s: the page does not say what is wrong with %s alone", query, field)
			}
			admin.Get(auditPage + "/export?" + query).Want(422)
			admin.HTMX("GET", auditPage+"?"+query, nil).Want(422)
		}
	})
}

// An event says who, how, from where and what changed, and nothing of it is
// markup.
func TestAuditDetails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key := aTrail(t, f)
		site := webtest.New(t, f.Store)
		admin := browserOf(f, site, f.Admin)
		page := admin.Get(auditPage + "?document=authentication").Want(200)
		if got := words(page, ".mini tbody tr"); got != "ApiKeyDefaultExpiryDays18090" {
			t.Errorf("difference: %q", got)
		}
		if words(page, ".mini del") != "180" || words(page, ".mini ins") != "90" {
			t.Errorf("before and after: %q, %q", words(page, ".mini del"), words(page, ".mini ins"))
		}
		page = admin.Get(auditPage + "?category=Created&who=alice").Want(200)
		if page.Find("#audit b b").Length() != 0 || !strings.Contains(happened(page), "<b>=Deploy") {
			t.Errorf("the purpose is not text: %s", happened(page))
		}
		for _, href := range []string{"?who=" + f.Alice.PublicID(), "?document=" + key.ID, "?document=" + f.Alice.PublicID()} {
			if page.Find(`.feed-facts a[href="`+auditPage+href+`"]`).Length() != 1 {
				t.Errorf("no link to %s", href)
			}
		}
		if days := words(admin.Get(auditPage).Want(200), "h2.day"); days != "Today Yesterday" {
			t.Errorf("days: %q", days)
		}
		fragment := admin.HTMX("GET", auditPage, nil).Want(200)
		if fragment.Find("form").Length() != 0 || happened(admin.Get(auditPage)) == "" || fragment.Find(".feed").Length() != 2 {
			t.Error("htmx must get the list alone")
		}
	})
}

// Each thing leads to its own history, for those who may read it.
func TestHistories(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key := aTrail(t, f)
		site, team := webtest.New(t, f.Store), teamInPath(t, f)
		admin, alice := browserOf(f, site, f.Admin), browserOf(f, site, f.Bob)
		for path, query := range map[string]string{
			"/configuration/users/" + f.Alice.PublicID():                        "document=" + f.Alice.PublicID(),
			"/configuration/users/" + f.Alice.PublicID() + "/apikeys/" + key.ID: "key=" + key.ID,
			teamPath(team):                           "document=" + team.PublicID(),
			"/configuration/settings/authentication": "document=authentication",
			"/configuration/settings/audit":          "document=eventretention",
		} {
			link := admin.Get(path).Want(200).Find(`a[href="` + auditPage + "?" + query + `"]`)
			if link.Length() != 1 {
				t.Errorf("%s has %d links to its history", path, link.Length())
			}
		}
		own, _, err := f.Store.IssueAPIKey(f.As(f.Bob), f.Bob.ID, models.NewKey{Purpose: "Own"})
		if err != nil {
			t.Fatal(err)
		}
		if alice.Get("/account/apikeys/"+own.ID).Want(200).Find(`a[href^="`+auditPage+`"]`).Length() != 0 {
			t.Error("somebody who may not read the trail is led there")
		}
		alice.Get(auditPage).Want(403)
	})
}

func TestAuditPagesWalkBothWays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for i := range 70 {
			f.Issue(f.Robot, models.NewKey{Purpose: fmt.Sprint("Key ", i)})
		}
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		list := auditPage + "?type=ApiKeys&group=Document&document=" + f.Robot.PublicID()
		var pages []string
		for next := list; next != ""; {
			page := admin.Get(next).Want(200)
			pages = append(pages, happened(page))
			next = page.Find("#audit a[rel=next]").AttrOr("href", "")
			if len(pages) == 3 { // and back again
				for back := len(pages) - 2; back >= 0; back-- {
					page = admin.Get(page.Find("#audit a[rel=prev]").AttrOr("href", "")).Want(200)
					if got := happened(page); got != pages[back] {
						t.Errorf("back on page %d: %.80s, want %.80s", back+1, got, pages[back])
					}
				}
			}
		}
		all := strings.Split(strings.Join(pages, "|"), "|")
		if len(pages) != 3 || len(all) != 70 || !strings.Contains(all[0], "Key 69") || !strings.Contains(all[69], `"Key 0"`) {
			t.Errorf("%d pages with %d events, from %s to %s", len(pages), len(all), all[0], all[len(all)-1])
		}
	})
}

func TestAuditExport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		for i := range 1100 {
			if i%11 == 0 {
				f.Issue(f.Robot, models.NewKey{Purpose: fmt.Sprint("=HYPERLINK(", i)})
			}
		}
		site := webtest.New(t, f.Store)
		answer := browserOf(f, site, f.Admin).Get(auditPage + "/export?type=ApiKeys&before=3").Want(200)
		rows, err := csv.NewReader(strings.NewReader(answer.Body)).ReadAll()
		if err != nil || len(rows) != 101 || !strings.Contains(answer.Header.Get("Content-Disposition"), "audit-2026-11-23.csv") {
			t.Fatalf("%d rows in %s: %v", len(rows), answer.Header.Get("Content-Disposition"), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") {
					t.Fatalf("a cell is a formula: %s", cell)
				}
			}
		}
	})
}

// Who is refused is on the page, by the rule that was asked for and not by the
// address that was typed.
func TestRefusalsAreEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		site := webtest.New(t, f.Store)
		browserOf(f, site, f.Bob).Get(auditPage + "?who=what-was-typed").Want(403)
		_, key := usable(t, f, f.Bob)
		site.WithKey(key).Get("/api/users").Want(403)
		site.Client().Get(auditPage).Want(303)
		page := browserOf(f, site, f.Admin).Get(auditPage + "?category=AccessDenied").Want(200)
		want := "bob was refused: GET /api/users|bob was refused: GET /configuration/audit"
		if got := happened(page); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := words(page, ".feed-facts"); !strings.Contains(got, "Session cookie") || !strings.Contains(got, "With the keyAPI-") {
			t.Errorf("details = %q, want how Bob was identified", got)
		}
	})
}

func TestAuditRetentionByREST(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		admin := apiAdmin(f, webtest.New(t, f.Store))
		const path = "/api/configuration/eventretention/values"
		if got := dig(t, admin.JSON("PUT", path, `{"eventRetentionDays":365,"Other":1}`).Want(200), "EventRetentionDays"); got != 365.0 {
			t.Errorf("days = %v, want 365", got)
		}
		admin.JSON("PUT", path, `{}`).Want(200)
		for _, days := range []string{"0", "-1", "3661", "1.5", `"many"`} {
			admin.JSON("PUT", path, `{"EventRetentionDays":`+days+`}`).Want(400)
		}
		if got := dig(t, admin.Get(path).Want(200), "EventRetentionDays"); got != 365.0 {
			t.Errorf("days = %v, want 365", got)
		}
		for query, want := range map[string]int{"": 2, "?skip=1": 1, "?take=0": 0, "?skip=7": 0, "?take=1": 1} {
			if got := len(items(t, admin.Get("/api/configuration"+query).Want(200))); got != want {
				t.Errorf("%q lists %d sections, want %d", query, got, want)
			}
		}
	})
}

func TestAuditRetentionByForm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		const path = "/configuration/settings/audit"
		admin := browserOf(f, webtest.New(t, f.Store), f.Admin)
		page := admin.Get(path).Want(200)
		form := url.Values{"csrf": {page.Value("csrf")}, "version": {page.Value("version")}, "days": {"0"}}
		if page.Value("days") != "90" {
			t.Errorf("days = %q, want 90", page.Value("days"))
		}
		for _, refused := range []webtest.Answer{admin.Form(path, form), admin.HTMX("POST", path, form)} {
			if refused.Want(422).Find("#days[aria-invalid=true]").Length() != 1 {
				t.Error("the page does not say what is wrong")
			}
		}
		form.Set("days", "400")
		admin.Form(path, form).Want(303)
		if got := admin.Get(path).Want(200); got.Value("days") != "400" || words(got, "main [role=status] .notice-title") != "Settings saved" {
			t.Errorf("days = %q", got.Value("days"))
		}
		form.Set("days", "30")
		if late := admin.Form(path, form).Want(409); late.Value("days") != "30" || words(late, "[role=alert] li") == "" {
			t.Error("who saves later than somebody else must be told")
		}
		if !strings.Contains(words(admin.Get(auditPage), ".foot"), "kept for 400 days") {
			t.Error("the audit page does not say how long events are kept")
		}
	})
}
