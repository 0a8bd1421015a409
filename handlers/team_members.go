package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// AddMember puts the user of the typed name into the team.
func (h *Teams) AddMember(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	username := c.FormValue("username")
	user, err := h.Store.AddTeamMember(c.Request().Context(), id, username)
	if models.KindOf(err) == models.Invalid {
		return h.show(c, id, http.StatusUnprocessableEntity, teamState{username: username, refusal: models.Refusal(err)})
	}
	if err != nil {
		return err
	}
	return h.backTo(c, teamPath(id), views.Notice{Tone: views.ToneOK, Title: user.Name() + " is in the team", Text: "What the team allows is allowed to " + user.Name() + " from now on."})
}

// RemoveMember takes a user out of the team.
func (h *Teams) RemoveMember(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	userID, ok := models.ParseUserID(c.Param("user"))
	if !ok {
		return models.Missing("user")
	}
	user, err := h.Store.RemoveTeamMember(c.Request().Context(), id, userID)
	if err != nil {
		return err
	}
	return h.backTo(c, teamPath(id), views.Notice{Tone: views.ToneOK, Title: user.Name() + " is out of the team", Text: "What only this team allowed is refused from now on."})
}
