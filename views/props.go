package views

// The structs that components take. A component decides nothing: statuses,
// words and dates are made in handlers/present.go, in the zone of the reader.

import "github.com/keyport/keyport/models"

// Shell is what every page of a signed-in person needs around its content.
type Shell struct {
	Title         string // of the document, without " · Keyport"; begins with "Error: " when a form is refused
	Area          Area
	Page          string // path of the current entry in the side navigation
	User          Person
	CSRF          string    // hidden field of every form
	Flash         *Notice   // notice of the request before
	Side          []NavLink // entries of the side navigation that the person may open
	Configuration string    // first page of Configuration, "" for those who see none of it
}

// NavLink is an entry of the side navigation. Without a path it is the heading
// of the Sub entries that follow.
type NavLink struct {
	Path, Label string
	Icon        Icon
	Sub         bool
}

// Area is one of the top-level areas.
type Area string

// The areas.
const (
	AreaProfile       Area = "profile"
	AreaConfiguration Area = "configuration"
)

// Person is somebody's name as shown in the profile menu.
type Person struct {
	Name, Username, Email, Initials string
}

// Tone is the mood of a notice, badge or figure: a CSS class of the stylesheet.
type Tone string

// The tones.
const (
	ToneNone Tone = ""
	ToneInfo Tone = "info"
	ToneOK   Tone = "ok"
	ToneWarn Tone = "warn"
	ToneBad  Tone = "bad"
)

// Notice is a message at the top of a page, or a toast.
type Notice struct {
	Tone  Tone
	Title string
	Text  string

	Receipt string // leads to which replicas know of what the notice tells, "" for none
}

// Field is one input of a form.
type Field struct {
	Name, ID, Label, Type string
	Value, Hint, Error    string
	Placeholder           string
	Autocomplete          string
	MaxLength             int
	Min, Max              string
	Required, Autofocus   bool
	ReadOnly              bool
}

// Moment is a point in time for <time>: Machine is RFC 3339 in UTC, Text is for
// people in the reader's zone.
type Moment struct {
	Machine, Text string
}

// Problem is one line of an error summary, linked to the field it is about.
type Problem struct {
	FieldID, Message string
}

// KeyList is the page My API Keys, or the keys of somebody else.
type KeyList struct {
	Shell    Shell
	Owner    string  // whose keys these are, "" for the reader's own
	Lead     string  // below the heading, with an owner
	Crumbs   []Crumb // where the page hangs, with an owner
	Path     string  // the list's own address, without query
	NewPath  string  // where New API key leads
	Disabled *Notice
	Empty    bool // the person has no key at all
	Tabs     []Tab
	Search   string
	Hidden   []Pair // of the search form: status and sort
	Columns  []Column
	Rows     []KeyRow
	Status   string // "6 keys shown"
	Pager    Pager
	Zone     string
	CanNew   bool
}

// Tab is a link that filters a list, with the number of rows behind it.
type Tab struct {
	Label, Href string
	Count       int
	Current     bool
}

// Crumb is a step on the way back from a page.
type Crumb struct{ Path, Label string }

// Pair is a hidden input.
type Pair struct{ Name, Value string }

// Column is a table head; Href is empty when the column can't be sorted by.
type Column struct {
	Label, Href, Sort string // Sort is the aria-sort value or ""
	Actions           bool   // the head is for screen readers only
}

// Pager leads to the pages before and after; empty links are not shown.
type Pager struct {
	Previous, Next string
	Text           string // "31 to 60 of 10,000"
}

// KeyRow is one key in a list.
type KeyRow struct {
	Path           string // of the key's own page
	Purpose, Hint  string
	Badge          string // "Expired", "Revoked" or ""
	Off            bool   // the key opens nothing any more
	Access         string // "Read-only on billing from 2 networks"
	Created        Moment
	Relative       string // "In 8 days"
	Tone           Tone   // ToneWarn, ToneBad or ToneNone
	Expires        Moment
	Ended          string // "Revoked 30 Oct 2026", instead of the bar
	Remaining      int    // 0 to 100
	LastUsed       string // "" for never
	LastUsedMoment Moment
	LastUsedFrom   string
	RevokePath     string // "" when there is nothing to revoke
}

// NewKeyForm is the form New API key.
type NewKeyForm struct {
	Shell      Shell
	Path       string // the form's action
	Owner      string // whose key it will be, "" for the reader's own
	Crumbs     []Crumb
	ListPath   string // Cancel
	FormID     string // one-time id: a form makes one key
	Zone       string // hidden field; the zone that the dates are in
	Purpose    Field
	Access     AccessForm
	Choices    []ExpiryChoice
	Custom     Field // the date input
	CustomOn   bool
	CustomHint string // "Up to 24 Nov 2027"
	Hint       string
	Error      string // about the expiry as a whole
	Title      string // of the error summary
	Problems   []Problem
}

// AccessForm is the part of a form about what a key may be used for.
type AccessForm struct {
	ReadOnly                  bool // chosen
	Error                     string
	Services, Allowed, Denied Field
	Open                      bool // the limits are shown
}

// ExpiryChoice is a preset.
type ExpiryChoice struct {
	Value, Label, Mark string // Mark is "Default", "Max" or ""
	Ends               Moment
	Checked            bool
}

// Reveal shows a new key once.
type Reveal struct {
	Shell     Shell
	Secret    string
	Purpose   string
	Expires   Moment
	Zone      string // that the expiry is told in, "" if it need not be named
	ServerURL string
	ListPath  string
	Crumbs    []Crumb
	StoredTo  string // action of "I have stored it"
	Sentence  string // what the key opens and until when
}

// RevokeDialog asks before a key is revoked: a dialog over the list, or at the
// top of a page of its own.
type RevokeDialog struct {
	Shell    Shell
	Purpose  string
	Hint     string
	Owner    string // "" when it is the reader
	LastUsed string // "3 days ago, from 192.168.12.40", or "Never"
	Expires  string
	Path     string // action
	ListPath string
	Crumbs   []Crumb
}

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

// AuthSettings is Configuration → Settings → Authentication.
type AuthSettings struct {
	Shell         Shell
	Path          string
	ImpactPath    string // answers the two live lines
	Version       string // hidden field
	Default       Field
	Maximum       Field
	DefaultWas    string // the stored value, when the typed one differs
	MaximumWas    string
	DefaultImpact Impact
	MaximumImpact Impact
	UserKeys      bool
	UserKeysWas   bool
	Problems      []Problem
	ProblemTitle  string
	ReadOnly      bool // the reader may look but not save
	SignOn        SignOnSettings
	History       string // leads to who changed them, "" for those who may not read the trail
}

// Impact is the line below a limit that says what it would do.
type Impact struct {
	Tone   Tone
	Strong string // the fact
	Text   string // what follows from it
	Keys   string // list of the keys it is about, "" when there are none or the reader can't open it
}

// SignIn is the sign-in page.
type SignIn struct {
	Username Field
	Password Field
	Return   string // path to go on to
	Notice   *Notice
	Ways     SignInWays
	Passkeys bool // passkeys sign in here
}

// Setup is the first-run page, where the first administrator is made.
type Setup struct {
	Token                                  string // from the one-time link
	Username, DisplayName, Email, Password Field
	Problems                               []Problem
	Invalid                                bool // the link is not good (any more)
}

// ErrorPage is what a person sees when a page can't be shown.
type ErrorPage struct {
	Status    int
	Title     string
	Text      string
	HomePath  string
	HomeLabel string
	Reference string // request id
}

// Limits that components print, so that page and rule can't differ.
const (
	MaxPurpose = models.MaxPurpose
)
