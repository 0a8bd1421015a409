package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// SecondFactor lets an administrator take away the second step of somebody who
// has lost it.
type SecondFactor struct {
	Store    *store.Store
	Sessions Sessions
}

// Delete removes all second factors of a user.
func (h *SecondFactor) Delete(c echo.Context) error {
	id, ok := models.ParseUserID(c.Param("user"))
	if !ok {
		return models.Missing("user")
	}
	if err := h.Store.RemoveSecondFactor(c.Request().Context(), id); err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: "The second step is removed", Text: "The next sign-in needs the password alone, and says that you removed the second step."}
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, UsersPath+"/"+models.UserID(id))
}

// secondFactorSection is the part of a user's page with the button for that,
// nil when there is nothing to remove or the reader may not.
func secondFactorSection(c echo.Context, s *store.Store, shell views.Shell, user models.User) (*views.SecondFactorRemoval, error) {
	ctx := c.Request().Context()
	if user.IsService || models.MayRemoveSecondFactor(user, models.ActorFrom(ctx)) != nil {
		return nil, nil
	}
	has, err := s.HasSecondFactor(ctx, user.ID)
	if err != nil || !has {
		return nil, err
	}
	return &views.SecondFactorRemoval{Shell: shell, Name: user.Name(), Path: UsersPath + "/" + user.PublicID() + "/second-factor/removal"}, nil
}
