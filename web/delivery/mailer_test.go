package delivery_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/emersion/go-smtp"

	"github.com/keyport/keyport/views"
	"github.com/keyport/keyport/web/delivery"
)

const sender = "Keyport <keys@example.com>"

var letter = views.Mail{Subject: "Choose a new password — naïve", Title: "Choose a new password", Text: "Hello Zoë <b>.",
	Facts: []views.Fact{{Label: "User name", Text: "zoe"}}, Action: "Choose", Link: "https://keys.example.com/reset-password?token=ABC", Why: "Because."}

func newMailer(t *testing.T, o delivery.MailerOptions) *delivery.Mailer {
	t.Helper()
	if o.From == "" {
		o.From = sender
	}
	m, err := delivery.NewMailer(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts reads a letter as a mail program does.
func parts(t *testing.T, data string) (header mail.Header, plain, page string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatalf("the letter can't be read: %v", err)
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{}
	for r := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
			t.Fatalf("encoding is %q", got)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		bodies[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
	return message.Header, bodies["text/plain"], bodies["text/html"]
}

func TestSend(t *testing.T) {
	withUser := how{tls: "starttls", users: map[string]string{"keys@relay": "s e/c:r@t"}}
	tests := []struct {
		name, scheme, user, query string
		how                       how
		encrypted                 bool
	}{
		{"STARTTLS", "smtp", "", "", how{tls: "starttls"}, true},
		{"TLS from the start", "smtps", "", "", how{tls: "implicit"}, true},
		{"in the clear, as asked", "smtp", "", "?tls=off", how{}, false},
		{"with a password", "smtp", "keys%40relay:s%20e%2Fc%3Ar%40t@", "", withUser, true},
		{"with a password, TLS from the start", "smtps", "u:p@", "", how{tls: "implicit", users: map[string]string{"u": "p"}}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startMailServer(t, test.how)
			m := newMailer(t, delivery.MailerOptions{Server: server.url(test.scheme, test.user, test.query), Roots: server.roots})
			if err := m.Send(t.Context(), "zoe@example.com", letter); err != nil {
				t.Fatal(err)
			}
			got := server.want(t, 1)[0]
			if got.encrypted != test.encrypted || got.from != "keys@example.com" || len(got.to) != 1 || got.to[0] != "zoe@example.com" {
				t.Errorf("envelope = %+v", got)
			}
		})
	}
}

func TestLetter(t *testing.T) {
	server := startMailServer(t, how{tls: "starttls"})
	m := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", ""), Roots: server.roots})
	if err := m.Send(t.Context(), "zoe@example.com", letter); err != nil {
		t.Fatal(err)
	}
	header, plain, page := parts(t, server.want(t, 1)[0].data)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || subject != letter.Subject {
		t.Errorf("subject = %q, %v", subject, err)
	}
	wanted := map[string]string{"From": `"Keyport" <keys@example.com>`, "To": "<zoe@example.com>", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0"}
	for name, want := range wanted {
		if got := header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for name := range header {
		switch name {
		case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Auto-Submitted", "Content-Type", "Received":
		default:
			t.Errorf("header %s: %q is not ours", name, header.Get(name))
		}
	}
	if !strings.HasSuffix(header.Get("Message-Id"), "@example.com>") {
		t.Errorf("Message-ID = %q, want no name of this machine", header.Get("Message-Id"))
	}
	if want := "Choose:\nhttps://keys.example.com/reset-password?token=ABC\n"; !strings.Contains(plain, want) || !strings.Contains(plain, "Hello Zoë <b>.") {
		t.Errorf("text = %s", plain)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Find(".cta a").AttrOr("href", ""); got != letter.Link {
		t.Errorf("the button leads to %q", got)
	}
	if doc.Find("h1").Text() != letter.Title || !strings.Contains(doc.Find("main").Text(), "Hello Zoë <b>.") || doc.Find("script, img, link").Length() > 0 {
		t.Errorf("page = %s", page)
	}
}

// Nothing that a person typed may become a header, a second recipient or a
// command.
func TestHeadersCantBeInjected(t *testing.T) {
	server := startMailServer(t, how{})
	m := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off")})
	for _, to := range []string{
		"", "zoe", "zoe@example.com\r\nBcc: eve@example.com", "zoe@example.com\nBcc: eve@example.com", "zoe@example.com\x00", "zoe@example.com, eve@example.com",
		"zoe@example.com;eve@example.com", "Zoe <zoe@example.com>", "<zoe@example.com>", "zoe@example.com>\r\nRCPT TO:<eve@example.com", "zoe@example.com\u2028Bcc: eve@example.com",
		strings.Repeat("a", 250) + "@example.com", strings.Repeat("(", 1<<20) + "@example.com", "group: zoe@example.com, eve@example.com;", " zoe@example.com",
	} {
		var final *delivery.Undeliverable
		if err := m.Send(t.Context(), to, letter); !errors.As(err, &final) {
			t.Errorf("%.60q: got %v, want a refusal", to, err)
		}
	}
	for _, subject := range []string{"a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\x00b", "a\u2028b", strings.Repeat("a", 501)} {
		wicked := letter
		wicked.Subject = subject
		var final *delivery.Undeliverable
		if err := m.Send(t.Context(), "zoe@example.com", wicked); !errors.As(err, &final) {
			t.Errorf("subject %.20q: got %v, want a refusal", subject, err)
		}
	}
	if n := len(server.got()); n != 0 {
		t.Fatalf("%d letters went out", n)
	}
	wicked := letter
	wicked.Text, wicked.Why = "Hello \r\n.\r\nMAIL FROM:<eve@example.com>\r\n\r\nBcc: eve@example.com", "\r\n.\r\nQUIT"
	if err := m.Send(t.Context(), "zoe@example.com", wicked); err != nil {
		t.Fatal(err)
	}
	got := server.want(t, 1)[0]
	header, plain, _ := parts(t, got.data)
	if header.Get("Bcc") != "" || !strings.Contains(plain, "MAIL FROM:<eve@example.com>") || len(got.to) != 1 {
		t.Errorf("letter = %+v", got)
	}
}

func TestRefusedLetters(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		final bool
	}{
		{"no such mailbox", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user"}, true},
		{"come back later", &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted"}, false},
		{"busy", &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Busy"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := startMailServer(t, how{})
			server.answer(test.err)
			err := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off")}).Send(t.Context(), "zoe@example.com", letter)
			var final *delivery.Undeliverable
			if err == nil || errors.As(err, &final) != test.final {
				t.Errorf("got %v, want final = %v", err, test.final)
			}
		})
	}
}

// A password or a link never travels where others can read it.
func TestInsecureServersAreRefused(t *testing.T) {
	users := map[string]string{"u": "p-a-s-s"}
	own := startMailServer(t, how{tls: "starttls"})
	tests := []struct {
		name, scheme, user string
		how                how
		roots              bool
	}{
		{"no STARTTLS", "smtp", "", how{}, false},
		{"unknown authority", "smtp", "", how{tls: "starttls"}, false},
		{"unknown authority, TLS from the start", "smtps", "", how{tls: "implicit"}, false},
		{"wrong password", "smtp", "u:wrong@", how{tls: "starttls", users: users}, true},
		{"no passwords wanted", "smtp", "u:p-a-s-s@", how{tls: "starttls"}, true},
		{"unknown way of signing in", "smtp", "u:p-a-s-s@", how{tls: "starttls", users: users, mechs: []string{"XOAUTH2"}}, true},
		{"plain text where TLS is expected", "smtps", "", how{tls: "starttls"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := startMailServer(t, test.how)
			o := delivery.MailerOptions{Server: server.url(test.scheme, test.user, ""), Roots: own.roots, Time: 2 * time.Second}
			if test.roots {
				o.Roots = server.roots
			}
			err := newMailer(t, o).Send(t.Context(), "zoe@example.com", letter)
			if err == nil || len(server.got()) > 0 {
				t.Fatalf("the letter went out: %v", err)
			}
			if strings.Contains(err.Error(), "p-a-s-s") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// Servers that are slow, silent or not there hold nobody up.
func TestSlowAndDeadServers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	slow := startMailServer(t, how{longer: 20 * time.Second})
	for name, address := range map[string]string{"silent": silent.Addr().String(), "gone": gone.Addr().String(), "slow": slow.address} {
		t.Run(name, func(t *testing.T) {
			server := &mailServer{address: address}
			started := time.Now()
			err := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off"), Time: 300 * time.Millisecond}).Send(t.Context(), "zoe@example.com", letter)
			var final *delivery.Undeliverable
			if err == nil || errors.As(err, &final) {
				t.Errorf("got %v, want an error that may pass", err)
			}
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		server := &mailServer{address: silent.Addr().String()}
		started := time.Now()
		err := newMailer(t, delivery.MailerOptions{Server: server.url("smtp", "", "?tls=off")}).Send(ctx, "zoe@example.com", letter)
		if took := time.Since(started); err == nil || took > 10*time.Second {
			t.Errorf("got %v after %v, want an end at once", err, took)
		}
	})
}

func TestNewMailerRefuses(t *testing.T) {
	server := startMailServer(t, how{})
	for _, from := range []string{"", "keys", "keys@example.com\r\nBcc: eve@example.com", "a@example.com, b@example.com", strings.Repeat("a", 400) + "@example.com"} {
		if _, err := delivery.NewMailer(delivery.MailerOptions{Server: server.url("smtp", "", ""), From: from}); err == nil {
			t.Errorf("the sender %.40q was accepted", from)
		}
	}
}
