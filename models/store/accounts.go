package store

import (
	"context"

	"github.com/keyport/keyport/models"
)

// newAccount is a checked wish with its password hashed, ready to be written.
type newAccount struct {
	user  models.User
	teams []int64
}

// prepareAccount checks the wish and works out the hash, which takes too long
// to be done inside a transaction.
func (s *Store) prepareAccount(ctx context.Context, wish models.NewUser, passwordNeeded bool) (newAccount, error) {
	wish.Password, _ = composed(wish.Password)
	wish, problems := wish.Check()
	if passwordNeeded && wish.Password == "" {
		problems = append(problems, models.Problem{Field: "Password", Message: "Choose a password."})
	}
	if err := models.InvalidInput(problems); err != nil {
		return newAccount{}, err
	}
	a := newAccount{teams: wish.Teams, user: models.User{
		Username: wish.Username, UsernameFold: models.Fold(wish.Username), DisplayName: wish.DisplayName,
		Email: wish.Email, IsService: wish.IsService, IsActive: true, OwnerTeamID: wish.OwnerTeamID,
	}}
	if wish.Password == "" {
		return a, nil
	}
	hash, err := s.hashing.hash(ctx, wish.Password)
	a.user.PasswordHash = hash
	return a, err
}

// CreateUser makes a person or a service account. The actor must be the console
// or may edit users, and can't give more rights than it has; admin puts the
// user into the team of administrators.
func (s *Store) CreateUser(ctx context.Context, wish models.NewUser, admin bool) (models.User, error) {
	if err := mayCreate(models.ActorFrom(ctx), admin); err != nil {
		return models.User{}, err
	}
	account, err := s.prepareAccount(ctx, wish, false)
	if err != nil {
		return models.User{}, s.failure("create user", err)
	}
	var user models.User
	err = s.inTx(ctx, "create user", func(t *tx) error {
		actor, err := t.actor()
		if err != nil {
			return err
		}
		if err := mayCreate(actor, admin); err != nil {
			return err
		}
		teams, err := t.teamsToJoin(actor, account.teams, admin)
		if err != nil {
			return err
		}
		user, err = t.addUser(account.user, teams, actor, "")
		return err
	})
	return user, err
}

func mayCreate(actor *models.Actor, admin bool) error {
	switch {
	case actor == nil:
		return models.Unauthorized()
	case !actor.May(models.UserEdit):
		return models.Denied("You can't create users. Ask an administrator for the right to edit users.")
	case admin && !actor.May(models.AdministerSystem):
		return models.Denied("Only an administrator can make another administrator.")
	}
	return nil
}

// teamsToJoin resolves the wished teams and refuses those that would give the
// new user rights that the actor does not have.
func (t *tx) teamsToJoin(actor *models.Actor, ids []int64, admin bool) ([]models.Team, error) {
	var teams []models.Team
	err := t.db.Clauses(forShare).Select("id, permissions, built_in").
		Where("built_in <> ? AND (id IN ? OR (built_in = ? AND ?))", models.Everyone, append(ids, 0), models.Administrators, admin).Find(&teams).Error
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	for _, joined := range teams {
		found[joined.ID] = true
		if actor.Via != models.ViaConsole && !actor.User.Permissions.Covers(joined.Permissions) {
			return nil, models.Denied("You can't put a user into a team that may do more than you may.")
		}
	}
	for _, id := range ids {
		if !found[id] {
			return nil, models.InvalidField("Teams", "One of the chosen teams does not exist any more. Choose again.")
		}
	}
	return teams, nil
}

// addUser writes the user, the memberships and the event. by says how the
// actor was recognised when the actor can't tell itself.
func (t *tx) addUser(user models.User, teams []models.Team, actor *models.Actor, by string) (models.User, error) {
	if err := t.checkOwnerTeam(user.OwnerTeamID); err != nil {
		return models.User{}, err
	}
	user.CreatedAt, user.Version = t.now, 1
	user.DisplayNameFold, user.EmailFold = models.Fold(user.DisplayName), models.Fold(user.Email)
	if err := t.db.Create(&user).Error; err != nil {
		return models.User{}, nameTaken(err, user)
	}
	for _, joined := range teams {
		if err := t.db.Create(&teamMember{TeamID: joined.ID, UserID: user.ID}).Error; err != nil {
			return models.User{}, err
		}
	}
	err := t.record(actor, models.Event{
		Category: models.Created, DocumentType: models.DocumentUsers, DocumentID: user.PublicID(), IdentifiedBy: by,
	}, saidOf(user).text(" was created"))
	if err != nil {
		return models.User{}, err
	}
	return findUser(t.db, "users.id = ?", user.ID)
}
