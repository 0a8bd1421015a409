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
	KeyMail     KeyMail
}

// KeyMail says whether mail about a person's own keys reaches him, and what he
// can do about it.
type KeyMail int

// The states of this mail.
const (
	KeyMailOn KeyMail = iota
	KeyMailOff
	KeyMailNoAddress
	KeyMailDisabled
)

// text says it in a sentence.
func (m KeyMail) text() string {
	return [...]string{
		"You get mail 20 days and 10 days before a key ends that you look after, and when it has ended.",
		"You get no mail about keys that end. Nobody else is told of your own keys.",
		"No e-mail address is stored for you, so nobody tells you when a key ends. Ask an administrator to enter one.",
		"An administrator has disabled this mail for everybody. Ask him why, and look at the ends of your keys yourself meanwhile.",
	}[m]
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
