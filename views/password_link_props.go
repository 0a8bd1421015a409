package views

// ChoosePassword is the page that a one-time link leads to.
type ChoosePassword struct {
	Title, Text string
	Path        string // the form's action
	Token       string // from the link
	Username    string // for password managers
	Submit      string
	New, Again  Field
	Problems    []Problem
}

// DeadLink is what a one-time link leads to when it does not work (any more).
type DeadLink struct {
	Title, Text          string
	NextPath, NextAction string
}

// Forgot is the page that asks who has forgotten the password.
type Forgot struct {
	Login    Field
	Problems []Problem
}

// PersonLink is the part of a person's page from which a one-time link is made.
type PersonLink struct {
	CSRF   string
	Title  string // "Invitation link"
	Text   string
	Path   string // action, "" when the reader may not make one
	Button string
}

// LinkReveal shows a new one-time link once.
type LinkReveal struct {
	Shell      Shell
	Heading    string
	Person     string
	Username   string
	Link       string
	Ends       Moment
	Zone       string
	Mailed     string // the address it was mailed to as well, "" for none
	Path       string // makes a newer one
	PersonPath string
}
