package models

import (
	"strconv"
	"strings"
)

// Limits of the texts of a team, in characters.
const (
	MaxTeamName        = 64
	MaxTeamDescription = 200
)

// BuiltIn names a team that Keyport brings along; it is "" for all others.
type BuiltIn string

// The built-in teams. Everyone has all users without listing them.
const (
	Everyone       BuiltIn = "everyone"
	Administrators BuiltIn = "administrators"
)

// Team is a set of users who share permissions. What a user may do is the union
// over the teams.
type Team struct {
	ID          int64 `gorm:"primaryKey"`
	Name        string
	NameFold    string // Fold(Name), unique
	Description string
	Permissions PermissionSet
	BuiltIn     BuiltIn
	Version     int64 // grows with each change but those of members

	// Members is the number of users in the team, filled by the query that loads
	// a team.
	Members int `gorm:"->;-:migration"`
}

// teamIDPrefix starts every team id that leaves the server.
const teamIDPrefix = "Teams-"

// PublicID returns the id as the REST API writes it: "Teams-3".
func (t Team) PublicID() string { return teamIDPrefix + strconv.FormatInt(t.ID, 10) }

// ParseTeamID reads "Teams-3" without regard to case. Each team has one id.
func ParseTeamID(s string) (id int64, ok bool) {
	if len(s) <= len(teamIDPrefix) || !strings.EqualFold(s[:len(teamIDPrefix)], teamIDPrefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(teamIDPrefix):], 10, 64)
	return id, err == nil && id > 0 && len(Team{ID: id}.PublicID()) == len(s)
}

// MayOwnAccounts reports whether service accounts may name the team as their
// owner. Everyone can't: what belongs to all, nobody looks after.
func (t Team) MayOwnAccounts() bool { return t.BuiltIn != Everyone }

// NewTeam is the wish for a team.
type NewTeam struct {
	Name, Description string
	Permissions       PermissionSet
}

// TeamChange is the wish to change a team. Version is the one that the actor
// has seen.
type TeamChange struct {
	NewTeam
	Version int64
}

// Check cleans the wish and returns all that is wrong with it.
func (n NewTeam) Check() (NewTeam, []Problem) {
	var problems []Problem
	name, message := CleanText(n.Name, "The name", MaxTeamName)
	if message == "" && name == "" {
		message = "Enter a name for the team."
	}
	if message != "" {
		problems = append(problems, Problem{"Name", message})
	}
	description, message := CleanText(n.Description, "The description", MaxTeamDescription)
	if message != "" {
		problems = append(problems, Problem{"Description", message})
	}
	return NewTeam{name, description, (n.Permissions & AllPermissions).withViews()}, problems
}

// MakeTeam is the rule by which teams are made.
func MakeTeam(wish NewTeam, actor *Actor) (Team, error) {
	if err := mayEditTeams(actor); err != nil {
		return Team{}, err
	}
	wish, problems := wish.Check()
	if err := InvalidInput(problems); err != nil {
		return Team{}, err
	}
	if err := mayGive(wish.Permissions, actor); err != nil {
		return Team{}, err
	}
	return Team{Name: wish.Name, NameFold: Fold(wish.Name), Description: wish.Description, Permissions: wish.Permissions, Version: 1}, nil
}

// ChangeTeam is the rule by which a team becomes what is wished. Of the built-in
// teams only the permissions of Everyone can change: administrators hold all
// rights, and both names are known by heart.
func ChangeTeam(team Team, wish TeamChange, actor *Actor) (Team, error) {
	switch err := MayChangeTeam(team, actor); {
	case err != nil:
		return team, err
	case team.BuiltIn == Administrators:
		return team, Denied("The team " + team.Name + " always holds every permission and keeps its name. Only its members can change.")
	case wish.Version != team.Version:
		return team, Conflicted("Somebody else saved this team after you opened it. Nothing was changed. Look at the current values and save again.")
	}
	if team.BuiltIn == Everyone {
		wish.Name, wish.Description = team.Name, team.Description
	}
	clean, problems := wish.Check()
	if team.BuiltIn == Everyone && clean.Permissions.Has(AdministerSystem) {
		problems = append(problems, Problem{"Permissions", "Everyone can't administer the system: it would make each user and each service account an administrator. Clear AdministerSystem."})
	}
	if err := InvalidInput(problems); err != nil {
		return team, err
	}
	if err := mayGive(clean.Permissions, actor); err != nil {
		return team, err
	}
	team.Name, team.NameFold, team.Description, team.Permissions = clean.Name, Fold(clean.Name), clean.Description, clean.Permissions
	team.Version++
	return team, nil
}

// MayDeleteTeam decides who may remove a team.
func MayDeleteTeam(team Team, actor *Actor) error {
	if err := MayChangeTeam(team, actor); err != nil {
		return err
	}
	if team.BuiltIn != "" {
		return Denied("The team " + team.Name + " is built in and can't be deleted.")
	}
	return nil
}

// MayChangeMembers decides who may put users into a team or take them out.
func MayChangeMembers(team Team, actor *Actor) error {
	if err := MayChangeTeam(team, actor); err != nil {
		return err
	}
	if team.BuiltIn == Everyone {
		return Denied("Every user is in the team " + team.Name + ". Its members can't be changed.")
	}
	return nil
}

// MayRemoveMember decides who may take a user out of a team. Administrators
// don't throw themselves out by a click; another one has to do it.
func MayRemoveMember(team Team, userID int64, actor *Actor) error {
	if err := MayChangeMembers(team, actor); err != nil {
		return err
	}
	if team.BuiltIn == Administrators && actor.Is(userID) {
		return Denied("You can't remove yourself from " + team.Name + ". Ask another administrator to do it.")
	}
	return nil
}

// MayChangeTeam decides who may touch a team at all: those who edit teams, but
// no team that may do more than they may. Otherwise joining it, or letting
// somebody join, would be a way to rights that nobody gave them.
func MayChangeTeam(team Team, actor *Actor) error {
	switch err := mayEditTeams(actor); {
	case err != nil:
		return err
	case team.BuiltIn == Administrators && !actor.May(AdministerSystem):
		return Denied("Only an administrator can change the team " + team.Name + ".")
	case !actor.Covers(team.Permissions):
		return Denied("The team " + team.Name + " may do more than you may, so you can't change it. Ask an administrator.")
	}
	return nil
}

// MaySeeTeams decides who may look at teams: those with the right to, and those
// who edit users, since they choose teams for them.
func MaySeeTeams(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(TeamView) && !actor.May(UserEdit):
		return Denied("You can't see teams. Ask an administrator for the right to view teams.")
	}
	return nil
}

func mayEditTeams(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case !actor.May(TeamEdit):
		return Denied("You can't change teams. Ask an administrator for the right to edit teams.")
	}
	return nil
}

// mayGive refuses to give rights that the actor does not hold.
func mayGive(p PermissionSet, actor *Actor) error {
	if actor.Covers(p) {
		return nil
	}
	var lacking []string
	for _, name := range (p &^ actor.User.Permissions).Names() {
		lacking = append(lacking, string(name))
	}
	message := "You can't give a team permissions that you don't hold yourself: " + Listed(lacking) + ". Clear them, or ask an administrator."
	return &Error{Kind: Forbidden, Message: message, Problems: []Problem{{"Permissions", message}}}
}

// MemberFilter chooses members of a team.
type MemberFilter struct {
	Search string // part of the user name or display name
	Page   Page
}

// MemberList is one page of members and how many there are in all.
type MemberList struct {
	Members []User
	Total   int // members that match the search
}

// OwnedAccount is a service account as a member of its owner team sees it.
type OwnedAccount struct {
	ID          int64
	Username    string
	DisplayName string
	IsActive    bool
	Team        string // name of the owner team
	UsableKeys  int
}

// Name is what people call the account: the display name, else the user name.
func (a OwnedAccount) Name() string {
	return User{Username: a.Username, DisplayName: a.DisplayName}.Name()
}
