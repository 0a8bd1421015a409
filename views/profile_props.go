package views

// Profile is the page with a person's own details.
type Profile struct {
	Shell       Shell
	Username    string
	DisplayName string
	Email       string
	UsableKeys  string // "6 usable keys"
	Zone        string // chosen, "" to follow the browser
	ZoneInUse   string
	Zones       []ZoneOption
	ZoneError   string
}

// ZoneOption is one time zone in the list.
type ZoneOption struct{ Name, Label string }

// Password is the form to change one's password.
type Password struct {
	Shell               Shell
	Current, New, Again Field
	Problems            []Problem
}

// Sessions lists where a person is signed in.
type Sessions struct {
	Shell Shell
	Rows  []SessionRow
	Zone  string // that the times are in
}

// SessionRow is one browser.
type SessionRow struct {
	ID       string // for ending it; not the cookie's value
	Browser  string // "Firefox on Linux"
	Address  string
	Started  Moment
	LastSeen string
	Current  bool
	EndPath  string
}
