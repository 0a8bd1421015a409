package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Sessions starts and ends the sessions of clients that sign in with a user
// name and a password.
type Sessions interface {
	SignIn(c echo.Context, user models.User) error
	SignOut(c echo.Context) error
}

// Logins serves signing in and out, and becoming a user by an invitation.
type Logins struct {
	Store    *store.Store
	Sessions Sessions
	BasePath string
}

// noKeys refuses an API key or access token where a session would come of the
// call: it would outlive the credential.
func noKeys(c echo.Context) error {
	actor := models.ActorFrom(c.Request().Context())
	switch {
	case actor == nil:
		return nil
	case actor.Via == models.ViaKey:
		return models.Denied("An API key came with this sign-in. A session would outlive the key, so leave the key out, or go on with the key alone.")
	case actor.Via == models.ViaToken:
		return models.Denied("An access token came with this sign-in. A session would outlive the token, so leave the token out, or go on with the token alone.")
	}
	return nil
}

// sentLogin is a user name with the password.
type sentLogin struct{ Username, Password string }

// sentRegistration is a new user with the code of an invitation.
type sentRegistration struct {
	sentUser
	InvitationCode string
}

// Create signs in and answers the user; the session is in the cookies.
func (h *Logins) Create(c echo.Context) error {
	if err := noKeys(c); err != nil {
		return err
	}
	var sent sentLogin
	if err := read(c, &sent); err != nil {
		return err
	}
	user, err := h.Store.SignIn(c.Request().Context(), sent.Username, sent.Password)
	var more *store.SecondStep
	if errors.As(err, &more) {
		return models.Denied("This account signs in with a second step, for which only the sign-in page can ask. Sign in there, or use an API key.")
	}
	if err != nil {
		return err
	}
	return h.welcome(c, http.StatusOK, user)
}

// welcome starts the session and answers whose it is.
func (h *Logins) welcome(c echo.Context, status int, user models.User) error {
	if err := h.Sessions.SignIn(c, user); err != nil {
		return err
	}
	actor := &models.Actor{User: user, Via: models.ViaSession}
	record, err := h.Store.UserRecord(models.WithActor(c.Request().Context(), actor), user.ID)
	if err != nil {
		return err
	}
	return write(c, status, linker{h.BasePath}.user(record, actor))
}

// Delete signs out. Who is not signed in is answered the same, and so is a key:
// a call with a key leaves cookies alone.
func (h *Logins) Delete(c echo.Context) error {
	if noKeys(c) == nil {
		if err := h.Sessions.SignOut(c); err != nil {
			return err
		}
	}
	return write(c, http.StatusOK, struct{}{})
}

// Register makes a user of whoever has the code of an invitation, and signs the
// user in.
func (h *Logins) Register(c echo.Context) error {
	if err := noKeys(c); err != nil {
		return err
	}
	var sent sentRegistration
	if err := read(c, &sent); err != nil {
		return err
	}
	wish, err := sent.newUser()
	if err != nil {
		return err
	}
	user, err := h.Store.Register(c.Request().Context(), sent.InvitationCode, wish.NewUser, wish.Identities)
	if err != nil {
		return err
	}
	return h.welcome(c, http.StatusCreated, user.User)
}
