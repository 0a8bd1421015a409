package views

// The structs that components take, here those that every page knows; the others
// are beside their components. A component decides nothing: statuses, words and
// dates are made in handlers/present.go, in the zone of the reader.

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

// Moment is a point in time for <time>: Machine is RFC 3339 in UTC, Text is for
// people in the reader's zone.
type Moment struct {
	Machine, Text string
}

// Crumb is a step on the way back from a page.
type Crumb struct{ Path, Label string }

// ErrorPage is what a person sees when a page can't be shown.
type ErrorPage struct {
	Status    int
	Title     string
	Text      string
	HomePath  string
	HomeLabel string
	Reference string // request id
}
