package views

// RotationForm asks how a key is to be replaced. A key that can't be shows Over
// instead of the form.
type RotationForm struct {
	Shell    Shell
	Path     string // the form's action
	Owner    string // whose key it is, "" for the reader's own
	Crumbs   []Crumb
	KeyPath  string // Cancel
	Key      KeyRow
	Sentence string // what the key opens and until when
	FormID   string // one-time id: a form makes one key
	Expiry   ExpiryForm
	Overlap  OverlapForm
	Title    string // of the error summary
	Problems []Problem
	Over     *RotationOver
}

// OverlapForm is the part of a form about how long the old key goes on.
type OverlapForm struct {
	Choices  []OverlapChoice
	Custom   Field // the number of days
	CustomOn bool
	LastDay  string // the old key's own end
	Latest   string // what the longest overlap comes to
	Error    string
}

// OverlapChoice is one of the usual overlaps, with what it comes to.
type OverlapChoice struct {
	Value, Label, Text string
	Checked            bool
}

// RotationOver says why a key can't be rotated, and where to go instead.
type RotationOver struct {
	Title, Text string
	Next        Link // "" for nowhere
}

// Relative is a key that came before or after another one.
type Relative struct {
	Path, Hint string
	Text       string // "works until Thu 3 Dec 2026, 17:30"
}

// OldKeyUse says who still calls with a key in whose place another one came.
type OldKeyUse struct {
	Text    string // that nobody does, or since when
	Clients []KeyClient
}
