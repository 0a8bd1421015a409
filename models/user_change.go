package models

// UserChange is the wish to change what is known of a user. Whether it is a
// person or a service account never changes: a password, sessions and the trust
// of those who gave rights to it all rest on that. Version is the one that the
// actor has seen.
type UserChange struct {
	Username, DisplayName, Email string
	OwnerTeamID                  *int64
	Version                      int64
}

// ChangeUser is the rule by which a user gets other details. It returns the user
// as wished, or the first refusal.
func ChangeUser(user User, wish UserChange, actor *Actor) (User, error) {
	switch err := MayChangeUser(user, actor); {
	case err != nil:
		return user, err
	case wish.Version != user.Version:
		return user, Conflicted("Somebody else saved this user after you opened the page. Nothing was changed. Look at the current values and save again.")
	}
	// A user without password passes the check of a new one as a service account.
	clean, problems := NewUser{Username: wish.Username, DisplayName: wish.DisplayName, Email: wish.Email, IsService: true}.Check()
	if !user.IsService && wish.OwnerTeamID != nil {
		problems = append(problems, Problem{"OwnerTeam", onlyServiceAccounts})
	}
	if err := InvalidInput(problems); err != nil {
		return user, err
	}
	user.Username, user.DisplayName, user.Email, user.OwnerTeamID = clean.Username, clean.DisplayName, clean.Email, wish.OwnerTeamID
	user.UsernameFold = Fold(user.Username)
	return user, nil
}

const onlyServiceAccounts = "Only a service account has an owner team. A person looks after his own keys."

// MayEditUsers decides who may change users at all. Who may not even see them
// learns nothing of who there is.
func MayEditUsers(actor *Actor) error {
	switch {
	case actor == nil:
		return Unauthorized()
	case actor.May(UserEdit):
		return nil
	case actor.May(UserView):
		return Denied("You can't change users. Ask an administrator for the right to edit users.")
	}
	return Missing("user")
}

// MayChangeUser decides who may change this user: those who edit users, but
// nobody who may do more than they may. Otherwise a new e-mail address or a new
// key would be a way to rights that nobody gave them.
func MayChangeUser(user User, actor *Actor) error {
	if err := MayEditUsers(actor); err != nil {
		return err
	}
	if !actor.Covers(user.Permissions) {
		return Denied(user.Username + " may do more than you may, so you can't change this account. Ask an administrator.")
	}
	return nil
}

// MayStopUser decides who may deactivate or delete this user. Nobody locks
// himself out by a click; another administrator has to do it.
func MayStopUser(user User, actor *Actor) error {
	if err := MayChangeUser(user, actor); err != nil {
		return err
	}
	if actor.Is(user.ID) {
		return Denied("You can't deactivate or delete your own account. Ask another administrator to do it.")
	}
	return nil
}
