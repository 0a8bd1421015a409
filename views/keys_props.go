package views

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
	RotatePath     string // "" when no key can be put in its place
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
