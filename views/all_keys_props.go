package views

// AllKeys is Configuration → API Keys: the keys of all users.
type AllKeys struct {
	Shell      Shell
	Path       string
	ExportPath string   // "" when there is nothing to export
	RevokePath string   // of the question before revoking all that is listed, "" when that can't be
	Running    []Link   // revocations that are under way
	Tiles      []Tile   // left out of an answer to htmx
	Timeline   Timeline // likewise
	Filter     KeySearchForm
	Columns    []Column
	Rows       []OwnedKeyRow
	Found      string // "38 keys found"
	Pager      Pager
	Zone       string
}

// Link is an address with its words.
type Link struct{ Path, Label string }

// Tile is a figure that leads to what it counts.
type Tile struct {
	Label, Figure, Href string
	Text                string
	Tone                Tone
}

// Timeline is how many keys end in each of the next weeks. With a Path it is not
// counted yet and found there.
type Timeline struct {
	Weeks int // so many
	Bars  []WeekBar
	Text  string // what the bars show, in a sentence
	Path  string
}

// KeyWeeks is the timeline as a page of its own.
type KeyWeeks struct {
	Shell    Shell
	ListPath string
	Timeline Timeline
	Zone     string
}

// WeekBar is one week of the timeline.
type WeekBar struct {
	From, To Moment
	Keys     int
	Href     string
	Tone     Tone
	Month    string // name of the month that begins in the week, or ""
}

// KeySearchForm filters the list of all keys.
type KeySearchForm struct {
	Status, Kind, Over                 Choice
	Owner, Purpose                     Field
	CreatedFrom, CreatedTo             Field
	EndsFrom, EndsTo, UsedFrom, UsedTo Field
	NeverUsed                          bool
	UsedError                          string // about the checkbox
	Open                               bool   // the rarer filters are in use
	Hidden                             []Pair // the order, which the form carries along
	Active                             bool   // something differs from the usual list
	Title                              string // of the error summary
	Problems                           []Problem
}

// Choice is a list to choose one from.
type Choice struct {
	Field   Field
	Options []Option
}

// OwnedKeyRow is one key in the list of all keys.
type OwnedKeyRow struct {
	KeyRow
	Owner Owner
}

// Owner is the user whom a key belongs to.
type Owner struct {
	Name, Kind, Initials string
	Path                 string // page of the user
	Service              bool
	Off                  bool // the account is deactivated
}

// RevocationForm asks before many keys are revoked.
type RevocationForm struct {
	Shell    Shell
	Crumbs   []Crumb
	ListPath string // back to the same keys
	Path     string // the form's action
	Hidden   []Pair
	Count    string // "38 keys"
	Facts    []Fact
	Chosen   []Fact // by what the keys are chosen
	Sample   []OwnedKeyRow
	Rest     string // "and 28 more", or ""
	Reason   Field
	Refused  *Notice // why these keys can't be revoked at once
	Title    string
	Problems []Problem
}

// RevocationPage shows how far a revocation is, and what became of each key.
type RevocationPage struct {
	Shell    Shell
	Crumbs   []Crumb
	ListPath string
	Path     string
	Title    string
	Reason   string
	By       string // "Maya Lindqvist, 23 Nov 2026, 14:05"
	Running  bool
	Done     int
	Total    int
	Status   string // "12 of 38 keys are dealt with"
	Result   *Notice
	Outcomes []Fact
	Rows     []OutcomeRow
	Pager    Pager
}

// OutcomeRow is one key of a revocation.
type OutcomeRow struct {
	Purpose, Hint string
	Owner         string
	Outcome       string
	Tone          Tone
}
