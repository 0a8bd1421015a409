package views

// SignInWays are the ways in besides user name and password.
type SignInWays struct {
	SignOn   string // words of the button after "Continue with", "" when there is no single sign-on
	LocalOff bool   // user names and passwords are not asked for
	Forgot   bool   // a forgotten password can be replaced by a link that is mailed
}

// SignOnSettings shows how single sign-on is configured. It never holds the
// client's secret.
type SignOnSettings struct {
	On       bool
	Issuer   string
	ClientID string
	Secret   string // whether there is one
	Redirect string // to be registered at the provider
	Scopes   string
	Users    string // what happens to people whom Keyport has not seen before
	Groups   string // the claim, "" when groups don't matter
	Teams    []GroupTeam
	Local    string // whether people may sign in with a password
}

// GroupTeam is one line of the mapping.
type GroupTeam struct{ Group, Team string }
