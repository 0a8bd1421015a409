package main

import (
	"net/url"
	"strconv"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/delivery"
)

// The variables of the mail.
const (
	smtpURL  = "KEYPORT_SMTP_URL"
	smtpFrom = "KEYPORT_SMTP_FROM"
)

// mail reads the mail server, nil when there is none. Letters hold links, so
// the public address must be said: nobody can open a link to an address that
// only this machine knows.
func (e *environment) mail(public *url.URL) *delivery.MailerOptions {
	server, from := e.mailServer(smtpURL), e.text(smtpFrom, "")
	switch {
	case server == nil && from == "":
		return nil
	case server == nil:
		e.wrong("%s is missing. Set it together with %s, or set neither.", smtpURL, smtpFrom)
	case from == "":
		e.wrong("%s is missing. Set it together with %s, or set neither.", smtpFrom, smtpURL)
	case public == nil:
		e.wrong("KEYPORT_PUBLIC_URL is missing. Letters hold links, so say by which address people reach the portal.")
	}
	if _, err := models.ParseSender(from); err != nil && from != "" {
		e.wrong("%s is not an e-mail address. Use one like keys@example.com, or Keyport <keys@example.com>.", smtpFrom)
	}
	return &delivery.MailerOptions{Server: server, From: from}
}

// mailServer reads smtp://user:password@host:587 or smtps://…:465. It never
// shows the value, which may hold a password.
func (e *environment) mailServer(name string) *url.URL {
	value := e.text(name, "")
	if value == "" {
		return nil
	}
	const example = "Use smtp://USER:PASSWORD@HOST:587, or smtps://USER:PASSWORD@HOST:465."
	u, err := url.Parse(value)
	if err != nil {
		e.wrong("%s is not the address of a mail server. %s", name, example)
		return nil
	}
	port, err := strconv.ParseUint(delivery.PortOf(u), 10, 16)
	tls, query := u.Query().Get("tls"), u.Query()
	query.Del("tls")
	_, password := u.User.Password()
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps", u.Hostname() == "", err != nil, port == 0, u.Path != "" && u.Path != "/", u.Fragment != "":
		e.wrong("%s is not the address of a mail server. %s", name, example)
	case len(query) > 0 || tls != "" && tls != "off":
		e.wrong("%s may end in ?tls=off and in nothing else.", name)
	case tls == "off" && u.Scheme == "smtps":
		e.wrong("%s says smtps, which is encrypted, and tls=off. Choose one.", name)
	case tls == "off" && password:
		e.wrong("%s holds a password, which tls=off would send unencrypted. Leave out one of the two.", name)
	case u.User != nil && !password:
		e.wrong("%s holds a user name without a password. %s", name, example)
	}
	return u
}

// describeMail is what may be told of the mail server.
func describeMail(o delivery.MailerOptions) *models.MailServer {
	port, _ := strconv.Atoi(delivery.PortOf(o.Server)) // it was checked when it was read
	_, password := o.Server.User.Password()
	told := &models.MailServer{Host: o.Server.Hostname(), Port: port, From: o.From, Login: o.Server.User.Username(), HasPassword: password, Encryption: models.MailSTARTTLS}
	switch {
	case o.Server.Scheme == "smtps":
		told.Encryption = models.MailTLS
	case delivery.Unencrypted(o.Server):
		told.Encryption = models.MailInClear
	}
	return told
}

// openPost makes the post office. It sends by the environment's mail server, or
// else by the one that administrators choose in the portal.
func (p *program) openPost(s *store.Store) (*delivery.Post, error) {
	servers := &delivery.Servers{Store: s}
	if p.Mail != nil {
		mailer, err := delivery.NewMailer(*p.Mail)
		if err != nil {
			return nil, failed(err, "The mail can't be set up. Check %s and %s.", smtpURL, smtpFrom)
		}
		if delivery.Unencrypted(p.Mail.Server) {
			p.log.Warn("Letters leave this machine without encryption, so their links can be read on the way. Take ?tls=off out of "+smtpURL+" as soon as the mail server can encrypt.", "server", p.Mail.Server.Host)
		}
		servers.Fixed = mailer
	}
	return delivery.NewPost(delivery.PostOptions{Store: s, Servers: servers, PublicURL: p.PublicURL, Log: p.log}), nil
}
