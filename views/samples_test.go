package views

import (
	"slices"

	"github.com/a-h/templ"
)

// sample is one state of a page or fragment, as the tests and the gallery see it.
type sample struct {
	name      string
	component templ.Component
}

var maya = Person{Name: "Maya Lindqvist", Username: "maya", Email: "maya.lindqvist@example.com", Initials: "ML"}

func shell(title string, area Area, page string) Shell {
	return Shell{Title: title, Area: area, Page: page, User: maya, CSRF: "c5rf", Configuration: pathAuthSettings, Side: sideOf(area)}
}

func profileShell(title, page string) Shell { return shell(title, AreaProfile, page) }

var myKeys = []Crumb{{pathKeys, "My API Keys"}}

// pages are whole documents, in every state a person can meet.
func pages() []sample {
	flashed := keyList()
	flashed.Shell.Flash = &Notice{Tone: ToneOK, Title: "“Laptop scripts” is revoked", Text: "Anything that still uses API-ZQM••••••• is refused from now on."}
	plain := keyList()
	plain.Shell.Configuration = ""
	saved := authSettings0()
	saved.Shell.Flash = &Notice{Tone: ToneOK, Title: "Authentication settings are saved"}
	readOnly := authSettings0()
	readOnly.ReadOnly = true
	return append([]sample{
		{"keys", KeysPage(keyList())},
		{"keys-flash", KeysPage(flashed)},
		{"keys-all", KeysPage(allKeys())},
		{"keys-person", KeysPage(plain)},
		{"keys-empty", KeysPage(KeyList{Shell: profileShell("My API Keys", pathKeys), Path: pathKeys, NewPath: pathKeys + "/new", Empty: true, CanNew: true, Zone: "Europe/Stockholm"})},
		{"keys-disabled", KeysPage(disabledKeys())},
		{"keys-empty-disabled", KeysPage(KeyList{Shell: profileShell("My API Keys", pathKeys), Path: pathKeys, Empty: true, Disabled: disabledKeys().Disabled})},
		{"keys-no-match", KeysPage(noMatch("gitlab <b>"))},
		{"keys-no-status", KeysPage(noMatch(""))},
		{"key", KeyDetails(keyPage())},
		{"key-unused", KeyDetails(KeyPage{Shell: profileShell("Old key", pathKeys), Crumbs: myKeys, Owner: "Build farm", Key: endedRows()[0], Zone: "UTC"})},
		{"new-key", NewKeyPage(newKeyForm())},
		{"new-key-custom", NewKeyPage(customKeyForm())},
		{"new-key-errors", NewKeyPage(brokenKeyForm())},
		{"rotation", RotationPage(rotationSample())},
		{"rotation-errors", RotationPage(brokenRotation())},
		{"rotation-over", RotationPage(rotationOverSample())},
		{"key-rotated", KeyDetails(rotatedKeyPage())},
		{"key-new", KeyDetails(replacingKeyPage())},
		{"reveal", RevealPage(revealed())},
		{"reveal-rotated", RevealPage(revealedInPlace())},
		{"revoke", RevokePage(revokeDialog())},
		{"profile", ProfilePage(profile())},
		{"profile-error", ProfilePage(brokenProfile())},
		{"profile-no-mail", ProfilePage(profileWith(KeyMailOff))},
		{"profile-no-address", ProfilePage(profileWith(KeyMailNoAddress))},
		{"profile-mail-disabled", ProfilePage(profileWith(KeyMailDisabled))},
		{"password", PasswordPage(password())},
		{"password-errors", PasswordPage(brokenPassword())},
		{"sessions", SessionsPage(sessions())},
		{"rest-api", APIReferencePage(apiReference())},
		{"sessions-one", SessionsPage(Sessions{Shell: profileShell("Sessions", pathSessions), Rows: sessions().Rows[:1]})},
		{"settings", AuthSettingsPage(authSettings0())},
		{"settings-saved", AuthSettingsPage(saved)},
		{"settings-errors", AuthSettingsPage(brokenSettings())},
		{"settings-read-only", AuthSettingsPage(readOnly)},
		{"settings-sign-on", AuthSettingsPage(settingsWithSignOn())},
		{"sign-in", SignInPage(signIn())},
		{"sign-in-refused", SignInPage(refusedSignIn())},
		{"sign-in-both", SignInPage(signInBoth())},
		{"sign-in-sso-refused", SignInPage(signInRefusedThere())},
		{"setup", SetupPage(setup())},
		{"setup-errors", SetupPage(brokenSetup())},
		{"setup-over", SetupPage(Setup{Invalid: true})},
		{"not-found", ErrorDocument(ErrorPage{404, "We could not find that page", "The key or setting may have been removed, or the address has a typo.", pathKeys, "Go to My API Keys", "01JD9X4K2M"})},
		{"broken", ErrorDocument(ErrorPage{500, "Something went wrong", "It is written down with the reference below. Try again, or give the reference to an administrator.", pathKeys, "Go to My API Keys", "01JD9X4K2N"})},
	}, slices.Concat(
		teamPages(),
		servicePages(),
		userPages(),
		allKeysPages(),
		auditPages(),
		tasksPages(),
		receiptPages(),
		subscriptionSamples(),
		passwordLinkPages(),
		signInPages(),
		calendarSamples(),
		mailSettingsSamples(),
	)...)
}

// fragments are answers to htmx.
func fragments() []sample {
	saved := authSettings0()
	saved.Shell.Flash = &Notice{Tone: ToneOK, Title: "Authentication settings are saved"}
	return append([]sample{
		{"keys-table", KeysTable(allKeys())},
		{"keys-table-none", KeysTable(noMatch("gitlab"))},
		{"new-key-main", NewKeyMain(brokenKeyForm())},
		{"rotation-main", RotationMain(brokenRotation())},
		{"reveal-main", RevealMain(revealed())},
		{"revoke-fragment", RevokeFragment(revokeDialog())},
		{"settings-main", AuthSettingsMain(saved)},
		{"impact-lines", ImpactLines(brokenSettings())},
		{"impact-line", ImpactLine(MaximumImpactID, brokenSettings().MaximumImpact)},
		{"toast", Toast(Notice{Tone: ToneOK, Title: "Saved", Text: "The new limits apply from now on."})},
		{"error-notice", ErrorNotice(ErrorPage{Status: 500, Title: "Something went wrong", Text: "Try again.", Reference: "01JD9X4K2N"})},
	}, slices.Concat(
		teamFragments(),
		serviceFragments(),
		userFragments(),
		allKeysFragments(),
		auditFragments(),
		mailSettingsFragments(),
		passwordLinkFragments(),
		signInFragments(),
	)...)
}

func keyList() KeyList {
	return KeyList{
		Shell: profileShell("My API Keys", pathKeys), Path: pathKeys, NewPath: pathKeys + "/new", CanNew: true,
		Tabs: tabs(0), Hidden: []Pair{{"status", "usable"}, {"sort", "expires"}}, Columns: columns(),
		Rows: usableRows(), Status: "6 keys found", Zone: "Europe/Stockholm",
	}
}

func allKeys() KeyList {
	list := keyList()
	list.Tabs, list.Rows = tabs(4), append(usableRows(), endedRows()...)
	list.Pager = Pager{Previous: pathKeys + "?skip=0", Next: pathKeys + "?skip=60", Text: "31 to 60 of 10,000"}
	list.Status = "10,000 keys found"
	return list
}

func disabledKeys() KeyList {
	list := allKeys()
	list.CanNew, list.Pager = false, Pager{}
	list.Disabled = &Notice{Tone: ToneInfo, Title: "New keys are turned off for people", Text: "Your administrator has switched off new API keys for people. Existing keys keep working until they expire, and you can still revoke them. For automation, ask for a service account."}
	return list
}

func noMatch(search string) KeyList {
	list := keyList()
	list.Rows, list.Search, list.Status = nil, search, "0 keys found"
	return list
}

func tabs(current int) []Tab {
	list := []Tab{
		{Label: "Usable", Href: pathKeys + "?status=usable", Count: 6}, {Label: "Expires soon", Href: pathKeys + "?status=expires-soon", Count: 2},
		{Label: "Expired", Href: pathKeys + "?status=expired", Count: 1}, {Label: "Revoked", Href: pathKeys + "?status=revoked", Count: 1},
		{Label: "All", Href: pathKeys + "?status=all", Count: 10000},
	}
	list[current].Current = true
	return list
}

func columns() []Column {
	return []Column{
		{Label: "Purpose", Href: pathKeys + "?sort=purpose"}, {Label: "Created", Href: pathKeys + "?sort=created&dir=desc"},
		{Label: "Expires", Href: pathKeys + "?sort=expires&dir=desc", Sort: "ascending"}, {Label: "Last used", Href: pathKeys + "?sort=used&dir=desc"},
		{Label: "Actions", Actions: true},
	}
}

func usableRows() []KeyRow {
	used := Moment{"2026-11-20T08:12:00Z", "20 Nov 2026, 09:12"}
	row := func(id, purpose, created, relative, expires string, tone Tone, left int, last, from string) KeyRow {
		r := KeyRow{Purpose: purpose, Hint: "API-" + id + "•••••••", Created: Moment{"2026-09-02T10:00:00Z", created}, Relative: relative, Tone: tone,
			Expires: Moment{"2026-12-01T22:59:59Z", expires}, Remaining: left, LastUsed: last, LastUsedFrom: from, Path: pathKeys + "/" + id, RevokePath: pathKeys + "/" + id + "/revocation", RotatePath: pathKeys + "/" + id + "/rotation"}
		if last != "" {
			r.LastUsedMoment = used
		}
		return r
	}
	return []KeyRow{
		row("ZQM", "Laptop scripts", "2 Sep 2026", "In 8 days", "1 Dec 2026", ToneBad, 9, "3 days ago", "192.168.12.40"),
		row("K4P", "Terraform provider", "12 Jun 2026", "In 16 days", "9 Dec 2026", ToneWarn, 9, "2 hours ago", "10.20.4.31"),
		row("T7H", "Migration to the new build farm", "20 Nov 2026", "In 27 days", "20 Dec 2026", ToneNone, 90, "", ""),
		row("R9D", "Nightly tenant report", "27 Sep 2026", "In 33 days", "26 Dec 2026", ToneNone, 37, "11 hours ago", "10.20.7.2"),
		row("FSX", "Release pipeline", "30 Oct 2026", "In 156 days", "28 Apr 2027", ToneNone, 87, "4 minutes ago", "10.20.4.17"),
		row("B2W", "Grafana annotations", "12 Nov 2026", "In 355 days", "13 Nov 2027", ToneNone, 97, "Yesterday", "2001:db8:85a3:8d3:1319:8a2e:370:7348"),
	}
}

func endedRows() []KeyRow {
	return []KeyRow{
		{Purpose: "Smoke tests", Hint: "API-M3C•••••••", Badge: "Expired", Off: true, Created: Moment{"2026-05-01T10:00:00Z", "1 May 2026"}, Ended: "Expired 28 Oct 2026"},
		{Purpose: "Old release pipeline for the farm that was moved to the new building last year, with a purpose so long that it has to break into several lines of the table", Hint: "API-HV8•••••••", Badge: "Revoked", Off: true,
			Created: Moment{"2026-04-01T10:00:00Z", "1 Apr 2026"}, Ended: "Revoked 30 Oct 2026", LastUsed: "24 days ago", LastUsedMoment: Moment{"2026-10-30T08:12:00Z", "30 Oct 2026, 09:12"}},
	}
}

func newKeyForm() NewKeyForm {
	return NewKeyForm{
		Shell: profileShell("New API key", pathKeys), Path: pathKeys, ListPath: pathKeys, Crumbs: myKeys, FormID: "F0RM",
		Purpose: Field{Name: "purpose", ID: "purpose", Label: "Purpose", Type: "text", MaxLength: MaxPurpose, Required: true, Autocomplete: "off", Placeholder: "Release pipeline on build-04",
			Hint: "What uses this key, and where it runs. You will see this in the audit trail."},
		Access: accessForm(),
		Expiry: expiryForm(),
	}
}

func expiryForm() ExpiryForm {
	choice := func(value, label, mark, ends string) ExpiryChoice {
		return ExpiryChoice{Value: value, Label: label, Mark: mark, Ends: Moment{"2027-05-22T21:59:59Z", ends}, Checked: mark == "Default"}
	}
	return ExpiryForm{
		Legend: "Expires", Zone: "Europe/Stockholm",
		Choices: []ExpiryChoice{
			choice("7", "7 days", "", "Mon 30 Nov 2026"), choice("30", "30 days", "", "Wed 23 Dec 2026"), choice("60", "60 days", "", "Fri 22 Jan 2027"),
			choice("90", "90 days", "", "Sun 21 Feb 2027"), choice("180", "180 days", "Default", "Sat 22 May 2027"), choice("366", "366 days", "Max", "Wed 24 Nov 2027"),
		},
		Custom:     Field{Name: "date", ID: "expires", Label: "Expiry date", Type: "date", Value: "2027-02-21", Min: "2026-11-23", Max: "2027-11-24"},
		CustomHint: "Up to 24 Nov 2027", Hint: "Works until the end of the chosen day, 23:59:59 in Europe/Stockholm.",
	}
}

func accessForm() AccessForm {
	return AccessForm{
		Services:     []Check{{Name: "services", Value: "keyport", Label: "keyport", Text: "Keyport’s own REST API"}, {Name: "services", Value: "billing", Label: "billing"}, {Name: "services", Value: "stock-eu", Label: "stock-eu"}},
		ServicesHint: "Choose none for every service.",
		Allowed:      Field{Name: "allowed", Label: "Allowed networks", Placeholder: "192.0.2.0/24", Hint: "The key works only from here. One on a line. Empty: from everywhere."},
		Denied:       Field{Name: "denied", Label: "Denied networks", Hint: "The key never works from here. Up to 50 networks in all."},
	}
}

func customKeyForm() NewKeyForm {
	f := newKeyForm()
	f.Expiry.CustomOn, f.Purpose.Value = true, "Release pipeline on build-04"
	return f
}

func brokenKeyForm() NewKeyForm {
	f := customKeyForm()
	f.Shell.Title, f.Title = "Error: New API key", "Two things need your attention"
	f.Purpose.Value, f.Purpose.Error = "", "State the purpose of this key."
	f.Expiry.Custom.Value, f.Expiry.Error = "2028-01-17", "17 Jan 2028 is past the 366-day maximum. Choose a date on or before 24 Nov 2027."
	f.Expiry.Custom.Error = f.Expiry.Error
	f.Access.Allowed.Value, f.Access.Open, f.Access.Services[1].Checked = "10.1.2.3/8", true, true
	f.Access.Services = append(f.Access.Services, Check{Name: "services", Value: "a_b", Label: "a_b", Text: "Not registered", Checked: true})
	f.Access.ServicesError = "Services are named by small letters, digits and single hyphens, like billing or stock-eu. Choose services by their names."
	f.Access.Allowed.Error = "“10.1.2.3/8” is an address inside of a network. For the whole network write 10.0.0.0/8, for the address alone 10.1.2.3."
	f.Problems = []Problem{{"purpose", f.Purpose.Error}, {"expires", f.Expiry.Error}, {"services", f.Access.ServicesError}, {"allowed", f.Access.Allowed.Error}}
	f.Title = "Four things need your attention"
	return f
}

func revealed() Reveal {
	return Reveal{Shell: profileShell("Your new API key", pathKeys), Secret: "API-FSXEXAMPLEQ7M2KJ9WTBN4VRLD", Purpose: "Release pipeline", Expires: Moment{"2027-05-22T21:59:59Z", "Sat 22 May 2027"}, Zone: "Europe/Stockholm",
		ServerURL: "https://keyport.example.com", ListPath: pathKeys, Crumbs: myKeys, StoredTo: pathKeys + "/stored", Sentence: "Read-only on billing from 2 networks, ends Sat 22 May 2027"}
}

func revokeDialog() RevokeDialog {
	return RevokeDialog{Shell: profileShell("Revoke Laptop scripts", pathKeys), Purpose: "Laptop scripts", Hint: "API-ZQM•••••••", LastUsed: "3 days ago, from 192.168.12.40", Expires: "1 Dec 2026",
		Path: pathKeys + "/ZQM/revocation", ListPath: pathKeys, Crumbs: myKeys}
}

func profile() Profile {
	return Profile{Shell: profileShell("Profile", pathProfile), Username: "maya", DisplayName: "Maya Lindqvist", Email: "maya.lindqvist@example.com", UsableKeys: "6 usable keys", Zone: "Europe/Stockholm", ZoneInUse: "Europe/Stockholm",
		Zones: []ZoneOption{{"Europe/Stockholm", "Europe/Stockholm (UTC+01:00)"}, {"Europe/London", "Europe/London (UTC+00:00)"}, {"UTC", "UTC"}}}
}

func brokenProfile() Profile {
	p := profile()
	p.ZoneError = "Choose a time zone from the list."
	return p
}

func profileWith(m KeyMail) Profile {
	p := profile()
	p.KeyMail = m
	return p
}

func password() Password {
	return Password{Shell: profileShell("Password", pathPassword),
		Current: Field{Name: "current", Label: "Current password", Type: "password", Required: true, Autocomplete: "current-password"},
		New:     Field{Name: "password", Label: "New password", Type: "password", Required: true, Autocomplete: "new-password", Hint: "At least 15 characters. A short sentence works well."},
		Again:   Field{Name: "again", Label: "New password, again", Type: "password", Required: true, Autocomplete: "new-password"}}
}

func brokenPassword() Password {
	p := password()
	p.Shell.Title = "Error: Password"
	p.Current.Error, p.Current.Value = "That is not your current password.", "never shown"
	p.Problems = []Problem{{"current", p.Current.Error}}
	return p
}

func sessions() Sessions {
	started := Moment{"2026-11-23T08:00:00Z", "23 Nov 2026, 09:00"}
	return Sessions{Shell: profileShell("Sessions", pathSessions), Zone: "Europe/Stockholm", Rows: []SessionRow{
		{ID: "1", Browser: "Firefox on Linux", Address: "10.20.4.17", Started: started, LastSeen: "a moment ago", Current: true},
		{ID: "2", Browser: "Safari on iPhone", Address: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Started: started, LastSeen: "2 hours ago", EndPath: pathSessions + "/2/end"},
		{ID: "3", Browser: "Unknown browser", Address: "203.0.113.9", Started: started, LastSeen: "yesterday", EndPath: pathSessions + "/3/end"},
	}}
}

// authSettings0 are the settings as installed.
func authSettings0() AuthSettings {
	return AuthSettings{Shell: shell("Authentication settings", AreaConfiguration, pathAuthSettings), Path: pathAuthSettings, ImpactPath: pathAuthSettings + "/impact", Version: "3",
		Default:       Field{Name: "default", ID: "default", Label: "Default expiry", Type: "number", Value: "180", Min: "1", Max: "366", Required: true, Hint: "From 1 to the maximum. The default was 180 when Keyport was installed."},
		Maximum:       Field{Name: "maximum", ID: "maximum", Label: "Maximum expiry", Type: "number", Value: "366", Min: "1", Max: "1096", Required: true, Hint: "From 1 to 1096 days. Not shorter than the default."},
		DefaultImpact: Impact{Strong: "Sat 22 May 2027", Text: "is when a key made today would expire."},
		MaximumImpact: Impact{Strong: "No existing key lives longer than this."},
		UserKeys:      true, UserKeysWas: true}
}

func brokenSettings() AuthSettings {
	p := authSettings0()
	p.Shell.Title = "Error: Authentication settings"
	p.Default.Value, p.DefaultWas = "365", "180"
	p.Default.Error = "The default (365) is longer than the maximum (180). Use 180 or fewer."
	p.Maximum.Value, p.MaximumWas = "180", "366"
	p.MaximumImpact = Impact{ToneWarn, "12 existing keys live longer than this.", "They keep their dates; the limit applies to new keys.", pathKeys + "?over=366"}
	p.Problems = []Problem{{"default", p.Default.Error}}
	return p
}

func signIn() SignIn {
	return SignIn{Return: pathKeys + "/new",
		Username: Field{Name: "username", ID: "username", Label: "User name", Required: true, Autocomplete: "username", Autofocus: true},
		Password: Field{Name: "password", ID: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "current-password"}}
}

func refusedSignIn() SignIn {
	p := signIn()
	p.Username.Value = "maya"
	p.Notice = &Notice{Tone: ToneBad, Title: "Could not sign in", Text: "The user name or the password is not right, or the account can't sign in here."}
	return p
}

func setup() Setup {
	return Setup{Token: "once",
		Username:    Field{Name: "username", Label: "User name", Required: true, Autocomplete: "username", MaxLength: 64},
		DisplayName: Field{Name: "display_name", Label: "Your name", Autocomplete: "name", MaxLength: 64},
		Email:       Field{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "email", MaxLength: 256},
		Password:    Field{Name: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "new-password", Hint: "At least 15 characters. A short sentence works well."}}
}

func brokenSetup() Setup {
	p := setup()
	p.Username.Error = "Choose a user name."
	p.Problems = []Problem{{"username", p.Username.Error}}
	return p
}

func sideOf(area Area) []NavLink {
	if area == AreaConfiguration {
		return []NavLink{{Label: "Settings", Icon: "gear"}, {Path: pathAuthSettings, Label: "Authentication", Sub: true}}
	}
	return []NavLink{{Path: pathProfile, Label: "Details", Icon: "user"}, {Path: pathKeys, Label: "My API Keys", Icon: "key"},
		{Path: pathPassword, Label: "Password", Icon: "lock"}, {Path: pathSessions, Label: "Sessions", Icon: "monitor"}}
}

func keyPage() KeyPage {
	last := Moment{"2026-11-20T08:12:00Z", "20 Nov 2026, 09:12"}
	return KeyPage{Shell: profileShell("Laptop scripts", pathKeys), Crumbs: myKeys, Key: usableRows()[0], Zone: "Europe/Stockholm",
		Sentence: "Read-only on billing from 1 network, ends Mon 30 Nov 2026", Limits: []Pair{{"Services", "billing"}, {"Only from", "10.0.0.0/8"}}, Clients: []KeyClient{
			{"192.168.12.40", "curl/8.5.0", last, "3 days ago"}, {"2001:db8:85a3:8d3:1319:8a2e:370:7348", "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-GB) PowerShell/7.5.0", last, "3 days ago"},
		}}
}
