package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// AskDeactivate shows what deactivating will do: as a dialog over the page for
// htmx, as a page of its own otherwise.
func (h *Users) AskDeactivate(c echo.Context) error {
	user, err := h.userToStop(c)
	if err != nil {
		return err
	}
	if !user.IsActive {
		return h.back(c, user.ID, views.Notice{Tone: views.ToneInfo, Title: user.Name() + " is deactivated already"})
	}
	props := h.stop(c, user, "Deactivate", "deactivation")
	props.Keep = "Keep active"
	what := " is signed out everywhere and refused at once"
	if user.IsService {
		what = " is refused at once"
	}
	props.Text = user.Name() + what + keysThat(user, ", and ", "is refused", "are refused") +
		". Reactivating brings the keys back, but for those that are revoked or expire meanwhile."
	return ask(c, props)
}

// AskDelete does the same for deleting.
func (h *Users) AskDelete(c echo.Context) error {
	user, err := h.userToStop(c)
	if err != nil {
		return err
	}
	props := h.stop(c, user, "Delete", "deletion")
	props.Keep = "Keep user"
	props.Text = user.Name() + " is gone at once" + keysThat(user, ", and ", "ends for good", "end for good") +
		". This cannot be undone, and whoever gets the user name later inherits nothing. The audit trail keeps what " + user.Username + " did."
	return ask(c, props)
}

func ask(c echo.Context, props views.UserStop) error {
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.UserStopPage(props) },
		func() templ.Component { return views.UserStopFragment(props) })
}

// userToStop reads the user of the address for somebody who may deactivate and
// delete him.
func (h *Users) userToStop(c echo.Context) (models.UserSummary, error) {
	id, err := userID(c)
	if err != nil {
		return models.UserSummary{}, err
	}
	user, err := h.Store.UserSummary(c.Request().Context(), id)
	if err != nil {
		return user, err
	}
	return user, models.MayStopUser(user.User, models.ActorFrom(c.Request().Context()))
}

func (h *Users) stop(c echo.Context, user models.UserSummary, verb, action string) views.UserStop {
	props := views.UserStop{
		Shell: shellOf(c, verb+" "+user.Name(), views.AreaConfiguration, UsersPath), Verb: verb, Name: user.Name(), Username: user.Username,
		Keys: count(user.LiveKeys, "live key"), Path: userPath(user.ID) + "/" + action, BackPath: userPath(user.ID),
		Crumbs: []views.Crumb{{Path: UsersPath, Label: "Users"}, {Path: userPath(user.ID), Label: user.Name()}},
	}
	if props.Seen, _ = seen(user, h.Store.Now(), zoneOf(c)); props.Seen == "" {
		props.Seen = "Never"
	}
	return props
}

// keysThat says what happens to the live keys, nothing when there are none.
func keysThat(user models.UserSummary, before, one, many string) string {
	switch n := user.LiveKeys; n {
	case 0:
		return ""
	case 1:
		return before + "1 live key " + one
	default:
		return before + count(n, "live key") + " " + many
	}
}

// Deactivate keeps a user out until he is reactivated.
func (h *Users) Deactivate(c echo.Context) error {
	user, err := h.setActive(c, false)
	if err != nil {
		return err
	}
	return h.back(c, user.ID, views.Notice{Tone: views.ToneOK, Title: user.Name() + " is deactivated", Text: keysThat(user, "", "is refused from now on.", "are refused from now on."),
		Receipt: userPath(user.ID) + "/receipt"})
}

// Activate lets a user in again.
func (h *Users) Activate(c echo.Context) error {
	user, err := h.setActive(c, true)
	if err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: user.Name() + " is active again", Text: keysThat(user, "", "works again.", "work again.")}
	return h.back(c, user.ID, notice)
}

func (h *Users) setActive(c echo.Context, active bool) (models.UserSummary, error) {
	id, err := userID(c)
	if err != nil {
		return models.UserSummary{}, err
	}
	return h.Store.SetUserActive(c.Request().Context(), id, active)
}

// Delete removes a user and goes back to the list.
func (h *Users) Delete(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	user, err := h.Store.DeleteUser(c.Request().Context(), id)
	if err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: user.Name() + " is deleted", Text: keysThat(user, "", "ended with the account.", "ended with the account.")}
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, UsersPath)
}
