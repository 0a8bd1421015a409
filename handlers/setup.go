package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// Setup serves the one-time link by which the first administrator is made.
type Setup struct {
	Store    *store.Store
	Sessions Sessions
}

// Show shows the form, or that the link is not good (any more).
func (h *Setup) Show(c echo.Context) error {
	token := c.QueryParam("token")
	valid, err := h.Store.SetupLinkValid(c.Request().Context(), token)
	if err != nil {
		return err
	}
	if !valid {
		return render(c, http.StatusNotFound, views.SetupPage(views.Setup{Invalid: true}))
	}
	return render(c, http.StatusOK, views.SetupPage(setupPage(token, models.NewUser{}, nil)))
}

// Create makes the first administrator and signs him in.
func (h *Setup) Create(c echo.Context) error {
	token := c.FormValue("token")
	wish := models.NewUser{Username: c.FormValue("username"), DisplayName: c.FormValue("display_name"),
		Email: c.FormValue("email"), Password: c.FormValue("password")}
	user, err := h.Store.ClaimSetup(c.Request().Context(), token, wish)
	switch models.KindOf(err) {
	case models.Invalid:
		return render(c, http.StatusUnprocessableEntity, views.SetupPage(setupPage(token, wish, models.Refusal(err))))
	case models.NotFound, models.Conflict, models.Forbidden:
		return render(c, http.StatusNotFound, views.SetupPage(views.Setup{Invalid: true}))
	}
	if err != nil {
		return err
	}
	if err := h.Sessions.SignIn(c, user); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, homePath)
}

// setupFieldIDs are the inputs that problems point at.
var setupFieldIDs = map[string]string{"Username": "username", "DisplayName": "display_name", "EmailAddress": "email", "Password": "password"}

func setupPage(token string, wish models.NewUser, refusal *models.Error) views.Setup {
	props := views.Setup{
		Token:       token,
		Username:    views.Field{Name: "username", ID: "username", Label: "User name", Type: "text", Value: wish.Username, Required: true, MaxLength: models.MaxUsername, Autocomplete: "username", Autofocus: true},
		DisplayName: views.Field{Name: "display_name", ID: "display_name", Label: "Your name", Type: "text", Value: wish.DisplayName, MaxLength: models.MaxDisplayName, Autocomplete: "name"},
		Email:       views.Field{Name: "email", ID: "email", Label: "E-mail", Type: "email", Value: wish.Email, MaxLength: models.MaxEmail, Autocomplete: "email"},
		Password:    views.Field{Name: "password", ID: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "new-password", Hint: passwordHint},
	}
	if refusal != nil {
		props.Username.Error, props.DisplayName.Error = refusal.Problem("Username"), refusal.Problem("DisplayName")
		props.Email.Error, props.Password.Error = refusal.Problem("EmailAddress"), refusal.Problem("Password")
		props.Problems = problemsFor(refusal, setupFieldIDs)
	}
	return props
}
