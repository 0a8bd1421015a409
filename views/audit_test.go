package views

import (
	"testing"

	"github.com/a-h/templ"
)

func TestAudit(t *testing.T) {
	look, none := trailOfEvents(), trailOfEvents()
	look.SettingsPath = ""
	none.Days, none.ExportPath = nil, ""
	for _, tt := range []struct {
		name      string
		component templ.Component
		want      wants
	}{
		{"each event opens, in the section of its day", AuditPage(trailOfEvents()), wants{
			"section": 2, "section:first-of-type .feed > li > details": 2, "details[open]": 0, "summary time[datetime]": 3, "summary a": 0, "a[download]": 1, "a[href='/configuration/settings/audit']": 1}},
		{"a difference is struck out and put in", AuditPage(trailOfEvents()), wants{".mini tbody tr": 1, ".mini del": 1, ".mini ins": 1, ".mini caption": 1}},
		{"the filters are an address", AuditPage(trailOfEvents()), wants{"form#event-search[method=get]": 1, "#event-search input, #event-search select": 8, "#event-search [type=hidden]": 0}},
		{"the page for htmx is the inside of the region", AuditFeed(trailOfEvents()), wants{"#audit": 0, "form": 0, "section": 2, "title": 1, "a[rel=next][hx-get][hx-target='#audit']": 1}},
		{"nothing found leads back", AuditPage(none), wants{".empty a[href='/configuration/audit']": 1, "a[download]": 0, "section": 0}},
		{"who can't change the retention is not led there", AuditPage(look), wants{".foot a": 0}},
		{"the retention is one number", AuditSettingsPage(auditSettings0()), wants{"form[method=post] input[type=number][name=days][required]": 1, "input[name=version][value='3']": 1, "a[href*='document=eventretention']": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) { checkWants(t, parsed(t, tt.component), tt.want) })
	}
}
