package models

// UserRecord is a user with what clients of the REST API keep here besides.
type UserRecord struct {
	User
	Identities []RecordedIdentity
}

// DirectoryFilter chooses users by what Octopus's clients ask for.
type DirectoryFilter struct {
	Search string // part of the user name, the display name or the e-mail address
	IDs    []int64
	ByID   bool       // only those of IDs, which may be none
	Kind   UserKind   // "" for both
	Status UserStatus // "" for both
	Page   Page
	All    bool // all that match, whatever Page says
}

// Directory is a part of the list of users, by user name, and how many match.
type Directory struct {
	Users []UserRecord
	Total int
}

// NewUserRecord is the wish for a user with all that a client may give at once.
type NewUserRecord struct {
	NewUser
	Identities []RecordedIdentity
	Inactive   bool
}

// UserPut is the wish to change a user; what is nil stays as it is. Password is
// what a client sends along because it once made the user with it. It changes
// nothing: nobody chooses the password of somebody who has an account already.
type UserPut struct {
	Username, DisplayName, Email *string
	IsActive                     *bool
	Identities                   *[]RecordedIdentity
	Password                     string
}

// Change returns the wish for the details, for a user as stored. Over REST the
// last writer wins, because Octopus's resources name no version.
func (p UserPut) Change(stored User) UserChange {
	wish := UserChange{Username: stored.Username, DisplayName: stored.DisplayName, Email: stored.Email,
		OwnerTeamID: stored.OwnerTeamID, Version: stored.Version}
	for into, given := range map[*string]*string{&wish.Username: p.Username, &wish.DisplayName: p.DisplayName, &wish.Email: p.Email} {
		if given != nil {
			*into = *given
		}
	}
	return wish
}

// MayEndSessions decides who may sign a user out everywhere: the user, and
// those who may change the user.
func MayEndSessions(user User, actor *Actor) error {
	if actor.Is(user.ID) {
		return nil
	}
	return MayChangeUser(user, actor)
}

// MaySeeTeamsOf decides who may see which teams a user is in: the user, and
// those who see teams.
func MaySeeTeamsOf(userID int64, actor *Actor) error {
	if actor.Is(userID) {
		return nil
	}
	return MaySeeTeams(actor)
}
