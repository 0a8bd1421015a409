// Package delivery brings what Keyport has to say to people: letters, by SMTP.
// What is said and to whom is decided by the store and worded here; nothing of
// it runs inside a request.
package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// sendTime bounds the whole conversation with a mail server.
const sendTime = 30 * time.Second

// MailerOptions say through which server and in whose name letters are sent.
type MailerOptions struct {
	Server *url.URL       // smtp://user:password@host:port or smtps://…; ?tls=off for a server that can't encrypt
	From   string         // an address, with or without a name
	Roots  *x509.CertPool // whom the server's certificate must come from; nil for those of the system
	Time   time.Duration  // for a letter; 0 for half a minute

	// Dial connects to the server, nil for straight to it.
	Dial dialer
}

// Mailer sends letters, each over a connection of its own and to one person.
type Mailer struct {
	from    *mail.Address
	host    string
	address string // host and port, as dialled
	options []smtp.Option
	dial    dialer
	time    time.Duration
}

// NewMailer checks the options. It connects to nothing.
func NewMailer(o MailerOptions) (*Mailer, error) {
	from, err := models.ParseSender(o.From)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(PortOf(o.Server))
	if err != nil || o.Server.Hostname() == "" {
		return nil, errors.New("the address of the mail server names no host or a wrong port")
	}
	m := &Mailer{from: from, host: o.Server.Hostname(), time: o.Time}
	m.address = net.JoinHostPort(m.host, strconv.Itoa(port)) // the library writes IPv6 without brackets
	if m.time <= 0 {
		m.time = sendTime
	}
	security := &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
	m.options = []smtp.Option{smtp.WithPort(port), smtp.WithTimeout(m.time), smtp.WithTLSConfig(security),
		smtp.WithHELO(domainOf(from)), smtp.WithTLSPolicy(smtp.TLSMandatory), smtp.WithoutNoop()}
	if m.dial = o.Dial; m.dial == nil {
		m.dial = new(net.Dialer).DialContext
	}
	switch {
	case o.Server.Scheme == "smtps":
		m.dial = encrypted(m.dial, security)
		m.options = append(m.options, smtp.WithSSL())
	case Unencrypted(o.Server):
		m.options = append(m.options, smtp.WithTLSPolicy(smtp.NoTLS))
	}
	if password, given := o.Server.User.Password(); given {
		m.options = append(m.options, smtp.WithUsername(o.Server.User.Username()), smtp.WithPassword(password),
			smtp.WithOpportunisticSMTPAuth(smtp.SMTPAuthSCRAMSHA256, smtp.SMTPAuthPlain, smtp.SMTPAuthLogin))
	}
	return m, nil
}

// dialer connects to an address.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// encrypted begins TLS on each connection before anything is said.
func encrypted(dial dialer, security *tls.Config) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		plain, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c := tls.Client(plain, security)
		if err := c.HandshakeContext(ctx); err != nil {
			plain.Close()
			return nil, err
		}
		return c, nil
	}
}

// PortOf returns the port of a mail server's address, by default the one for
// programs that hand mail in.
func PortOf(server *url.URL) string {
	switch port := server.Port(); {
	case port != "":
		return port
	case server.Scheme == "smtps":
		return "465"
	}
	return "587"
}

// Unencrypted reports that the address allows letters to travel in the clear.
func Unencrypted(server *url.URL) bool {
	return server.Scheme == "smtp" && server.Query().Get("tls") == "off"
}

// maxAddress is the longest address that mail servers must take (RFC 5321).
const maxAddress = 254

// recipient reads the one address that a letter goes to. The length is checked
// before the address is parsed: parsing takes quadratic time.
func recipient(s string) (*mail.Address, error) {
	if err := oneLine(s, maxAddress); err != nil {
		return nil, err
	}
	if clean, problem := models.CleanEmail(s); problem != "" || clean != s || s == "" {
		return nil, errors.New("not an e-mail address")
	}
	return &mail.Address{Address: s}, nil
}

// oneLine refuses what could begin another header or end the letter.
func oneLine(s string, longest int) error {
	if len(s) > longest {
		return errors.New("too long for a header of a letter")
	}
	if strings.ContainsAny(s, "\r\n\x00\u2028\u2029") {
		return errors.New("a line break or NUL in a header of a letter")
	}
	return nil
}

func domainOf(a *mail.Address) string {
	return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
}

// Undeliverable is a letter that no other try can deliver.
type Undeliverable struct{ Cause error }

// Error returns what the log should say.
func (u *Undeliverable) Error() string { return "undeliverable: " + u.Cause.Error() }

// Unwrap returns what the server or the check said.
func (u *Undeliverable) Unwrap() error { return u.Cause }

// Envelope is what mail programs and servers read of a letter besides its words.
type Envelope struct {
	ID       string // of the letter, the same for each try; "" for a new one
	List     string // what kind of letter it is, for filters; "" for one that was asked for
	Priority models.EmailPriority
}

// Send sends a letter to one address. An *Undeliverable is final; any other
// error may pass.
func (m *Mailer) Send(ctx context.Context, to string, letter views.Mail) error {
	return m.SendEnveloped(ctx, to, letter, Envelope{})
}

// SendEnveloped sends a letter that is one of several.
func (m *Mailer) SendEnveloped(ctx context.Context, to string, letter views.Mail, e Envelope) error {
	message, err := m.compose(ctx, to, letter)
	if err != nil {
		return &Undeliverable{err}
	}
	m.mark(message, letter, e)
	return m.deliver(ctx, message)
}

// Try sends a letter to find out whether the server takes it, and returns what it
// answered.
func (m *Mailer) Try(ctx context.Context, to string, letter views.Mail) (answer string, err error) {
	message, err := m.compose(ctx, to, letter)
	if err != nil {
		return "", &Undeliverable{err}
	}
	err = m.deliver(ctx, message)
	return message.ServerResponse(), err
}

func (m *Mailer) deliver(ctx context.Context, message *smtp.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, m.time)
	defer cancel()
	err := m.post(ctx, message)
	if message.IsDelivered() {
		return nil // what went wrong afterwards was only the goodbye
	}
	var refused *smtp.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return &Undeliverable{err}
	}
	return err
}

// mark writes the headers of a letter that is one of several. A mail program ends
// the kind by one POST (RFC 8058), and without opening a page.
func (m *Mailer) mark(message *smtp.Msg, letter views.Mail, e Envelope) {
	if e.ID != "" {
		message.SetMessageIDWithValue(e.ID + "@" + domainOf(m.from))
	}
	if e.List != "" {
		message.SetGenHeader("List-Id", "<"+e.List+"."+domainOf(m.from)+">")
	}
	if letter.Unsubscribe != "" {
		message.SetGenHeader("List-Unsubscribe", "<"+letter.Unsubscribe+">")
		message.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	switch e.Priority {
	case models.PriorityHigh:
		message.SetImportance(smtp.ImportanceHigh)
	case models.PriorityLow:
		message.SetImportance(smtp.ImportanceLow)
	}
}

// post holds one conversation. The connection is ours to close: the library
// leaves it open when encryption or authentication fails, and its own time
// limit begins anew with each step.
func (m *Mailer) post(ctx context.Context, message *smtp.Msg) error {
	hangUp := func() {}
	dial := smtp.WithDialContextFunc(func(dialing context.Context, network, _ string) (net.Conn, error) {
		c, err := m.dial(dialing, network, m.address)
		if err == nil {
			unwatch := context.AfterFunc(ctx, func() { c.Close() })
			hangUp = func() { unwatch(); c.Close() }
		}
		return c, err
	})
	client, err := smtp.NewClient(m.host, append([]smtp.Option{dial}, m.options...)...)
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	hangUp()
	return err
}

// compose writes the letter. Everything that becomes a header is checked here.
func (m *Mailer) compose(ctx context.Context, to string, letter views.Mail) (*smtp.Msg, error) {
	address, err := recipient(to)
	if err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	const longestSubject = 500
	if err := oneLine(letter.Subject, longestSubject); err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	var page bytes.Buffer
	if err := views.MailPage(letter).Render(ctx, &page); err != nil {
		return nil, fmt.Errorf("letter: %w", err)
	}
	message := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	message.ToMailAddress(address)
	message.Subject(letter.Subject)
	message.SetDate()
	message.SetMessageIDWithValue(models.NewToken() + "@" + domainOf(m.from))
	message.SetGenHeader("Auto-Submitted", "auto-generated") // no "I am on holiday" in return (RFC 3834)
	message.SetBodyString(smtp.TypeTextPlain, letter.Plain())
	message.AddAlternativeString(smtp.TypeTextHTML, page.String())
	return message, nil
}
