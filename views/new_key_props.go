package views

// NewKeyForm is the form New API key.
type NewKeyForm struct {
	Shell    Shell
	Path     string // the form's action
	Owner    string // whose key it will be, "" for the reader's own
	Crumbs   []Crumb
	ListPath string // Cancel
	FormID   string // one-time id: a form makes one key
	Purpose  Field
	Access   AccessForm
	Expiry   ExpiryForm
	Title    string // of the error summary
	Problems []Problem
}

// ExpiryForm is the part of a form about when a new key ends.
type ExpiryForm struct {
	Legend     string // "Expires"
	Zone       string // hidden field; the zone that the dates are in
	Choices    []ExpiryChoice
	Custom     Field // the date input
	CustomOn   bool
	CustomHint string // "Up to 24 Nov 2027"
	Hint       string
	Error      string // about the expiry as a whole
}

// AccessForm is the part of a form about what a key may be used for.
type AccessForm struct {
	ReadOnly        bool // chosen
	Error           string
	Services        []Check // that a key can be limited to
	ServicesHint    string
	ServicesError   string
	Allowed, Denied Field
	Open            bool // the limits are shown
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
	Old       string // what becomes of the key in whose place it came, "" without one
}
