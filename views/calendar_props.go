package views

// Calendars is the page on which people give calendar programs an address.
type Calendars struct {
	Shell   Shell
	Path    string // makes an address
	OffPath string // ends one
	Address string // a new one, shown this once; "" otherwise
	Rows    []CalendarRow
}

// CalendarRow is one calendar.
type CalendarRow struct {
	Owner string // "" for the reader's own, otherwise the id of a team
	Title string
	Text  string
	Feed  string  // which address the page knows of, "" for none
	Made  *Moment // when, nil for none
}
