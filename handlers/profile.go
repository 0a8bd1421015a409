package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// ProfilePath is a person's own page.
const ProfilePath = "/account/profile"

// Profile serves a person's own details and time zone.
type Profile struct {
	Store    *store.Store
	Sessions Sessions
}

// Show shows the page.
func (h *Profile) Show(c echo.Context) error { return h.show(c, http.StatusOK, "") }

func (h *Profile) show(c echo.Context, status int, problem string) error {
	ctx := c.Request().Context()
	user := models.ActorFrom(ctx).User
	keys, err := h.Store.APIKeysOf(ctx, user.ID, models.KeyFilter{Page: models.Page{Take: 0}})
	if err != nil {
		return err
	}
	mail, err := h.Store.KeyMail(ctx)
	if err != nil {
		return err
	}
	props := views.Profile{
		Shell:    shellOf(c, "Profile", views.AreaProfile, ProfilePath),
		Username: user.Username, DisplayName: user.Name(), Email: user.Email,
		UsableKeys: count(keys.Counts[models.KeyUsable], "usable key"),
		Zone:       user.TimeZone, ZoneInUse: zoneOf(c).String(), ZoneError: problem,
		Zones: zoneOptions(user.TimeZone, h.Store.Now()), KeyMail: keyMailState(mail),
	}
	return render(c, status, views.ProfilePage(props))
}

// SetTimeZone stores the zone in which the person reads times.
func (h *Profile) SetTimeZone(c echo.Context) error {
	err := h.Store.SetTimeZone(c.Request().Context(), c.FormValue("zone"))
	if models.KindOf(err) == models.Invalid && err != nil {
		return h.show(c, http.StatusUnprocessableEntity, models.Refusal(err).Message)
	}
	if err != nil {
		return err
	}
	if err := h.Sessions.Flash(c, views.Notice{Tone: views.ToneOK, Title: "Time zone saved"}); err != nil {
		return err
	}
	return seeOther(c, ProfilePath)
}

func keyMailState(m models.KeyMail) views.KeyMail {
	switch {
	case m.Address == "":
		return views.KeyMailNoAddress
	case m.Disabled:
		return views.KeyMailDisabled
	case m.Ended:
		return views.KeyMailOff
	}
	return views.KeyMailOn
}

// SetKeyMail ends the mail about the person's own keys, or brings it back.
func (h *Profile) SetKeyMail(c echo.Context) error {
	notice := views.Notice{Tone: views.ToneOK, Title: "You get mail when your keys end"}
	switch c.FormValue("mail") {
	case "on":
	case "off":
		notice.Title = "You get no mail when your keys end"
	default:
		return models.InvalidField("Mail", "Say whether you want mail about your keys: on, or off.")
	}
	if err := h.Store.SetKeyMail(c.Request().Context(), c.FormValue("mail") == "on"); err != nil {
		return err
	}
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, ProfilePath)
}
