package models

import (
	"errors"
	"net/mail"
	"net/netip"
	"strings"
)

// MailEncryption is how letters are kept from being read on their way to the
// mail server.
type MailEncryption string

// The ways. Both of the encrypted ones want a certificate for the host's name.
const (
	MailSTARTTLS MailEncryption = "starttls" // the conversation begins in the clear and turns to TLS before anything is said
	MailTLS      MailEncryption = "tls"      // TLS from the first byte
	MailInClear  MailEncryption = "off"
)

// Limits of the mail settings, and the port for programs that hand mail in.
const (
	MaxMailHost     = 253
	MaxMailLogin    = 254
	MaxMailPassword = 500
	MaxSender       = MaxEmail + MaxDisplayName
	InitialMailPort = 587

	// How long a letter may take, in milliseconds.
	MinMailTimeout     = 1_000
	MaxMailTimeout     = 120_000
	InitialMailTimeout = 30_000
)

// MailSettingsID is the id of the mail server in events.
const MailSettingsID = "smtpconfiguration"

// MailSettings are the mail server that administrators chose. They live in one
// row, which is read for each letter, so that all replicas agree.
type MailSettings struct {
	ID          int64  `gorm:"primaryKey"`
	Host        string // "" while none is chosen
	Port        int
	Encryption  MailEncryption
	Login       string // "" when the server asks for none
	PasswordBox []byte // locked, see Keyring.Lock; nil for none
	Sender      string // the address that letters come from, with or without a name
	TimeoutMS   int    // for a letter, MinMailTimeout to MaxMailTimeout
	Version     int64  // counts saves; a save must name the version it was based on
}

// TableName names the table for GORM.
func (MailSettings) TableName() string { return "mail_settings" }

// PasswordPlace is where the password is locked.
func (s MailSettings) PasswordPlace() Place { return RowPlace("mail_settings", "password_box", s.ID) }

// Chosen reports whether there is a mail server.
func (s MailSettings) Chosen() bool { return s.Host != "" }

// Described is what may be told of the mail server.
func (s MailSettings) Described() MailServer {
	return MailServer{Host: s.Host, Port: s.Port, From: s.Sender, Login: s.Login, HasPassword: s.PasswordBox != nil, Encryption: s.Encryption, TimeoutMS: s.TimeoutMS}
}

// MailWish is what somebody wants the mail settings to be.
type MailWish struct {
	Version    int64
	Host       string // "" for no mail
	Port       int
	Encryption MailEncryption
	Login      string
	Password   *string // nil to keep the stored one, "" to remove it
	Sender     string
	TimeoutMS  *int // nil to keep the stored one
}

// MailTrial is how a test letter went.
type MailTrial struct {
	Taken   bool
	Answer  string // what the server said, cut to something short; "" when it said nothing
	Problem string // what went wrong and what to do, in a sentence; "" when it was taken
}

// Wish returns the wish that changes nothing.
func (s MailSettings) Wish() MailWish {
	return MailWish{Version: s.Version, Host: s.Host, Port: s.Port, Encryption: s.Encryption, Login: s.Login, Sender: s.Sender}
}

// Check returns the wish in its one form, or all that is wrong with it. Fields are
// named as in Octopus's resource. A password is meant for the server it was entered
// for: whoever can name another one must not be sent it.
func (w MailWish) Check(stored MailSettings) (MailWish, []Problem) {
	var problems []Problem
	add := func(field, message string) {
		if message != "" {
			problems = append(problems, Problem{field, message})
		}
	}
	var problem string
	if w.Host, problem = cleanMailHost(w.Host); problem == "" && w.Host == "" {
		none, usual := "", InitialMailTimeout
		return MailWish{Version: w.Version, Port: InitialMailPort, Encryption: MailSTARTTLS, Password: &none, TimeoutMS: &usual}, nil
	}
	add("SmtpHost", problem)
	if w.Port < 1 || w.Port > 65535 {
		add("SmtpPort", "Enter a port from 1 to 65535: usually 587 for STARTTLS, or 465 for TLS from the start.")
	}
	if w.Encryption != MailSTARTTLS && w.Encryption != MailTLS && w.Encryption != MailInClear {
		add("EnableSsl", "Choose how letters are encrypted on their way to the mail server.")
	}
	w.Login, problem = CleanText(w.Login, "The user name", MaxMailLogin)
	add("SmtpLogin", problem)
	w.Sender, problem = cleanSender(w.Sender)
	add("SendEmailFrom", problem)
	add("SmtpPassword", w.passwordProblem(stored))
	if w.TimeoutMS != nil && (*w.TimeoutMS < MinMailTimeout || *w.TimeoutMS > MaxMailTimeout) {
		add("Timeout", "Enter how long a letter may take in milliseconds, from 1000 to 120000: usually 30000.")
	}
	return w, problems
}

func (w MailWish) passwordProblem(stored MailSettings) string {
	kept := w.Password == nil && stored.PasswordBox != nil
	given := kept || w.Password != nil && *w.Password != ""
	switch {
	case w.Password != nil && len(*w.Password) > MaxMailPassword:
		return "The password is longer than 500 characters. Check that nothing else was pasted with it."
	case w.Password != nil && strings.ContainsAny(*w.Password, "\r\n\x00"):
		return "The password holds a line break. Type it again."
	case given && w.Encryption == MailInClear:
		return "Without encryption the password could be read on the way. Choose STARTTLS or TLS, or remove the password and the user name."
	case kept && (w.Host != stored.Host || w.Port != stored.Port):
		return "The stored password was entered for " + stored.Host + ". Enter the password for this server, or remove it."
	case given && w.Login == "":
		return "A password needs a user name. Enter both, or neither."
	case !given && w.Login != "":
		return "A user name needs a password. Enter both, or neither."
	}
	return ""
}

// cleanMailHost reads a name or an address, without a port.
func cleanMailHost(s string) (clean, problem string) {
	if clean, problem = CleanText(s, "The host", MaxMailHost); problem != "" || clean == "" {
		return clean, problem
	}
	if inner, bracketed := strings.CutPrefix(clean, "["); bracketed {
		clean = strings.TrimSuffix(inner, "]")
	}
	clean = strings.ToLower(clean)
	if a, err := netip.ParseAddr(clean); err == nil && a.Zone() == "" {
		return clean, ""
	}
	if strings.ContainsFunc(clean, notInHost) || strings.Trim(clean, ".-") != clean {
		return clean, "Enter the name of the server alone, in letters A to Z, like smtp.example.com. The port has a field of its own."
	}
	return clean, ""
}

func notInHost(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r)
}

func cleanSender(s string) (clean, problem string) {
	if clean, problem = CleanText(s, "The sender", MaxSender); problem != "" {
		return clean, problem
	}
	if _, err := ParseSender(clean); err != nil {
		return clean, "Enter the address that letters come from, like keys@example.com or Keyport <keys@example.com>."
	}
	return clean, ""
}

// maxAddress is the longest address that mail servers must take (RFC 5321).
const maxAddress = 254

// ParseSender reads the address that letters come from: "keys@example.com" or
// "Keyport <keys@example.com>". The length is checked before the address is
// parsed: parsing takes quadratic time.
func ParseSender(s string) (*mail.Address, error) {
	if len(s) > MaxSender || strings.ContainsAny(s, "\r\n\x00\u2028\u2029") {
		return nil, errors.New("too long, or with a line break, for a header of a letter")
	}
	from, err := mail.ParseAddress(s)
	if err != nil || len(from.Address) > maxAddress {
		return nil, errors.New("not an e-mail address")
	}
	return from, nil
}

// Differences lists what changed between two states, by the names of Octopus's
// resource. Of the password it says only whether there is one.
func (s MailSettings) Differences(after MailSettings) []Difference {
	var changes []Difference
	add := func(path string, same bool, before, after any) {
		if !same {
			changes = append(changes, Difference{Path: path, Before: before, After: after})
		}
	}
	add("SmtpHost", s.Host == after.Host, s.Host, after.Host)
	add("SmtpPort", s.Port == after.Port, s.Port, after.Port)
	add("Encryption", s.Encryption == after.Encryption, s.Encryption, after.Encryption)
	add("SmtpLogin", s.Login == after.Login, s.Login, after.Login)
	add("SmtpPassword", string(s.PasswordBox) == string(after.PasswordBox), masked(s.PasswordBox), masked(after.PasswordBox))
	add("SendEmailFrom", s.Sender == after.Sender, s.Sender, after.Sender)
	add("Timeout", s.TimeoutMS == after.TimeoutMS, s.TimeoutMS, after.TimeoutMS)
	return changes
}
