package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
	"unicode"

	smtp "github.com/wneessen/go-mail"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
	"github.com/keyport/keyport/web/egress"
)

// Limits of tests. Somebody waits for each in front of a browser, and each holds
// a connection.
const (
	trialTime    = 12 * time.Second
	trialsAtOnce = 2
)

// TestMail sends a letter through the mail server as it is set up now, and says
// how that went.
func (p *Post) TestMail(ctx context.Context, to string) (models.MailTrial, error) {
	select {
	case p.trials <- struct{}{}:
		defer func() { <-p.trials }()
	default:
		return models.MailTrial{Problem: "Other test mails are on their way. Try again in a few seconds."}, nil
	}
	mailer, err := p.Servers.mailer(ctx, p.Servers.trialTime())
	switch {
	case errors.Is(err, models.ErrLocked):
		return models.MailTrial{Problem: "The stored password can't be opened: its master key is missing, or the row was changed. Enter the password again and save."}, nil
	case err != nil:
		return models.MailTrial{}, err
	case mailer == nil:
		return models.MailTrial{Problem: "There is no mail server yet. Save one first."}, nil
	}
	answer, err := mailer.Try(ctx, to, testLetter(p))
	if err == nil {
		return models.MailTrial{Taken: true, Answer: plainWords(answer)}, nil
	}
	p.Log.Warn("a test letter was not taken", "server", mailer.host, "cause", err)
	problem, said := trialProblem(err, mailer.host)
	return models.MailTrial{Problem: problem, Answer: plainWords(said)}, nil
}

func testLetter(p *Post) views.Mail {
	letter := views.Mail{Subject: "Test mail from Keyport", Preview: "The mail server takes letters from Keyport.", Title: "The mail server works",
		Text: "An administrator sent this letter to try the mail server of the portal for API keys. That you can read it means that invitations, password links and notices of keys that end arrive.",
		Why:  "You get this because somebody entered your address for a test. There is nothing to do."}
	if p.PublicURL != nil {
		letter.Action, letter.Link = "Open Keyport", p.PublicURL.String()
	}
	return letter
}

// trialProblem words why a letter did not go out, so that somebody knows what to
// change. said is what the server answered, if it did.
func trialProblem(err error, host string) (problem, said string) {
	if problem := connectProblem(err, host); problem != "" {
		return problem, ""
	}
	var refused *smtp.SendError
	var reply *textproto.Error
	text := err.Error()
	switch {
	case errors.As(err, &refused) && refused.ErrorCode() > 0:
		return refusalProblem(refused), serverWords(refused)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return host + " did not answer in time. Check the port: 587 usually wants STARTTLS, and 465 TLS from the start.", ""
	case strings.Contains(text, "does not support STARTTLS"):
		return host + " offers no STARTTLS on this port. Choose TLS from the start and its port, usually 465.", ""
	case strings.Contains(text, "not support SMTP AUTH"):
		return host + " asks for no user name on this port. Remove the user name and the password, or choose the port for programs that sign in, usually 587.", ""
	case strings.Contains(text, "SMTP AUTH failed") && errors.As(err, &reply):
		return host + " refused the user name or the password. Enter them again; some providers want a password made for programs.", replyWords(reply)
	case errors.As(err, &reply):
		return host + " refused the connection.", replyWords(reply)
	case errors.Is(err, smtp.ErrNoSupportedAuthDiscovered), strings.Contains(text, "AUTH"):
		return host + " lets people sign in only in ways that Keyport does not know: it needs SCRAM-SHA-256, PLAIN or LOGIN.", ""
	}
	return host + " broke the connection off, or is no mail server. Check the host and the port.", ""
}

// connectProblem words why there was no connection to talk on, "" when there was.
func connectProblem(err error, host string) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var dialling *net.OpError
	switch {
	case errors.Is(err, egress.ErrRefused):
		return egress.MailInside
	case errors.Is(err, egress.ErrMailPort):
		return "On the internet only the ports 25, 465, 587 and 2525 of mail servers may be called. Choose one of them, or ask the operator to allow the network (KEYPORT_EGRESS_ALLOW)."
	case errors.As(err, &dns):
		return "There is no address for the name " + host + ". Check the host."
	case errors.As(err, &certificate):
		return "The certificate of " + host + " is not valid for this name, or comes from nobody whom this machine trusts. Enter the name that it was made for, or let the operator add its authority to those of the machine."
	case errors.As(err, &notTLS):
		return host + " does not speak TLS from the start on this port. Choose STARTTLS and its port, usually 587."
	case errors.As(err, &dialling) && dialling.Op == "dial":
		return "No connection to " + host + " on this port. Check the host, the port, and whether a firewall lets Keyport out."
	}
	return ""
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, net.ErrClosed)
}

func refusalProblem(refused *smtp.SendError) string {
	switch refused.Reason {
	case smtp.ErrSMTPMailFrom:
		return "The server does not take letters from this sender. Enter an address that this user may send from."
	case smtp.ErrSMTPRcptTo:
		return "The server does not take letters to this address. Try another one; if all are refused, it may want a user name and a password."
	}
	if refused.ErrorCode() < 500 {
		return "The server asks to be tried again later."
	}
	return "The server refused the letter."
}

// serverWords takes the server's answer out of the library's sentence.
func serverWords(refused *smtp.SendError) string {
	_, words, found := strings.Cut(refused.Error(), ": ")
	if !found {
		return ""
	}
	words, _, _ = strings.Cut(words, ", affected ")
	code, text, _ := strings.Cut(words, " ")
	if said, err := strconv.Unquote(text); err == nil { // the library quotes what the server wrote
		return code + " " + said
	}
	return words
}

func replyWords(reply *textproto.Error) string { return strconv.Itoa(reply.Code) + " " + reply.Msg }

// plainWords makes one short line of what a server wrote.
func plainWords(s string) string {
	const longest = 200
	words := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(words); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return words
}
