package views

// Audit is Configuration → Audit: what happened, newest first.
type Audit struct {
	Shell        Shell
	Path         string // the page's own address, without query
	ExportPath   string // "" when there is nothing to export
	Filter       EventSearchForm
	Days         []EventDay
	Found        string // "30 events are shown"
	Pager        Pager
	Zone         string
	Kept         string // "Events are kept for 90 days."
	SettingsPath string // where that is changed, "" for those who can't
}

// EventSearchForm filters the events.
type EventSearchForm struct {
	Group, Category, Type Choice
	Person, Document, Key Field
	From, To              Field
	Open                  bool   // the rarer filters are in use
	Active                bool   // something differs from the usual list
	Title                 string // of the error summary
	Problems              []Problem
}

// EventDay is a day with what happened on it.
type EventDay struct {
	ID   string // of the first row
	Day  Moment
	Rows []EventRow
}

// EventRow is one event.
type EventRow struct {
	ID      string // "Events-3"
	Icon    Icon
	Tone    Tone
	Message []Words
	By      string // who did it, "" when the message says so itself
	At      Moment // the time of day
	Changes []Change
	Facts   []LinkedFact
}

// Words are a piece of a sentence. Strong ones name a document.
type Words struct {
	Text   string
	Strong bool
}

// Change is a member of a document before and after.
type Change struct{ Name, Before, After string }

// LinkedFact is a fact that may lead somewhere.
type LinkedFact struct{ Label, Text, Path string }

// AuditSettings is Configuration → Settings → Audit retention.
type AuditSettings struct {
	Shell    Shell
	Path     string
	History  string // leads to who changed it, "" for those who may not read the trail
	Version  string
	Days     Field
	Title    string // of the error summary
	Problems []Problem
}
