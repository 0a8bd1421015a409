package models

import (
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// User is a person or a service account. ID is never used twice, so that a
// deleted name used again inherits nothing.
type User struct {
	ID           int64 `gorm:"primaryKey"`
	Username     string
	UsernameFold string // Fold(Username), unique
	DisplayName  string
	Email        string
	IsService    bool
	IsActive     bool
	TimeZone     string // IANA name, or "" to follow the browser
	PasswordHash string // PHC string, or "" when the user can't sign in with one
	CreatedAt    time.Time
	OwnerTeamID  *int64 // of a service account: the team that looks after it, nil for none
	Version      int64  // grows with each change of the details

	// For searching and ordering, like UsernameFold; written, never read back.
	DisplayNameFold string
	EmailFold       string

	// SeenAt is when a session or key of the user was last used, to the minute;
	// nil for never, and wherever it was not asked for.
	SeenAt *time.Time

	// Permissions is the union over the user's teams, filled by the query that
	// loads a user.
	Permissions PermissionSet `gorm:"->;-:migration"`

	// Caretakes reports that one of the user's teams owns a service account,
	// filled in the same way.
	Caretakes bool `gorm:"->;-:migration"`
}

// userIDPrefix starts every user id that leaves the server; Octopus's clients
// expect the form Users-n.
const userIDPrefix = "Users-"

// PublicID returns the id as the REST API writes it: "Users-7".
func (u User) PublicID() string { return UserID(u.ID) }

// UserID writes a user's id as the REST API does.
func UserID(id int64) string { return userIDPrefix + strconv.FormatInt(id, 10) }

// AppendUserID appends what UserID writes.
func AppendUserID(b []byte, id int64) []byte {
	return strconv.AppendInt(append(b, userIDPrefix...), id, 10)
}

// ParseUserID reads "Users-7" without regard to case. Each user has one id:
// "Users-07" and "Users-+7" are nobody's.
func ParseUserID(s string) (id int64, ok bool) {
	if len(s) <= len(userIDPrefix) || !strings.EqualFold(s[:len(userIDPrefix)], userIDPrefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(userIDPrefix):], 10, 64)
	return id, err == nil && id > 0 && len(UserID(id)) == len(s)
}

// Name is what people call the user: the display name, else the user name.
func (u User) Name() string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return u.Username
}

// NewUser is the wish for a user. Password is the clear text, "" for none.
type NewUser struct {
	Username, DisplayName, Email, Password string
	IsService                              bool
	Teams                                  []int64 // besides Everyone
	OwnerTeamID                            *int64  // only of a service account
}

// Check cleans the wish and returns all that is wrong with it.
func (n NewUser) Check() (NewUser, []Problem) {
	var problems []Problem
	add := func(field, message string) {
		if message != "" {
			problems = append(problems, Problem{field, message})
		}
	}
	var message string
	n.Username, message = cleanUsername(n.Username)
	add("Username", message)
	n.DisplayName, message = CleanText(n.DisplayName, "The display name", MaxDisplayName)
	add("DisplayName", message)
	if n.DisplayName == "" {
		n.DisplayName = n.Username
	}
	n.Email, message = CleanEmail(n.Email)
	add("EmailAddress", message)
	switch {
	case n.IsService && n.Password != "":
		add("Password", "A service account has no password: it can't sign in. Leave the password empty.")
	case !n.IsService && n.Password != "":
		add("Password", PasswordProblem(n.Password, n.Username, n.DisplayName, n.Email))
	}
	if !n.IsService && n.OwnerTeamID != nil {
		add("OwnerTeam", onlyServiceAccounts)
	}
	return n, problems
}

// reservedNames can't be taken: Octopus uses them for its own actors, and "me"
// and "all" are addresses in the REST API.
var reservedNames = map[string]bool{"system": true, "users-system": true, "guest": true, "me": true, "all": true, "keyport": true}

// isUserID reports a name that reads as somebody's id, which a path could not
// tell apart.
func isUserID(name string) bool {
	_, ok := ParseUserID(name)
	return ok
}

// cleanUsername accepts printable ASCII only: a name is what access is decided
// by, and look-alike letters of other scripts would let one user pass for
// another. The display name may hold any script.
func cleanUsername(s string) (clean, problem string) {
	clean, problem = CleanText(s, "The user name", MaxUsername)
	switch {
	case problem != "":
	case clean == "":
		problem = "Enter a user name."
	case strings.ContainsFunc(clean, func(r rune) bool { return r < ' ' || r > '~' }):
		problem = "Use only letters A to Z, digits, blanks and punctuation in the user name. The display name may hold any letters."
	case reservedNames[Fold(clean)], isUserID(clean):
		problem = "The user name " + clean + " is reserved. Choose another one."
	}
	return clean, problem
}

// CleanEmail accepts "" or one bare address. The length is checked first: the
// standard library's parser takes quadratic time on hostile input.
func CleanEmail(s string) (clean, problem string) {
	clean, problem = CleanText(s, "The e-mail address", MaxEmail)
	if problem != "" || clean == "" {
		return clean, problem
	}
	a, err := mail.ParseAddress(clean)
	if err != nil || a.Name != "" || a.Address != clean {
		return clean, "Enter one e-mail address, like maya@example.com."
	}
	return clean, ""
}
