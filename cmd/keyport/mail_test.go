//go:build unix

package main

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/delivery"
)

func TestMailConfigurationRefused(t *testing.T) {
	t.Parallel()
	usual := environ{"KEYPORT_SMTP_URL": "smtp://mail.example.com", "KEYPORT_SMTP_FROM": "keys@example.com", "KEYPORT_PUBLIC_URL": "https://keys.example.com"}
	server := func(url string) environ { return usual.with("KEYPORT_SMTP_URL", url) }
	sender := func(from string) environ { return usual.with("KEYPORT_SMTP_FROM", from) }
	tests := []struct {
		name     string
		env      environ
		sentence string
	}{
		{"no sender", sender(""), "KEYPORT_SMTP_FROM is missing"},
		{"no server", server(""), "KEYPORT_SMTP_URL is missing"},
		{"no public address", usual.with("KEYPORT_PUBLIC_URL", ""), "KEYPORT_PUBLIC_URL is missing"},
		{"another scheme", server("https://u:hunter2hunter2@mail.example.com"), "KEYPORT_SMTP_URL is not the address of a mail server"},
		{"no scheme", server("mail.example.com:587"), "KEYPORT_SMTP_URL is not the address"},
		{"no host", server("smtp://:587"), "KEYPORT_SMTP_URL is not the address"},
		{"unreadable", server("smtp://u:hunter2hunter2@mail.example.com/%zz"), "KEYPORT_SMTP_URL is not the address"},
		{"port 0", server("smtp://mail.example.com:0"), "KEYPORT_SMTP_URL is not the address"},
		{"port 70000", server("smtp://mail.example.com:70000"), "KEYPORT_SMTP_URL is not the address"},
		{"a path", server("smtp://mail.example.com/inbox"), "KEYPORT_SMTP_URL is not the address"},
		{"a user without password", server("smtp://maya@mail.example.com"), "user name without a password"},
		{"another option", server("smtp://mail.example.com?insecure=1"), "may end in ?tls=off"},
		{"TLS, somehow", server("smtp://mail.example.com?tls=maybe"), "may end in ?tls=off"},
		{"TLS on and off", server("smtps://mail.example.com?tls=off"), "Choose one"},
		{"a password in the clear", server("smtp://u:hunter2hunter2@mail.example.com?tls=off"), "would send unencrypted"},
		{"a sender without address", sender("Keyport"), "KEYPORT_SMTP_FROM is not an e-mail address"},
		{"two senders", sender("a@example.com, b@example.com"), "KEYPORT_SMTP_FROM is not"},
		{"a header in the sender", sender("keys@example.com\r\nBcc: eve@example.com"), "KEYPORT_SMTP_FROM is not"},
		{"a long sender", sender(strings.Repeat("a", 400) + "@example.com"), "KEYPORT_SMTP_FROM is not"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			o := keyport(t, test.env.with("KEYPORT_DATA_DIR", filepath.Join(folder, "data")), "", "serve")
			o.want(t, exitUsage, test.sentence)
			if strings.Contains(o.stderr, "hunter2") || strings.Count(o.stderr, "\n") != 1 || !isEmpty(t, folder) {
				t.Errorf("got %q, want one line that tells no password, and nothing created", o.stderr)
			}
		})
	}
}

func TestMailConfiguration(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, port, from string }{
		{"STARTTLS", "smtp://mail.example.com", "587", "keys@example.com"},
		{"with all", "smtp://u%40x:p%3A%2F@mail.example.com:2525/", "2525", "Keyport <keys@example.com>"},
		{"TLS from the start", "smtps://u:p@[2001:db8::7]", "465", "keys@example.com"},
		{"in the clear", "smtp://127.0.0.1:25?tls=off", "25", "keys@example.com"},
	}
	for _, test := range tests {
		env := environ{"KEYPORT_SMTP_URL": test.url, "KEYPORT_SMTP_FROM": test.from, "KEYPORT_PUBLIC_URL": "https://keys.example.com", "KEYPORT_MASTER_KEY": oneKey}
		c, err := readConfig(env.get)
		if err != nil || c.Mail == nil || delivery.PortOf(c.Mail.Server) != test.port || c.Mail.From != test.from {
			t.Errorf("%s: got %+v, %v", test.name, c.Mail, err)
		}
	}
	if c, err := readConfig(environ{"KEYPORT_MASTER_KEY": oneKey}.get); err != nil || c.Mail != nil {
		t.Errorf("without a mail server: got %+v, %v", c.Mail, err)
	}
}

// Mail that travels in the clear is warned of, and a mail server that can't be
// reached keeps nobody from starting.
func TestUnencryptedMailIsWarnedOf(t *testing.T) {
	t.Parallel()
	address := freeAddress(t) // the public address must be known before the start
	p := startPortal(t, place(t, storetest.SQLite).with("KEYPORT_LISTEN", address, "KEYPORT_PUBLIC_URL", "http://"+address,
		"KEYPORT_SMTP_URL", "smtp://127.0.0.1:1?tls=off", "KEYPORT_SMTP_FROM", "keys@example.com"))
	p.stop(t)
	if !strings.Contains(p.stderr.String(), "Letters leave this machine without encryption") {
		t.Errorf("no warning: %s", p.stderr)
	}
}

func TestMailServerIsDescribed(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]models.MailServer{
		"smtp://maya:hunter2hunter2@mail.example.com": {Host: "mail.example.com", Port: 587, From: "keys@example.com", Login: "maya", HasPassword: true, Encryption: models.MailSTARTTLS},
		"smtp://127.0.0.1:2525?tls=off":               {Host: "127.0.0.1", Port: 2525, From: "keys@example.com", Encryption: models.MailInClear},
		"smtps://mail.example.com":                    {Host: "mail.example.com", Port: 465, From: "keys@example.com", Encryption: models.MailTLS},
	} {
		server, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := *describeMail(delivery.MailerOptions{Server: server, From: "keys@example.com"}); got != want {
			t.Errorf("%s: got %+v, want %+v", address, got, want)
		}
	}
}
