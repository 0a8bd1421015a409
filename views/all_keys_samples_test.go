package views

import "strconv"

const pathAllKeys = "/configuration/apikeys"

// allKeysPages and allKeysFragments are the states of the list of all keys and
// of revoking many.
func allKeysPages() []sample {
	refused := everybodysKeys()
	refused.Filter.Title, refused.Filter.Problems = "One thing needs your attention", []Problem{{"ends-to", "The last day lies before the first one."}}
	refused.Filter.EndsTo.Error, refused.Filter.UsedError, refused.Filter.Status.Field.Error = "The last day lies before the first one.", "This choice is not known. Choose again.", "This status is not known."
	refused.Rows, refused.RevokePath, refused.ExportPath = nil, "", ""
	tooMany := revocationForm0()
	tooMany.Refused = &Notice{Tone: ToneWarn, Title: "These are too many keys", Text: "At most 10,000 keys can be revoked at once."}
	broken := revocationForm0()
	broken.Title, broken.Problems, broken.Reason.Error = "Nothing was revoked", []Problem{{"reason", "State why."}}, "State why."
	late := everybodysKeys()
	late.Timeline = Timeline{Weeks: 26, Path: pathAllKeys + "/weeks"}
	return []sample{
		{"all-keys", AllKeysPage(everybodysKeys())},
		{"all-keys-late", AllKeysPage(late)},
		{"key-weeks", KeyWeeksPage(keyWeeks())},
		{"all-keys-refused", AllKeysPage(refused)},
		{"revocation-form", RevocationFormPage(revocationForm0())},
		{"revocation-form-errors", RevocationFormPage(broken)},
		{"revocation-form-too-many", RevocationFormPage(tooMany)},
		{"revocation-running", RevocationProgressPage(revocationPage(true))},
		{"revocation-over", RevocationProgressPage(revocationPage(false))},
	}
}

func allKeysFragments() []sample {
	return []sample{
		{"all-keys-table", AllKeysTable(everybodysKeys())},
		{"key-weeks-section", KeyWeeksSection(keyWeeks())},
		{"revocation-form-main", RevocationFormMain(revocationForm0())},
		{"revocation-region", RevocationRegion(revocationPage(true))},
		{"revocation-region-over", RevocationRegion(revocationPage(false))},
	}
}

// hostileAllKeys is all of it with text that somebody may have typed.
func hostileAllKeys(s Shell) []sample {
	evil, moment := "javascript:alert(1)", Moment{hostile, hostile}
	fact := []Fact{{hostile, hostile}}
	row := OwnedKeyRow{KeyRow{Purpose: hostile, Hint: hostile, Badge: hostile, Created: moment, Relative: hostile, Expires: moment, LastUsed: hostile, LastUsedMoment: moment, LastUsedFrom: hostile, RevokePath: evil},
		Owner{hostile, hostile, "<s", evil, false, true}}
	list := AllKeys{Shell: s, Path: evil, ExportPath: evil, RevokePath: evil, Running: []Link{{evil, hostile}}, Tiles: []Tile{{hostile, hostile, evil, hostile, ToneBad}},
		Timeline: Timeline{1, []WeekBar{{moment, moment, 1, evil, ToneBad, hostile}}, hostile, ""}, Filter: searchForm(hostile), Columns: []Column{{Label: hostile, Href: evil}},
		Rows: []OwnedKeyRow{row}, Found: hostile, Pager: Pager{evil, evil, hostile}, Zone: hostile}
	form := RevocationForm{s, []Crumb{{evil, hostile}}, evil, evil, []Pair{{"query", hostile}}, hostile, fact, fact, []OwnedKeyRow{row}, hostile,
		Field{Name: "reason", Value: hostile, Hint: hostile}, nil, hostile, []Problem{{"", hostile}}}
	page := RevocationPage{s, []Crumb{{evil, hostile}}, evil, evil, hostile, hostile, hostile, false, 1, 2, hostile, s.Flash, fact, []OutcomeRow{{hostile, hostile, hostile, hostile, ToneOK}}, Pager{evil, evil, hostile}}
	late := list
	late.Timeline = Timeline{Path: evil}
	return []sample{
		{"all keys without weeks shows", AllKeysPage(late)}, {"key weeks show", KeyWeeksPage(KeyWeeks{s, evil, list.Timeline, hostile})},
		{"all keys shows", AllKeysPage(list)}, {"all keys table shows", AllKeysTable(list)},
		{"revocation form shows", RevocationFormPage(form)}, {"revocation shows", RevocationProgressPage(page)},
	}
}

func keyWeeks() KeyWeeks {
	list := everybodysKeys()
	return KeyWeeks{shell("Keys ending", AreaConfiguration, pathAllKeys), pathAllKeys, list.Timeline, list.Zone}
}

func everybodysKeys() AllKeys {
	var weeks []WeekBar
	for i := range 26 {
		weeks = append(weeks, WeekBar{From: Moment{"2026-11-23", "23 Nov 2026"}, To: Moment{"2026-11-29", "29 Nov 2026"}, Keys: i * 7 % 23, Href: pathAllKeys + "?ends-from=" + strconv.Itoa(i)})
	}
	weeks[0].Tone, weeks[1].Tone, weeks[1].Month = ToneBad, ToneWarn, "Dec"
	var rows []OwnedKeyRow
	for i, r := range append(usableRows(), endedRows()...) {
		o := Owner{Name: "Maya Lindqvist", Kind: "maya", Initials: "ML", Path: "/configuration/users/Users-1", Off: i == 3}
		if i%2 == 0 {
			o = Owner{Name: "release-bot", Kind: "Service account", Service: true, Path: "/configuration/users/Users-2"}
		}
		rows = append(rows, OwnedKeyRow{r, o})
	}
	return AllKeys{
		Shell: shell("API Keys", AreaConfiguration, pathAllKeys), Path: pathAllKeys, ExportPath: pathAllKeys + "/export", RevokePath: pathAllKeys + "/revocation",
		Running: []Link{{pathAllKeys + "/revocations/7", "Revoking 38 keys: 12 done"}},
		Tiles: []Tile{{"Live keys", "10,000+", pathAllKeys, "Neither expired nor revoked", ToneNone}, {"Ending within 20 days", "11", pathAllKeys + "?status=expires-soon", "4 within 10 days", ToneBad},
			{"Never used", "19", pathAllKeys + "?used=never", "Live, but unused so far", ToneNone}, {"Beyond the maximum", "12", pathAllKeys + "?over=maximum", "More than 366 days from today", ToneNone}},
		Timeline: Timeline{26, weeks, "188 live keys end in the next 26 weeks.", ""}, Filter: searchForm("gate"),
		Columns: []Column{{Label: "Purpose", Href: pathAllKeys + "?sort=purpose"}, {Label: "Owner", Href: pathAllKeys + "?sort=owner"}, {Label: "Created", Href: pathAllKeys + "?sort=created"},
			{Label: "Expires", Href: pathAllKeys + "?dir=desc", Sort: "ascending"}, {Label: "Last used", Href: pathAllKeys + "?sort=last-used"}, {Label: "Actions", Actions: true}},
		Rows: rows, Found: "10,000+ keys found", Pager: Pager{Next: pathAllKeys + "?at=x", Text: "1 to 30 of 10,000+"}, Zone: "Europe/Stockholm",
	}
}

func searchForm(typed string) KeySearchForm {
	field := func(name, label, kind string) Field { return Field{Name: name, ID: name, Label: label, Type: kind} }
	f := KeySearchForm{
		Status: Choice{field("status", "Status", ""), []Option{{"usable", "Usable", true}, {"all", "All", false}}}, Kind: Choice{field("kind", "Kind of owner", ""), []Option{{"", "All owners", true}}},
		Over: Choice{field("over", "Limit", ""), []Option{{"", "Any", true}}}, Owner: field("owner", "Owner", "search"), Purpose: field("purpose", "Purpose", "search"),
		CreatedFrom: field("created-from", "From", "date"), CreatedTo: field("created-to", "Until", "date"),
		EndsFrom: field("ends-from", "From", "date"), EndsTo: field("ends-to", "Until", "date"),
		UsedFrom: field("used-from", "From", "date"), UsedTo: field("used-to", "Until", "date"),
		Open: true, Active: true, Hidden: []Pair{{"sort", "expires"}},
	}
	f.Owner.Value, f.Purpose.Value = typed, typed
	return f
}

func revocationForm0() RevocationForm {
	return RevocationForm{
		Shell: shell("Revoke 38 keys", AreaConfiguration, pathAllKeys), Crumbs: []Crumb{{pathAllKeys, "API Keys"}}, ListPath: pathAllKeys, Path: pathAllKeys + "/revocations",
		Hidden: []Pair{{"shown", "38"}}, Count: "38 keys", Facts: []Fact{{"Keys", "38 keys, 5 used in the last 24 hours"}, {"Owners", "7"}}, Chosen: []Fact{{"Purpose", "gate"}},
		Sample: everybodysKeys().Rows[:2], Rest: "And 36 more.", Reason: Field{Name: "reason", ID: "reason", Label: "Reason", Hint: "It stands in the audit trail of each key.", Required: true, MaxLength: 200},
	}
}

func revocationPage(running bool) RevocationPage {
	return RevocationPage{
		Shell: shell("Revoking 38 keys", AreaConfiguration, pathAllKeys), Crumbs: []Crumb{{pathAllKeys, "API Keys"}}, ListPath: pathAllKeys, Path: pathAllKeys + "/revocations/7",
		Title: "Revoking 38 keys", Reason: "The build farm is gone", By: "maya, 23 Nov 2026, 10:30", Running: running, Done: 12, Total: 38, Status: "12 of 38 keys dealt with",
		Result: &Notice{Tone: ToneWarn, Title: "37 keys revoked, 1 left alone", Text: "The list says why."}, Outcomes: []Fact{{"Revoked", "37 keys"}},
		Rows: []OutcomeRow{{"Deploy gate", "API-C8N•••••••", "release-bot", "Revoked", ToneOK}}, Pager: Pager{Next: pathAllKeys + "/revocations/7?skip=30", Text: "1 to 30 of 38"},
	}
}
