package handlers

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// PasswordPath is where people change their password.
const PasswordPath = "/account/password"

var passwordHint = fmt.Sprintf("At least %d characters. A short sentence works well.", models.MinPassword)

// passwordFieldIDs are the inputs that problems point at.
var passwordFieldIDs = map[string]string{"CurrentPassword": "current", "Password": "password", "Again": "again"}

// Password serves the change of one's own password.
type Password struct {
	Store    *store.Store
	Sessions Sessions
}

// Show shows the form.
func (h *Password) Show(c echo.Context) error {
	return render(c, http.StatusOK, views.PasswordPage(passwordPage(c, nil)))
}

// Update changes the password, ends the person's other sessions, and gives this
// one a new id.
func (h *Password) Update(c echo.Context) error {
	ctx := c.Request().Context()
	password := c.FormValue("password")
	err := h.change(c, password)
	if refusal := models.Refusal(err); refusal != nil && refusal.Kind == models.Invalid {
		return render(c, http.StatusUnprocessableEntity, views.PasswordPage(passwordPage(c, refusal)))
	}
	if err != nil {
		return err
	}
	user, err := h.Store.User(ctx, models.ActorFrom(ctx).User.ID)
	if err != nil {
		return err
	}
	if err := h.Sessions.SignIn(c, user); err != nil {
		return err
	}
	if err := h.Sessions.Flash(c, views.Notice{Tone: views.ToneOK, Title: "Password changed", Text: "Your other sessions have ended. Your API keys go on working."}); err != nil {
		return err
	}
	return seeOther(c, PasswordPath)
}

func (h *Password) change(c echo.Context, password string) error {
	if password != c.FormValue("again") {
		return models.InvalidField("Again", "The two new passwords differ. Type the new password twice.")
	}
	return h.Store.ChangePassword(c.Request().Context(), c.FormValue("current"), password)
}

func passwordPage(c echo.Context, refusal *models.Error) views.Password {
	props := views.Password{
		Shell:   shellOf(c, "Password", views.AreaProfile, PasswordPath),
		Current: views.Field{Name: "current", ID: "current", Label: "Current password", Type: "password", Required: true, Autocomplete: "current-password"},
		New:     views.Field{Name: "password", ID: "password", Label: "New password", Type: "password", Required: true, Autocomplete: "new-password", Hint: passwordHint},
		Again:   views.Field{Name: "again", ID: "again", Label: "New password again", Type: "password", Required: true, Autocomplete: "new-password"},
	}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.Current.Error, props.New.Error, props.Again.Error = refusal.Problem("CurrentPassword"), refusal.Problem("Password"), refusal.Problem("Again")
		props.Problems = problemsFor(refusal, passwordFieldIDs)
	}
	return props
}
