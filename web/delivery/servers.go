package delivery

import (
	"context"
	"crypto/x509"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/egress"
)

// Servers knows by which mail server letters go: by the one that the environment
// names, else by the one that administrators chose in the portal. The operator
// answers for the first. The second is read for each letter, so that a change
// counts at once and on all replicas, and is reached through the guard alone.
type Servers struct {
	Store *store.Store
	Fixed *Mailer        // by the environment's, nil for none
	Guard *egress.Guard  // judges what administrators chose
	Roots *x509.CertPool // whom its certificate must come from; nil for those of the system
	Time  time.Duration  // for a letter, at most; 0 for what is set
}

// Mailer returns the mailer that letters go by now, nil when there is none.
func (s *Servers) Mailer(ctx context.Context) (*Mailer, error) { return s.mailer(ctx, s.Time) }

func (s *Servers) mailer(ctx context.Context, limit time.Duration) (*Mailer, error) {
	if s.Fixed != nil {
		return s.Fixed.within(limit), nil
	}
	chosen, password, err := s.Store.OutgoingMail(ctx)
	if err != nil || !chosen.Chosen() {
		return nil, err
	}
	own := time.Duration(chosen.TimeoutMS) * time.Millisecond
	if limit <= 0 {
		limit = own
	}
	return NewMailer(MailerOptions{Server: addressOf(chosen, password), From: chosen.Sender, Roots: s.Roots, Time: min(limit, own), Dial: s.Guard.DialMail})
}

// trialTime is the time for a test.
func (s *Servers) trialTime() time.Duration {
	if s.Time > 0 {
		return min(s.Time, trialTime)
	}
	return trialTime
}

// Has reports whether there is a mail server.
func (s *Servers) Has(ctx context.Context) (bool, error) {
	if s.Fixed != nil {
		return true, nil
	}
	return s.Store.MailChosen(ctx)
}

// addressOf writes the mail server as an address.
func addressOf(s models.MailSettings, password string) *url.URL {
	u := &url.URL{Scheme: "smtp", Host: net.JoinHostPort(s.Host, strconv.Itoa(s.Port))}
	switch s.Encryption {
	case models.MailTLS:
		u.Scheme = "smtps"
	case models.MailInClear:
		u.RawQuery = "tls=off"
	}
	if s.Login != "" {
		u.User = url.UserPassword(s.Login, password)
	}
	return u
}

// within returns the mailer with a shorter time for a letter, 0 for its own.
func (m *Mailer) within(limit time.Duration) *Mailer {
	if limit <= 0 || limit >= m.time {
		return m
	}
	hasty := *m
	hasty.time = limit
	return &hasty
}
