package models

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OIDCIdentity lets a job elsewhere act as a service account: whoever holds a
// token that the issuer signed for such a subject may exchange it for an access
// token. Nothing secret is kept on either side.
type OIDCIdentity struct {
	ID        int64 `gorm:"primaryKey"`
	UserID    int64 // the service account
	Name      string
	Issuer    string // as the issuer writes itself, to the letter
	Subject   string // may hold the wildcards * and ?
	Audience  string // whom the tokens must be for, "" for the account's external id
	CreatedAt time.Time
	Version   int64 // grows when other tokens are trusted; access tokens name it
}

// TableName names the table for GORM, which would split the abbreviation.
func (OIDCIdentity) TableName() string { return "oidc_identities" }

// DocumentOIDCIdentities is their document type in events.
const DocumentOIDCIdentities = "ServiceAccountOidcIdentities"

const oidcIdentityPrefix = DocumentOIDCIdentities + "-"

// PublicID returns the id as the REST API writes it.
func (i OIDCIdentity) PublicID() string { return oidcIdentityPrefix + strconv.FormatInt(i.ID, 10) }

// ParseOIDCIdentityID reads such an id without regard to case.
func ParseOIDCIdentityID(s string) (id int64, ok bool) {
	if len(s) <= len(oidcIdentityPrefix) || !strings.EqualFold(s[:len(oidcIdentityPrefix)], oidcIdentityPrefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(oidcIdentityPrefix):], 10, 64)
	return id, err == nil && id > 0 && len(OIDCIdentity{ID: id}.PublicID()) == len(s)
}

// Trusts reports whether what a token says of itself is what the identity asks
// for. It says nothing of the token's signature.
func (i OIDCIdentity) Trusts(c SubjectClaims, externalID string) bool {
	audience := i.Audience
	if audience == "" {
		audience = externalID
	}
	return audience != "" && i.Issuer == c.Issuer && slices.Contains(c.Audience, audience) && matchesWildcard(i.Subject, c.Subject)
}

// Limits of the texts of an identity, and how many a service account may have.
const (
	MaxOIDCName       = 200
	MaxIssuer         = 255
	MaxAudience       = 255
	MaxOIDCIdentities = 100
)

// OIDCIdentityList is one page of a service account's identities. ExternalID is
// how issuers and clients name the account.
type OIDCIdentityList struct {
	ExternalID string
	Identities []OIDCIdentity
	Total      int
}

// NewOIDCIdentity is the wish for an identity. Server is the address of this
// server, whose own tokens prove nothing that it does not know.
type NewOIDCIdentity struct {
	Name, Issuer, Subject, Audience string
	Server                          string
}

// Check cleans the wish and returns all that is wrong with it.
func (n NewOIDCIdentity) Check() (NewOIDCIdentity, error) {
	var problems []Problem
	add := func(field, message string) {
		if message != "" {
			problems = append(problems, Problem{field, message})
		}
	}
	var message string
	n.Name, message = CleanText(n.Name, "The name", MaxOIDCName)
	if message == "" && n.Name == "" {
		message = "Name the identity, so that people know what it is for."
	}
	add("Name", message)
	add("Issuer", n.issuerProblem())
	add("Subject", subjectProblem(n.Subject))
	if n.Audience != "" && !plainASCII(n.Audience, MaxAudience) {
		add("Audience", "Write the audience as it stands in the tokens: up to 255 characters of ASCII without blanks. Leave it empty for the id of the service account.")
	}
	if err := InvalidInput(problems); err != nil {
		return n, err
	}
	return n, nil
}

func (n NewOIDCIdentity) issuerProblem() string {
	switch {
	case n.Issuer == "":
		return "Enter the issuer of the tokens, such as https://token.actions.githubusercontent.com."
	case !IsIssuer(n.Issuer):
		return "The issuer must be an https address as it stands in the tokens, such as https://token.actions.githubusercontent.com, without a user name, a question mark or a number sign."
	case OwnIssuer(n.Issuer, n.Server):
		return "This is the address of this server. Its own tokens can't be exchanged for others. Enter the issuer of somebody else's tokens."
	}
	return ""
}

// IsIssuer reports whether tokens of an issuer with this address can be
// believed: what it says of itself must come over https, or from this very
// machine.
func IsIssuer(issuer string) bool {
	if !plainASCII(issuer, MaxIssuer) || strings.ContainsAny(issuer, "?#") {
		return false
	}
	u, err := url.Parse(issuer)
	if err != nil || u.User != nil || u.Opaque != "" || u.Hostname() == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// OwnIssuer reports whether an issuer is the server with this address.
func OwnIssuer(issuer, server string) bool {
	return strings.EqualFold(strings.TrimRight(issuer, "/"), strings.TrimRight(server, "/"))
}

// subjectProblem refuses wildcards alone: an issuer such as a public CI service
// signs for everybody in the world, and the account's external id is no secret.
func subjectProblem(subject string) string {
	switch {
	case subject == "":
		return "Enter the subject of the tokens, such as repo:example/app:ref:refs/heads/main."
	case !plainASCII(subject, MaxSubject):
		return "Write the subject as it stands in the tokens: up to 255 characters of ASCII without blanks."
	case strings.Trim(subject, "*?") == "":
		return "A subject of wildcards alone lets in everybody for whom the issuer signs. Write at least how the subject begins, such as repo:example/*."
	}
	return ""
}

// plainASCII reports whether a text has up to limit characters, all of which
// can be seen.
func plainASCII(s string, limit int) bool {
	return s != "" && len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// MaySeeOIDCIdentities decides who may see the identities of a service account:
// whoever may see its keys. To others, and of a person, there is no account.
func MaySeeOIDCIdentities(account User, actor *Actor, inOwnerTeam bool) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case MaySeeKeysOf(account.ID, actor, inOwnerTeam) != nil && !actor.May(UserEdit), !account.IsService:
		return Missing("service account")
	}
	return nil
}

// MayChangeOIDCIdentities decides who may add, change and remove them: whoever
// may make keys for the account, with exceptions, because a key ends and may be
// limited, and an identity is neither. An account gives itself none, or a key that ends tomorrow
// would open for ever. And a member of the owner team who may do nothing else
// has to be signed in; a key or token of such a member will not do.
func MayChangeOIDCIdentities(account User, actor *Actor, inOwnerTeam bool) error {
	if err := MaySeeOIDCIdentities(account, actor, inOwnerTeam); err != nil {
		return err
	}
	_, limited := actor.Ceiling()
	switch {
	case actor.Via == ViaConsole:
		return nil
	case actor.Is(account.ID):
		return Denied("A service account can't change its own OIDC identities, because they would outlive the credential that you are using. Ask an administrator.")
	case !inOwnerTeam && !actor.May(UserEdit):
		return Denied("You can't change the OIDC identities of this service account. Ask an administrator for the right to edit users.")
	case !actor.May(UserEdit) && limited:
		return Denied("An OIDC identity would outlive the credential that you are using. Sign in to change the OIDC identities of this service account.")
	case !actor.Access().Whole():
		return Denied("The key that you are using is limited, and an OIDC identity would not be. Sign in to change the OIDC identities of this service account.")
	case !actor.Covers(account.Permissions):
		return Denied("This service account may do more than you may, so you can't change its OIDC identities. Ask an administrator.")
	}
	return nil
}
