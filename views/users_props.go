package views

// UserList is Configuration → Users.
type UserList struct {
	Shell    Shell
	Path     string // the list's own address, without query
	NewPath  string // where New user leads, "" for those who may only look
	Kinds    []Tab
	Statuses []Tab
	Search   string
	Hidden   []Pair // of the search form
	Columns  []Column
	Rows     []UserRow
	Status   string // "48 users found"
	Pager    Pager
	Zone     string
}

// UserRow is one user in the list.
type UserRow struct {
	Path, Name, Initials string
	Username, Email      string
	Kind                 string // "Person", "Service account"
	Service              bool
	Status               string // "Active", "Deactivated"
	Off                  bool
	Keys                 int // live ones
	KeysPath             string
	Seen                 string // "" for never
	SeenMoment           Moment
}

// UserForm is the form New user, and the details of a user.
type UserForm struct {
	Shell                        Shell
	Path                         string // the form's action
	ListPath                     string
	Version                      string // hidden field, "" for a new user
	Username, DisplayName, Email Field
	IsService                    bool // checked on the form New user; a fact afterwards
	OwnerTeam                    Field
	Teams                        []Option // that can own a service account, "" among them; empty for persons
	Title                        string   // of the error summary
	Problems                     []Problem
}

// Option is one entry of a list to choose from.
type Option struct {
	Value, Label string
	Selected     bool
}

// UserPage is one user.
type UserPage struct {
	Shell        Shell
	ListPath     string
	Name         string
	Facts        UserFacts
	Note         *Notice              // why the reader can't change the user
	Form         *UserForm            // nil for those who only look
	Link         *PersonLink          // nil where no one-time link can be made
	SecondFactor *SecondFactorRemoval // nil where there is no second step to remove
	Stop         string               // why the reader can't deactivate or delete, "" when he can
	Start        string               // action that reactivates, "" for an active user
	StopPath     string               // asks before deactivating, "" when there is nothing to deactivate
	DeletePath   string
	History      string // leads to what happened to the user, "" for those who may not read the trail
	Deeds        string // leads to what the user did, likewise
	Receipt      string // leads to which replicas refuse the user, "" for an active one
}

// UserFacts are what a user's page says first.
type UserFacts struct {
	Username, Email   string
	Service, Off      bool
	SignIn            string // "With a password"
	OwnerTeam         string
	Keys              string // "3 live keys"
	KeysPath          string
	Seen              string // "" for never
	SeenMoment, Since Moment
	Zone              string
}

// UserStop asks before a user is deactivated or deleted.
type UserStop struct {
	Shell          Shell
	Verb           string // "Deactivate", "Delete"
	Name, Username string
	Text           string // what will happen
	Keys           string // "3 live keys are refused at once"
	Seen           string
	Path           string // action
	Crumbs         []Crumb
	BackPath       string
	Keep           string // the safe choice: "Keep active"
}
