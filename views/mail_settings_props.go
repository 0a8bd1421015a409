package views

// MailSettings is Configuration → Settings → SMTP.
type MailSettings struct {
	Shell    Shell
	Path     string
	TestPath string
	History  string // leads to who changed it, "" for those who may not read the trail
	Version  string
	Fixed    []Fact // the mail server that the environment sets; then nothing can be changed here
	NoLinks  bool   // nobody said where people reach the portal, so no letter goes out
	InClear  bool   // letters travel without encryption
	CanTest  bool

	Host, Port, Login, Password, Sender, Timeout Field

	HasPassword bool // one is stored
	Forget      bool // and is to be removed
	Ways        []MailWay
	WayError    string

	To Field // of the test

	Title    string // of the error summary
	Problems []Problem
}

// MailWay is one way to encrypt letters.
type MailWay struct {
	Value, Label, Text string
	Chosen             bool
}
