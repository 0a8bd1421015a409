package views

// SubscriptionList is Configuration → Subscriptions.
type SubscriptionList struct {
	Shell   Shell
	NewPath string // "" for those who may only look
	Rows    []SubscriptionRow
}

// SubscriptionRow is one subscription in the list.
type SubscriptionRow struct {
	Name, Path string
	BuiltIn    bool
	Off        bool
	About      string // "API key expiry events"
	To         string // "Mail to 2 teams, webhook hooks.example.com"
}

// SubscriptionForm is the form of a subscription.
type SubscriptionForm struct {
	Shell                  Shell
	Path, ListPath         string
	BuiltIn                bool // mail goes to the owners of keys as well
	Name                   Field
	Groups, Kinds          []Check
	Documents, Teams       []Check
	Users                  Field
	Every, Priority, Zone  Dropdown
	URL, Header, HeaderKey Field
	Timeout                Field
	Title                  string // of the error summary
	Problems               []Problem
	Submit                 string
}

// Check is a box of a list.
type Check struct {
	Name, Value, Label, Text string
	Checked                  bool
}

// Dropdown is a list to choose one of.
type Dropdown struct {
	Field   Field
	Options []Option
}

// SubscriptionPage is one subscription: its form, or what it says for those who
// only look, and what became of its deliveries.
type SubscriptionPage struct {
	Shell      Shell
	ListPath   string
	Path       string
	Name       string
	Off        bool
	BuiltIn    bool
	Form       *SubscriptionForm // nil for those who only look
	Facts      []Fact            // for those
	History    string
	DeletePath string
	SwitchPath string // disables or enables
	TestPath   string
	SecretPath string // makes another secret for the webhook, "" without one
	Secret     string // the new one, shown once
	ReplayPath string // sends everything that failed once more, "" when nothing did
	Deliveries []DeliveryRow
	More       string // to older ones
	Zone       string
}

// DeliveryRow is one delivery.
type DeliveryRow struct {
	What       string // the message of the event
	To         string
	Tone       Tone
	State      string
	Attempts   string
	Answer     string // "200 in 34 ms"
	Problem    string
	At         Moment // of the newest attempt, or when the next one comes
	AtLabel    string
	ReplayPath string
}

// SubscriptionDeletion asks before a subscription is deleted.
type SubscriptionDeletion struct {
	Shell          Shell
	Name           string
	Path, BackPath string
	ListPath       string
}
