package views

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
