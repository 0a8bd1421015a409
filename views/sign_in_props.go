package views

// Addresses of what a person signs in with.
const (
	pathMeans            = "/account/sign-in"
	pathApp              = pathMeans + "/app"
	pathAppConfirmation  = pathApp + "/confirmation"
	pathAppRemoval       = pathApp + "/removal"
	pathPasskeys         = pathMeans + "/passkeys"
	pathPasskeyOptions   = pathPasskeys + "/options"
	pathPasskeyRequest   = pathPasskeys + "/request"
	pathRecoveryCodes    = pathMeans + "/recovery-codes"
	pathDevicesRemoval   = pathMeans + "/devices/removal"
	pathSecondStep       = pathSignIn + "/second-step"
	pathSecondStepAsk    = pathSecondStep + "/passkey-options"
	pathPasskeySignIn    = pathSignIn + "/passkey"
	pathPasskeySignInAsk = pathPasskeySignIn + "/options"
)

// SignIn is the sign-in page.
type SignIn struct {
	Username Field
	Password Field
	Return   string // path to go on to
	Notice   *Notice
	Ways     SignInWays
	Passkeys bool // passkeys sign in here
}

// Setup is the first-run page, where the first administrator is made.
type Setup struct {
	Token                                  string // from the one-time link
	Username, DisplayName, Email, Password Field
	Problems                               []Problem
	Invalid                                bool // the link is not good (any more)
}

// SignInMeans is Profile → Sign-in: what a person signs in with.
type SignInMeans struct {
	Shell       Shell
	AppSince    *Moment // nil while no app is in use
	Passkeys    []PasskeyRow
	PasskeysOff string // why no passkey can be made here, "" when one can
	Name        Field  // of a new passkey
	Problems    []Problem
	Codes       string // "8 of 10 codes are left", "" without a second step
	FewCodes    bool
	Devices     string // "3 browsers are known", "" when there is none
	Zone        string
}

// PasskeyRow is one passkey.
type PasskeyRow struct {
	Name       string
	Made       Moment
	LastUsed   string // "Never used", "Last used 3 days ago"
	RemovePath string
}

// AppSetup shows the secret that an authenticator app takes over.
type AppSetup struct {
	Shell    Shell
	QR       QR
	Secret   string // in groups of four
	Code     Field
	Problems []Problem
}

// RecoveryCodes shows new recovery codes, once.
type RecoveryCodes struct {
	Shell Shell
	Title string // what has just been done
	Codes []string
}

// SecondStep is the page after the password.
type SecondStep struct {
	Code        Field
	App         bool // there is an authenticator app; otherwise only recovery codes are typed here
	Passkeys    bool
	PasskeysOff string // why the passkeys can't be used here
	Return      string
	Notice      *Notice
}

// Confirm asks a person whose sign-in is old who they are, and carries along
// what they were about to send.
type Confirm struct {
	Shell      Shell
	Path       string // where the form was going
	Kept       string // what was typed in it, locked
	Password   *Field
	Code       *Field
	Passkeys   bool
	Again      bool   // there is nothing to ask for: the person must sign in again
	SignOn     string // by single sign-on, which is called so
	SignOnPath string
	Notice     *Notice
	Problems   []Problem
}

// SecondFactorRemoval is the part of a user's page by which an administrator
// takes a lost second step away.
type SecondFactorRemoval struct {
	Shell Shell
	Path  string // action
	Name  string // of the person
}
