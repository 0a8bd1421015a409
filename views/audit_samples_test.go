package views

const (
	pathAudit         = "/configuration/audit"
	pathAuditSettings = "/configuration/settings/audit"
)

func auditPages() []sample {
	none, refused := trailOfEvents(), trailOfEvents()
	none.Days, none.ExportPath, none.Pager, none.Filter.Active = nil, "", Pager{}, true
	refused.Days, refused.Filter.Title, refused.Filter.Problems = nil, "One thing needs your attention", []Problem{{"on-to", "The last day lies before the first one."}}
	refused.Filter.To.Error, refused.Filter.Group.Field.Error = "The last day lies before the first one.", "This group of events is not known."
	broken := auditSettings0()
	broken.Title, broken.Days.Error, broken.Problems = "Nothing was saved", "Keep events for 1 to 3,660 days.", []Problem{{"days", "Keep events for 1 to 3,660 days."}}
	return []sample{
		{"audit", AuditPage(trailOfEvents())}, {"audit-none", AuditPage(none)}, {"audit-refused", AuditPage(refused)},
		{"audit-settings", AuditSettingsPage(auditSettings0())}, {"audit-settings-errors", AuditSettingsPage(broken)},
	}
}

func auditFragments() []sample {
	return []sample{{"audit-feed", AuditFeed(trailOfEvents())}, {"audit-settings-main", AuditSettingsMain(auditSettings0())}}
}

// hostileAudit is all of it with text that somebody may have typed.
func hostileAudit(s Shell) []sample {
	evil, moment := "javascript:alert(1)", Moment{hostile, hostile}
	row := EventRow{"Events-1", "key", ToneBad, []Words{{hostile, true}, {hostile, false}}, hostile, moment, []Change{{hostile, hostile, hostile}}, []LinkedFact{{hostile, hostile, evil}, {hostile, hostile, ""}}}
	page := Audit{s, evil, evil, eventForm(hostile), []EventDay{{"Events-1", moment, []EventRow{row}}}, hostile, Pager{evil, evil, hostile}, hostile, hostile, evil}
	settings := AuditSettings{s, evil, evil, hostile, Field{Name: "days", Value: hostile, Hint: hostile, Error: hostile}, hostile, []Problem{{"", hostile}}}
	return []sample{
		{"audit shows", AuditPage(page)}, {"audit feed shows", AuditFeed(page)},
		{"audit settings show", AuditSettingsPage(settings)}, {"audit settings main shows", AuditSettingsMain(settings)},
	}
}

func eventForm(typed string) EventSearchForm {
	choice := func(name, label string) Choice {
		return Choice{Field{Name: name, ID: name, Label: label}, []Option{{"", "All", false}, {typed, typed, true}}}
	}
	field := func(name, label, kind string) Field {
		return Field{Name: name, ID: name, Label: label, Type: kind, Value: typed}
	}
	return EventSearchForm{Group: choice("group", "Events"), Category: choice("category", "Kind of event"), Type: choice("type", "About"), Person: field("who", "Who", "search"),
		Document: field("document", "Id of a document", "search"), Key: field("key", "Id of an API key", "search"), From: field("on-from", "From", "date"), To: field("on-to", "Until", "date")}
}

func trailOfEvents() Audit {
	at := Moment{"2026-11-23T10:42:00Z", "11:42"}
	facts := []LinkedFact{{"Who", "ada", pathAudit + "?who=Users-3"}, {"From", "10.20.1.6", ""}, {"Program", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ""}}
	settings := EventRow{"Events-9", "gear", ToneNone, []Words{{"Authentication settings", true}, {" were changed", false}}, "ada", at, []Change{{"ApiKeyMaxExpiryDays", "366", "180"}}, facts}
	warned := EventRow{"Events-8", "clock", ToneBad, []Words{{"API key ", false}, {"\"Load balancer check\"", true}, {" (API-L4Q•••••••) of release-bot ends in 10 days", false}}, "Keyport", at, nil, facts[1:]}
	signedIn := EventRow{"Events-7", "sign-in", ToneNone, []Words{{"maya", true}, {" signed in", false}}, "", at, nil, facts}
	return Audit{
		Shell: shell("Audit", AreaConfiguration, pathAudit), Path: pathAudit, ExportPath: pathAudit + "/export", Filter: eventForm(""),
		Days:  []EventDay{{"Events-9", Moment{"2026-11-23", "Today"}, []EventRow{settings, warned}}, {"Events-7", Moment{"2026-11-22", "Yesterday"}, []EventRow{signedIn}}},
		Found: "3 events shown", Pager: Pager{Next: pathAudit + "?before=7", Text: "3 events on this page"}, Zone: "Europe/Stockholm", Kept: "Events are kept for 90 days.", SettingsPath: pathAuditSettings,
	}
}

func auditSettings0() AuditSettings {
	return AuditSettings{Shell: shell("Audit retention", AreaConfiguration, pathAuditSettings), Path: pathAuditSettings, History: pathAudit + "?document=eventretention", Version: "3",
		Days: Field{Name: "days", ID: "days", Label: "Keep events for (days)", Type: "number", Value: "90", Min: "1", Max: "3660", Required: true, Hint: "From 1 to 3,660 days."}}
}
