package views

// TeamList is Configuration → Teams.
type TeamList struct {
	Shell   Shell
	NewPath string // "" for those who may only look
	Rows    []TeamRow
}

// TeamRow is one team in the list.
type TeamRow struct {
	Name, Description string
	BuiltIn           bool
	Members           string // "4 members", "All 48 users"
	Permissions       string // "All", "None", or names
	Path              string
}

// TeamForm is the form New team, and the details of a team.
type TeamForm struct {
	Shell             Shell
	Path              string // the form's action
	ListPath          string
	Version           string // hidden field, "" for a new team
	Name, Description Field
	Presets           []PermissionPreset
	Permissions       []PermissionChoice
	Error             string // about the permissions as a whole
	Hint              string // below them
	Title             string // of the error summary
	Problems          []Problem
	Submit            string
}

// PermissionPreset is a set of permissions to be had by one click; the one that
// is Chosen brings out the list to choose from.
type PermissionPreset struct {
	Value, Label, Text string
	Checked, Disabled  bool
}

// PresetChosen is the value of the preset that stands for the list of boxes.
const PresetChosen = "chosen"

// PermissionChoice is one permission with a box.
type PermissionChoice struct {
	Name, Text        string
	Checked, Disabled bool
}

// TeamPage is one team: its details, as a form or to look at, and its members.
type TeamPage struct {
	Shell       Shell
	ListPath    string
	Path        string
	Name        string
	Description string
	BuiltIn     bool
	Permissions []PermissionChoice // held, for those who only look
	Note        *Notice            // why the details can't be changed
	Form        *TeamForm          // nil for those who only look
	Members     TeamMembers
	DeletePath  string // "" when the team can't be deleted by the reader
	History     string // leads to what happened to the team, "" for those who may not read the trail
	Calendar    string // leads to the calendar of the team's service accounts, "" for those who may not have it
}

// TeamMembers are the members on the page of a team.
type TeamMembers struct {
	Implied    string // stands for the list of a team that has all users
	AddPath    string // "" for those who may not change members
	Add        Field
	Problems   []Problem
	Title      string // of the error summary
	Candidates []Candidate
	Path       string // the page's own address, for the search
	Search     string
	Searchable bool
	Rows       []MemberRow
	Count      string // "4 members", "2 members found"
	Pager      Pager
}

// Candidate is a user to choose when a name was typed in part.
type Candidate struct{ Name, Username string }

// MemberRow is one member.
type MemberRow struct {
	Name, Username, Initials string
	Service, Off             bool
	RemovePath               string // "" when the reader can't remove him
}

// TeamDeletion asks before a team is deleted.
type TeamDeletion struct {
	Shell    Shell
	Name     string
	Members  string
	Rights   string // what they lose
	Path     string // action
	BackPath string
	ListPath string
}

// MyServiceAccounts lists the accounts that a person's teams own.
type MyServiceAccounts struct {
	Shell Shell
	Rows  []OwnedAccountRow
}

// OwnedAccountRow is one account.
type OwnedAccountRow struct {
	Name, Username, Team string
	Keys                 string // "3 usable keys"
	Off                  bool
	Path                 string
}
