package views

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
)

// wants are selectors that must match, and how often.
type wants map[string]int

func checkWants(t *testing.T, doc *goquery.Document, want wants) {
	t.Helper()
	for selector, n := range want {
		if got := doc.Find(selector).Length(); got != n {
			t.Errorf("%d × %s, want %d", got, selector, n)
		}
	}
}

func TestPages(t *testing.T) {
	tests := []struct {
		name      string
		component templ.Component
		want      wants
	}{
		{"the list has a row for each key and one way to revoke each", KeysPage(keyList()), wants{
			"tbody tr": 6, "a[href$='/revocation'][aria-haspopup=dialog]": 6, "a.btn-primary[href='/account/apikeys/new']": 1, ".pager": 0, "[hx-swap-oob]": 0,
			"nav.tabs a[aria-current=true]": 1, "th[aria-sort=ascending]": 1, "svg.life.bad": 1, "svg.life.warn": 1, ".is-off": 0}},
		{"an ended key has no bar and nothing to revoke", KeysPage(allKeys()), wants{
			"tr.is-off": 2, "tr.is-off .life": 0, "tr.is-off .btn": 0, "tr.is-off .badge": 2, ".pager a": 2}},
		{"the search form carries the filter along", KeysPage(keyList()), wants{
			"form#keys-search[method=get][role=search]": 1, "#keys input[type=hidden][form=keys-search]": 2, "#keys-search button[type=submit]": 1}},
		{"no key yet leads to the first one", KeysPage(KeyList{Empty: true, CanNew: true, NewPath: "/n"}), wants{
			".empty a.btn-primary[href='/n']": 1, "a.btn-primary": 1, "table": 0, "#keys-search": 0}},
		{"new keys are off", KeysPage(disabledKeys()), wants{".notice.info": 1, "a[href$='/new']": 0, "tbody tr": 8, "a[href$='/revocation']": 6}},
		{"new keys are off and there is none", KeysPage(KeyList{Empty: true, Disabled: &Notice{Title: "Off"}}), wants{".empty a": 0, ".notice": 1}},
		{"the table for htmx brings tabs and status out of band", KeysTable(keyList()), wants{
			"nav#keys-tabs[hx-swap-oob=true]": 1, "#keys-status[hx-swap-oob=innerHTML]": 1, "tbody tr": 6, "#keys": 0}},
		{"a person without permissions does not see Configuration", KeysPage(KeyList{Shell: Shell{Area: AreaProfile}}), wants{"a[href^='/configuration']": 0}},
		{"an administrator does", KeysPage(keyList()), wants{"nav.areas a[href='/configuration/settings/authentication']": 1, "#profile-menu a[href='/configuration/settings/authentication']": 1}},
		{"the side says where one is", SessionsPage(sessions()), wants{"#side a[aria-current=page][href='/account/sessions']": 1, "#side li a": 4, "nav.areas a[aria-current=true]": 1}},
		{"the form offers presets and a date", NewKeyPage(newKeyForm()), wants{
			"input[type=radio][name=expiry]": 7, "input[name=expiry][checked]": 1, "input[name=expiry][value='180'][checked]": 1, "input[type=date][name=date][min='2026-11-23'][max='2027-11-24']": 1,
			"input[type=hidden][name=form_id][value=F0RM]": 1, "input[type=hidden][name=zone][value='Europe/Stockholm']": 1, "input[name=purpose][maxlength='200'][required]": 1, "[aria-invalid]": 0, "[role=alert]": 0}},
		{"a custom date unchecks the presets", NewKeyPage(customKeyForm()), wants{"input[name=expiry][checked]": 1, "input[value=custom][checked]": 1}},
		{"a refused form says what is wrong beside each field", NewKeyPage(brokenKeyForm()), wants{
			"[role=alert][data-focus] a[href='#purpose']": 1, "[role=alert] a[href='#expires']": 1, "#purpose[aria-invalid=true][aria-describedby='purpose-hint purpose-error']": 1,
			"#expires[aria-invalid=true][aria-describedby='expires-error']": 1, "fieldset[aria-describedby='expiry-hint expires-error']": 1, "p.error": 4}},
		{"the error stands between the input and the hint", NewKeyPage(brokenKeyForm()), wants{"#purpose + p.error + p.hint": 1}},
		{"the form for htmx is the inside of main", NewKeyMain(newKeyForm()), wants{"form[hx-post='/account/apikeys'][hx-target='#main']": 1, "main": 0, "title": 1}},
		{"the reveal shows the key in text and in a ready line", RevealPage(revealed()), wants{
			"code#key": 1, "[hx-history=false][data-reveal]": 1, "h1[data-focus]": 1, "button[data-copy][hidden]": 3, "form[method=post][action='/account/apikeys/stored']": 1, "input[value*='API-']": 0}},
		{"revoking asks, and starts on the safe choice", RevokeFragment(revokeDialog()), wants{
			"dialog[open][data-modal][aria-labelledby=revoke-title][aria-describedby=revoke-text]": 1, "a[data-close][data-focus][href='/account/apikeys']": 1, "button.btn-danger[type=submit]": 1, "form[method=post][action='/account/apikeys/ZQM/revocation']": 1}},
		{"revoking without a script is a page", RevokePage(revokeDialog()), wants{"dialog": 0, "main form[action$='/revocation'] button.btn-danger": 1, "h1": 1}},
		{"the chosen zone is selected", ProfilePage(profile()), wants{"select#zone option": 4, "option[selected]": 1, "option[value='Europe/Stockholm'][selected]": 1, "form[action='/account/time-zone']": 1}},
		{"no zone follows the browser", ProfilePage(Profile{}), wants{"option[value=''][selected]": 1, "option": 1}},
		{"the own session can't be ended from the list", SessionsPage(sessions()), wants{"li form": 2, "form[action$='/end-others']": 1, ".badge.ok": 1}},
		{"a single session has no others to end", SessionsPage(Sessions{Rows: sessions().Rows[:1]}), wants{"main form": 0}},
		{"the settings are three closed sections", AuthSettingsPage(authSettings0()), wants{
			"details.expander": 3, "details[open]": 0, "form[data-watch][hx-post][method=post]": 1, "form[data-dirty]": 0, ".was": 0, "input[type=hidden][name=version][value='3']": 1,
			"input[name=default][type=number][data-saved='180']": 1, "input[name=user-keys]": 2, "input[name=user-keys][value=on][checked]": 1, "output": 2, "#save": 1}},
		{"refused settings open the section with the error", AuthSettingsPage(brokenSettings()), wants{
			"details[open]": 1, "details[open] #default[aria-invalid=true][data-saved='180'][value='365']": 1, ".was": 2, "form[data-dirty]": 1, "[role=alert] a[href='#default']": 1, "#maximum-impact .impact.warn": 1}},
		{"a line of impact is asked for alone", AuthSettingsPage(authSettings0()), wants{
			"#default[hx-get$='/impact'][hx-target='#default-impact'][hx-select='#default-impact > *']": 1, "#maximum[hx-get$='/impact'][hx-target='#maximum-impact']": 1}},
		{"who may only look has nothing to press", AuthSettingsPage(readOnlySettings()), wants{"#save": 0, "input[type=number][readonly]": 2, "fieldset[disabled]": 1, "[data-watch] [hx-get]": 0}},
		{"signing in carries the way back", SignInPage(signIn()), wants{"input[name=return][value='/account/apikeys/new']": 1, "input[name=username][autofocus][autocomplete=username]": 1, "input[name=password][autocomplete=current-password]": 1}},
		{"a set-up form carries its token", SetupPage(setup()), wants{"form[action='/setup'] input[name=token][value=once]": 1, "input[type=email]": 1, "input[type=password]": 1}},
		{"a dead set-up link has no form", SetupPage(Setup{Invalid: true}), wants{"form": 0, "a[href='/sign-in']": 1}},
		{"an error leads somewhere", ErrorDocument(ErrorPage{Status: 404, Title: "Gone", HomePath: "/", HomeLabel: "Home"}), wants{"a.btn-primary[href='/']": 1, "code": 0}},
		{"a notice for htmx is only a toast", ErrorNotice(ErrorPage{Status: 403, Title: "No", Text: "You may not."}), wants{"body > *": 1, "#toasts[hx-swap-oob=beforeend] > .toast.bad": 1}},
		{"a notice of the request before takes the focus", KeysPage(KeyList{Shell: Shell{Flash: &Notice{Tone: ToneOK, Title: "Done"}}}), wants{"main .notice.ok[data-focus][role=status]": 1}},
		{"in a fragment it is a toast", AuthSettingsMain(AuthSettings{Shell: Shell{Flash: &Notice{Tone: ToneOK, Title: "Done"}}}), wants{".notice": 0, "#toasts[hx-swap-oob] .toast.ok": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkWants(t, parsed(t, tt.component), tt.want) })
	}
}

func readOnlySettings() AuthSettings {
	p := authSettings0()
	p.ReadOnly = true
	return p
}

// The words of the product's documentation, exactly.
func TestWords(t *testing.T) {
	tests := []struct {
		name, selector, want string
		component            templ.Component
	}{
		{"menu", "#profile-menu a:nth-of-type(1)", "Profile", KeysPage(keyList())},
		{"list in the menu", "#profile-menu a:nth-of-type(2)", "My API Keys", KeysPage(keyList())},
		{"list", "h1", "My API Keys", KeysPage(keyList())},
		{"new", "a.btn-primary", "New API key", KeysPage(keyList())},
		{"purpose", "label[for=purpose]", "Purpose", NewKeyPage(newKeyForm())},
		{"generate", "form#new-key button", "Generate new", NewKeyPage(newKeyForm())},
		{"stored", "main form button", "I have stored it", RevealPage(revealed())},
		{"configuration", "nav.areas a:nth-of-type(2)", "Configuration", KeysPage(keyList())},
		{"settings", "#side .nav-group", "Settings", AuthSettingsPage(authSettings0())},
		{"authentication", "#side .nav-sub", "Authentication", AuthSettingsPage(authSettings0())},
		{"default", "details:nth-of-type(1) h2", "API Key default expiry (days)", AuthSettingsPage(authSettings0())},
		{"maximum", "details:nth-of-type(2) h2", "API Key maximum expiry (days)", AuthSettingsPage(authSettings0())},
		{"user keys", "details:nth-of-type(3) h2", "User API Keys", AuthSettingsPage(authSettings0())},
		{"save", "#save", "Save", AuthSettingsPage(authSettings0())},
		{"two changes", "[data-unsaved]", "2 unsaved changes", AuthSettingsPage(brokenSettings())},
		{"value in the closed header", "details:nth-of-type(1) .value", "180 days", AuthSettingsPage(authSettings0())},
		{"thousands", "nav.tabs a:last-child .count", "10,000", KeysPage(keyList())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(strings.Fields(parsed(t, tt.component).Find(tt.selector).First().Text()), " ")
			if got != tt.want {
				t.Errorf("%s = %q, want %q", tt.selector, got, tt.want)
			}
		})
	}
}

// The copy buttons take what is in the element, so it must be the text alone.
func TestRevealTextIsExact(t *testing.T) {
	doc := parsed(t, RevealMain(revealed()))
	if got, want := doc.Find("#key").Text(), revealed().Secret; got != want {
		t.Errorf("key = %q, want %q", got, want)
	}
	if got, want := doc.Find("#env").Text(), "KEYPORT_URL=https://keyport.example.com\nKEYPORT_API_KEY="+revealed().Secret; got != want {
		t.Errorf(".env = %q, want %q", got, want)
	}
	if strings.Contains(doc.Find("#curl").Text(), revealed().Secret) {
		t.Error("the curl line has the key in it, want it read from the environment")
	}
}

func TestPasswordsAreNeverSentBack(t *testing.T) {
	for _, c := range []templ.Component{PasswordPage(brokenPassword()), SignInPage(SignIn{Password: Field{Name: "password", Type: "password", Value: "secret"}})} {
		if parsed(t, c).Find("input[type=password][value]").Length() > 0 {
			t.Error("a password input has a value")
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 10000: "10,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
