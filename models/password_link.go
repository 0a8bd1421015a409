package models

import (
	"net/url"
	"time"
)

// LinkKind is what a one-time link by which a person chooses a password is for.
type LinkKind string

// The kinds.
const (
	LinkInvitation    LinkKind = "invitation"     // the first password of a new person
	LinkPasswordReset LinkKind = "password-reset" // a new one for a person who has one
)

// Life is how long a link of the kind works. An invitation waits for somebody
// who does not know of it yet; a reset is asked for by somebody who is waiting.
func (k LinkKind) Life() time.Duration {
	if k == LinkInvitation {
		return 72 * time.Hour
	}
	return time.Hour
}

// At most so many mails with a link go to one person in that time, so that
// nobody's mailbox is filled by others who ask for links.
const (
	MaxResetMails  = 3
	ResetMailsSpan = time.Hour
)

// PasswordLink is a one-time link by which a person chooses a password. Whoever
// has the token is taken for that person, so it is shown or mailed once and
// never stored.
type PasswordLink struct {
	Kind      LinkKind
	User      User
	Token     string // "" when the link was read back
	ExpiresAt time.Time
}

// URL is the address of the link below the one by which people reach the portal.
// No part of it comes from a request.
func (l PasswordLink) URL(public *url.URL) string {
	page := "reset-password"
	if l.Kind == LinkInvitation {
		page = "invitation"
	}
	address := public.JoinPath(page)
	address.RawQuery = url.Values{"token": {l.Token}}.Encode()
	return address.String()
}

// MayMakePasswordLink decides who may make such a link for a person: those who
// edit users, for nobody who may do more than they may. Their own password they
// change with the one they have, so that a browser left open gives nothing away.
func MayMakePasswordLink(user User, actor *Actor) error {
	if err := MayChangeUser(user, actor); err != nil {
		return err
	}
	switch {
	case actor.Is(user.ID):
		return Denied("Change your own password under Profile, Password. You need the one you have for it.")
	case user.IsService:
		return Denied("A service account has no password: it can't sign in. Make an API key for it instead.")
	case !user.IsActive:
		return Denied(user.Name() + " is deactivated, and a link would not work. Reactivate the person first.")
	}
	return nil
}
