package views

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func mailSample() Mail {
	return Mail{Subject: "Choose a new password for Keyport", Preview: "The link works once.", Title: "Choose a new password", Text: "Hello Maya.",
		Facts: []Fact{{"User name", "maya"}, {"Works until", "Mon 23 Nov 2026, 12:30 Europe/Stockholm"}}, Action: "Choose a new password",
		Link: "https://keyport.example.com/reset-password?token=ONCE", After: "The link works once.", Why: "You get this because a new password was asked for."}
}

// A letter stands alone: it loads nothing, so that opening it tells nobody.
func TestMailLoadsNothing(t *testing.T) {
	doc := parsed(t, MailPage(mailSample()))
	if n := doc.Find("link, script, img, iframe, form, [src], [background]").Length(); n != 0 || strings.Contains(rendered(t, MailPage(mailSample())), "url(") {
		t.Errorf("the letter loads %d things", n)
	}
	for selector, want := range map[string]string{"title": "Choose a new password for Keyport", "h1": "Choose a new password", ".facts tr:first-child th[scope=row]": "User name", ".facts tr:first-child td": "maya", ".cta a": "Choose a new password"} {
		if got := doc.Find(selector).Text(); got != want {
			t.Errorf("%s = %q, want %q", selector, got, want)
		}
	}
	doc.Find("a").Each(func(_ int, a *goquery.Selection) {
		if got := a.AttrOr("href", ""); got != mailSample().Link {
			t.Errorf("a link leads to %q", got)
		}
	})
}

func TestMailAsPlainText(t *testing.T) {
	want := `Choose a new password

Hello Maya.

User name: maya
Works until: Mon 23 Nov 2026, 12:30 Europe/Stockholm

Choose a new password:
https://keyport.example.com/reset-password?token=ONCE

The link works once.

` + "-- " + `
You get this because a new password was asked for.
`
	if got := mailSample().Plain(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	bare := Mail{Title: "Hello", Text: "Nothing to do.", Why: "Because."}
	if got, want := bare.Plain(), "Hello\n\nNothing to do.\n\n-- \nBecause.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
