package models

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Identity says that a person at an OpenID provider is a user here. The pair of
// issuer and subject decides, once it is stored: an e-mail address may change
// its owner, a subject never does.
type Identity struct {
	ID         int64 `gorm:"primaryKey"`
	UserID     int64
	Issuer     string
	Subject    string
	Email      string // as the provider said at the last sign-in, for people to recognise it by
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// MaxSubject is the longest subject that a provider may send, by OpenID Connect.
const MaxSubject = 255

// Assertion is what an OpenID provider says of the person who signs in, after
// its signature was checked.
type Assertion struct {
	Issuer, Subject string
	Email           string
	EmailVerified   bool
	Username        string // preferred_username
	DisplayName     string
	Groups          []string
	SignedInAt      time.Time // when the person last proved there who they are, zero when the provider doesn't say
}

// GroupTeam gives the members of a provider's group the membership of a team.
type GroupTeam struct{ Group, Team string }

// SignOnPolicy is what the configuration allows an assertion to do.
type SignOnPolicy struct {
	Create bool        // also make users, and not only link those there are
	Teams  []GroupTeam // teams that the provider decides on
}

// Mapped returns the folded names of the teams that the provider decides on, and
// whether the groups put their holder into them.
func (p SignOnPolicy) Mapped(groups []string) map[string]bool {
	member := map[string]bool{}
	for _, pair := range p.Teams {
		name := Fold(pair.Team)
		member[name] = member[name] || holds(groups, pair.Group)
	}
	return member
}

func holds(groups []string, group string) bool {
	for _, g := range groups {
		if g == group {
			return true
		}
	}
	return false
}

// Check refuses an assertion that can't be stored, or that two databases could
// read as two different ones.
func (a Assertion) Check() error {
	printable := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
	}
	if !printable(a.Issuer) || !printable(a.Subject) || len(a.Subject) > MaxSubject {
		return Denied("The single sign-on service sent an identity that Keyport can't keep. Tell your administrator.")
	}
	return nil
}

// VerifiedEmail returns the address by which an assertion may be linked or a
// user be made, and refuses all that the provider does not vouch for.
func (a Assertion) VerifiedEmail() (string, error) {
	email, problem := CleanEmail(a.Email)
	switch {
	case email == "" || problem != "":
		return "", Denied("The single sign-on service sent no e-mail address that Keyport can use, so it can't tell which account is yours. Ask your administrator.")
	case !a.EmailVerified:
		return "", Denied("The single sign-on service has not verified your e-mail address, so Keyport can't tell which account is yours. Verify the address there, or ask your administrator.")
	}
	return email, nil
}

// LowerASCII is the form in which e-mail addresses are compared when access
// rests on it. Letters outside of ASCII stay as they are: the lower case of
// some is a plain letter, and another address.
func LowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Users returns the wishes for the user to make of an assertion, best first.
// They differ in the user name: as the provider calls the person, else the
// first part of the address, else the whole address. Names that our rules do
// not allow are left out.
func (a Assertion) Users(email string) []NewUser {
	local, _, _ := strings.Cut(email, "@")
	var wishes []NewUser
	for _, name := range []string{a.Username, local, email} {
		wish, problems := NewUser{Username: name, DisplayName: a.displayName(), Email: email}.Check()
		if len(problems) == 0 {
			wishes = append(wishes, wish)
		}
	}
	return wishes
}

// displayName is the provider's name for the person, cut to what fits; "" when
// it can't be shown.
func (a Assertion) displayName() string {
	name := a.DisplayName
	if utf8.RuneCountInString(name) > MaxDisplayName {
		name = string([]rune(name)[:MaxDisplayName])
	}
	name, problem := CleanText(name, "", MaxDisplayName)
	if problem != "" {
		return ""
	}
	return name
}
