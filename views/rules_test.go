package views

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// The rules that hold for everything that is rendered.

func rendered(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatalf("render: %v", err)
	}
	return b.String()
}

func parsed(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(rendered(t, c)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func each(t *testing.T, samples []sample, check func(*testing.T, *goquery.Document)) {
	t.Helper()
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) { check(t, parsed(t, s.component)) })
	}
}

// outline shows an element in a failure: its start tag.
func outline(s *goquery.Selection) string {
	out, _ := goquery.OuterHtml(s)
	if len(out) > 160 {
		out = out[:160] + "…"
	}
	return out
}

// The content security policy refuses all of this; a page must not need it.
func TestNothingInline(t *testing.T) {
	each(t, append(pages(), fragments()...), func(t *testing.T, doc *goquery.Document) {
		doc.Find("style, script:not([src]), base, iframe, object, embed, [style], [srcdoc]").Each(func(_ int, s *goquery.Selection) {
			t.Errorf("inline or foreign content: %s", outline(s))
		})
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Nodes[0].Attr {
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.HasPrefix(a.Key, "hx-vals") || strings.Contains(a.Val, "javascript:") || strings.Contains(a.Val, "js:") {
					t.Errorf("attribute %s=%q needs evaluation", a.Key, a.Val)
				}
			}
		})
	})
}

func TestEveryControlHasALabel(t *testing.T) {
	each(t, append(pages(), fragments()...), func(t *testing.T, doc *goquery.Document) {
		doc.Find("input:not([type=hidden]):not([aria-hidden=true]), select, textarea").Each(func(_ int, s *goquery.Selection) {
			if strings.TrimSpace(labelOf(doc, s)) == "" {
				t.Errorf("no label: %s", outline(s))
			}
		})
		doc.Find("button, a[href], summary").Each(func(_ int, s *goquery.Selection) {
			if strings.TrimSpace(s.Text()+s.AttrOr("aria-label", "")) == "" {
				t.Errorf("no name: %s", outline(s))
			}
		})
	})
}

func labelOf(doc *goquery.Document, s *goquery.Selection) string {
	if label := s.AttrOr("aria-label", ""); label != "" {
		return label
	}
	if label := s.Closest("label"); label.Length() > 0 {
		return label.Text()
	}
	return doc.Find(`label[for="` + s.AttrOr("id", "") + `"]`).Text()
}

func TestIDsAreUniqueAndFound(t *testing.T) {
	each(t, pages(), func(t *testing.T, doc *goquery.Document) {
		ids := uniqueIDs(t, doc)
		for _, name := range []string{"for", "form", "aria-describedby", "aria-labelledby", "aria-controls", "popovertarget", "data-copy"} {
			doc.Find("[" + name + "]").Each(func(_ int, s *goquery.Selection) {
				for _, id := range strings.Fields(s.AttrOr(name, "")) {
					if !ids[id] {
						t.Errorf("%s=%q leads nowhere", name, id)
					}
				}
			})
		}
		doc.Find(`a[href^="#"], [hx-target^="#"], [hx-indicator]`).Each(func(_ int, s *goquery.Selection) {
			for _, name := range []string{"href", "hx-target", "hx-indicator"} {
				if id, is := strings.CutPrefix(s.AttrOr(name, ""), "#"); is && !ids[id] {
					t.Errorf("%s=#%s leads nowhere", name, id)
				}
			}
		})
	})
}

func uniqueIDs(t *testing.T, doc *goquery.Document) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if id == "" || ids[id] || strings.ContainsAny(id, " \t\n") {
			t.Errorf("id %q is empty, used twice or has a space", id)
		}
		ids[id] = true
	})
	return ids
}

func TestFragmentIDsAreUnique(t *testing.T) {
	each(t, fragments(), func(t *testing.T, doc *goquery.Document) { uniqueIDs(t, doc) })
}

// What htmx asks for must be what a click or a submit without it asks for.
func TestHTMXRepeatsThePlainAddress(t *testing.T) {
	each(t, append(pages(), fragments()...), func(t *testing.T, doc *goquery.Document) {
		doc.Find("a[hx-get], form[hx-get], form[hx-post]").Each(func(_ int, s *goquery.Selection) {
			plain := s.AttrOr("href", s.AttrOr("action", ""))
			if got := s.AttrOr("hx-get", s.AttrOr("hx-post", "")); got != plain {
				t.Errorf("htmx asks for %q, a plain browser for %q", got, plain)
			}
			if s.AttrOr("hx-target", "") == "" {
				t.Errorf("no target, and inheritance is off: %s", outline(s))
			}
		})
	})
}

func TestFormsOfSignedInPeopleCarryTheToken(t *testing.T) {
	each(t, append(pages(), fragments()...), func(t *testing.T, doc *goquery.Document) {
		doc.Find(`form[method="post"]`).Each(func(_ int, s *goquery.Selection) {
			action := s.AttrOr("action", "")
			want := 1
			if slices.Contains([]string{pathSignIn, pathSetup, pathInvitation, pathReset, pathForgot, pathPasskeySignIn, pathSecondStep, pathUnsubscribe}, action) {
				want = 0
			}
			if got := s.Find(`input[type=hidden][name=csrf][value=c5rf]`).Length(); got != want {
				t.Errorf("form to %s has %d tokens, want %d", action, got, want)
			}
		})
	})
}

func TestDocumentsAreWhole(t *testing.T) {
	each(t, pages(), func(t *testing.T, doc *goquery.Document) {
		for selector, want := range map[string]int{"html[lang=en]": 1, "head > title": 1, "main#main": 1, "h1": 1, "a.skip[href='#main']": 1, "#toasts[role=status]": 1, "meta[name=viewport]": 1} {
			if got := doc.Find(selector).Length(); got != want {
				t.Errorf("%d × %s, want %d", got, selector, want)
			}
		}
		if title := doc.Find("head > title").Text(); !strings.HasSuffix(title, " · Keyport") {
			t.Errorf("title = %q, want it to end in Keyport", title)
		}
	})
}

func TestFragmentsAreNotDocuments(t *testing.T) {
	for _, s := range fragments() {
		if out := rendered(t, s.component); strings.Contains(out, "<html") || strings.Contains(out, "<main") {
			t.Errorf("%s is a document, want only the part that changes", s.name)
		}
	}
}

// hostile is text that somebody may have typed anywhere.
const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>` + "\u202e" + `{{7*7}}${7*7}</title></textarea>javascript:alert(1)`

var tag = regexp.MustCompile(`(?i)<(script>|img|/title></textarea)`)

func TestHostileTextIsShownAsText(t *testing.T) {
	for _, s := range hostileSamples() {
		t.Run(s.name, func(t *testing.T) {
			out := rendered(t, s.component)
			if found := tag.FindString(out); found != "" {
				t.Errorf("markup came through: %s", found)
			}
			doc := parsed(t, s.component)
			if doc.Find("img, [onerror]").Length() > 0 {
				t.Error("hostile text became elements")
			}
			doc.Find("a[href], form[action]").Each(func(_ int, sel *goquery.Selection) {
				if address := sel.AttrOr("href", sel.AttrOr("action", "")); strings.HasPrefix(address, "javascript:") {
					t.Errorf("address %q runs a script", address)
				}
			})
			if strings.Contains(s.name, "shows") && !strings.Contains(textOf(doc.Nodes[0]), hostile) {
				t.Error("the text is not shown as it was typed")
			}
		})
	}
}

// textOf is all text and all values of a page, as a reader would see them.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for _, a := range n.Attr {
		if a.Key == "value" {
			b.WriteString(a.Val)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return b.String()
}

func hostileSamples() []sample {
	person := Person{hostile, hostile, hostile, "<s"}
	evil := "javascript:alert(1)"
	s := Shell{Title: hostile, Area: AreaProfile, User: person, CSRF: hostile, Flash: &Notice{ToneWarn, hostile, hostile, evil}, Configuration: evil, Side: []NavLink{{evil, hostile, "key", true}}}
	f := Field{Name: "f", Label: hostile, Value: hostile, Hint: hostile, Error: hostile, Placeholder: hostile}
	moment, problems, crumbs := Moment{hostile, hostile}, []Problem{{"", hostile}}, []Crumb{{evil, hostile}}
	row := KeyRow{Path: evil, Purpose: hostile, Hint: hostile, Access: hostile, Badge: hostile, Created: moment, Relative: hostile, Expires: moment, LastUsed: hostile, LastUsedMoment: moment, LastUsedFrom: hostile, RevokePath: evil, RotatePath: evil, Tone: ToneBad}
	list := KeyList{Shell: s, Path: evil, NewPath: evil, CanNew: true, Disabled: s.Flash, Search: hostile, Hidden: []Pair{{"status", hostile}}, Rows: []KeyRow{row}, Status: hostile, Zone: hostile,
		Tabs: []Tab{{Label: hostile, Href: evil}}, Columns: []Column{{Label: hostile, Href: evil}}, Pager: Pager{evil, evil, hostile}}
	others := list
	others.Owner, others.Lead, others.Crumbs = hostile, hostile, crumbs
	none := list
	none.Rows = nil
	expiry := ExpiryForm{Zone: hostile, Choices: []ExpiryChoice{{hostile, hostile, hostile, moment, true}}, Custom: Field{Name: "g", Value: hostile}, CustomHint: hostile, Hint: hostile, Error: hostile}
	newKey := NewKeyForm{Shell: s, Path: evil, ListPath: evil, Owner: hostile, Crumbs: crumbs, FormID: hostile, Purpose: f, Expiry: expiry, Title: hostile, Problems: problems,
		Access: AccessForm{Error: hostile, Services: []Check{{"h", hostile, hostile, hostile, true}}, ServicesHint: hostile, ServicesError: hostile, Allowed: Field{Name: "i", Label: hostile, Value: hostile, Hint: hostile}, Denied: Field{Name: "j", Error: hostile}, Open: true}}
	rotate := RotationForm{Shell: s, Path: evil, Owner: hostile, Crumbs: crumbs, KeyPath: evil, Key: row, Sentence: hostile, FormID: hostile, Expiry: expiry, Title: hostile, Problems: problems,
		Overlap: OverlapForm{Choices: []OverlapChoice{{hostile, hostile, hostile, true}}, Custom: Field{Name: "k", Label: hostile, Value: hostile}, LastDay: hostile, Latest: hostile, Error: hostile}}
	over := rotate
	over.Over = &RotationOver{hostile, hostile, Link{evil, hostile}}
	relative := &Relative{evil, hostile, hostile}
	reveal := Reveal{s, hostile, hostile, moment, hostile, hostile, evil, crumbs, evil, hostile, hostile}
	revoke := RevokeDialog{s, hostile, hostile, hostile, hostile, hostile, evil, evil, crumbs}
	impact := Impact{ToneWarn, hostile, hostile, evil}
	settings := AuthSettings{Shell: s, Path: evil, ImpactPath: evil, Version: hostile, Default: f, Maximum: Field{Name: "g", Value: hostile}, DefaultWas: hostile, MaximumWas: hostile, DefaultImpact: impact, MaximumImpact: impact, Problems: problems, ProblemTitle: hostile,
		SignOn: SignOnSettings{On: true, Issuer: hostile, ClientID: hostile, Secret: hostile, Redirect: hostile, Scopes: hostile, Users: hostile, Groups: hostile, Local: hostile, Teams: []GroupTeam{{hostile, hostile}}}}
	oops := ErrorPage{500, hostile, hostile, evil, hostile, hostile}
	return append([]sample{
		{"keys shows", KeysPage(list)}, {"keys of others shows", KeysPage(others)}, {"table shows", KeysTable(list)}, {"search shows", KeysPage(none)},
		{"key shows", KeyDetails(KeyPage{s, crumbs, row, hostile, []KeyClient{{hostile, hostile, moment, hostile}}, hostile, evil, hostile, []Pair{{hostile, hostile}}, evil, relative, relative, &OldKeyUse{hostile, []KeyClient{{hostile, hostile, moment, hostile}}}, true})},
		{"rotation shows", RotationPage(rotate)}, {"rotation main shows", RotationMain(rotate)}, {"rotation over shows", RotationPage(over)},
		{"new key shows", NewKeyPage(newKey)}, {"new key main shows", NewKeyMain(newKey)},
		{"reveal shows", RevealPage(reveal)}, {"reveal main shows", RevealMain(reveal)},
		{"revoke shows", RevokePage(revoke)}, {"revoke fragment shows", RevokeFragment(revoke)},
		{"profile shows", ProfilePage(Profile{s, hostile, hostile, hostile, hostile, hostile, hostile, []ZoneOption{{hostile, hostile}}, hostile, KeyMailOff})},
		{"password shows", PasswordPage(Password{s, f, Field{Name: "g"}, Field{Name: "h"}, problems})},
		{"sessions shows", SessionsPage(Sessions{s, []SessionRow{{hostile, hostile, hostile, moment, hostile, false, evil}}, hostile})},
		{"settings shows", AuthSettingsPage(settings)}, {"settings main shows", AuthSettingsMain(settings)}, {"impact shows", ImpactLine("i", impact)},
		{"sign-in shows", SignInPage(SignIn{f, Field{Name: "p", Type: "password", Value: hostile}, hostile, s.Flash, SignInWays{SignOn: hostile, Forgot: true}, true})},
		{"setup shows", SetupPage(Setup{hostile, f, Field{Name: "g"}, Field{Name: "h"}, Field{Name: "i"}, problems, false})},
		{"error shows", ErrorDocument(oops)}, {"error notice shows", ErrorNotice(oops)}, {"toast shows", Toast(*s.Flash)},
	}, slices.Concat(
		hostileTeams(s),
		hostileServices(s),
		hostileUsers(s),
		hostileAllKeys(s),
		hostileAudit(s),
		hostileMailSettings(s),
		hostileReceipts(s),
		hostileTasks(s),
		hostilePasswordLinks(s),
		hostileSignIn(s),
		hostileCalendar(s),
	)...)
}
