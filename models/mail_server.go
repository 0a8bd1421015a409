package models

// MailServer says through which server letters go out, without what only the
// sender needs: the password stays where the letters are sent.
type MailServer struct {
	Host        string
	Port        int
	From        string // the address that letters come from
	Login       string // "" when the server asks for none
	HasPassword bool
	Encryption  MailEncryption
	TimeoutMS   int // for a letter; 0 for InitialMailTimeout
}

// Encrypted reports whether letters travel to the server under TLS.
func (s MailServer) Encrypted() bool { return s.Encryption != MailInClear }
