package handlers

import (
	"bytes"
	"encoding/base64"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// SessionsPath is the list of browsers in which a person is signed in.
const SessionsPath = "/account/sessions"

// MySessions serves that list.
type MySessions struct {
	Store    *store.Store
	Sessions Sessions
}

// Index shows the list.
func (h *MySessions) Index(c echo.Context) error {
	ctx := c.Request().Context()
	sessions, err := h.Store.SessionsOf(ctx)
	if err != nil {
		return err
	}
	props := views.Sessions{Shell: shellOf(c, "Sessions", views.AreaProfile, SessionsPath)}
	now, zone, current := h.Store.Now(), zoneOf(c), models.ActorFrom(ctx).SessionDigest
	props.Zone = zone.String()
	for _, s := range sessions {
		id := base64.RawURLEncoding.EncodeToString(s.Digest)
		props.Rows = append(props.Rows, views.SessionRow{
			ID: id, Browser: browserName(s.UserAgent), Address: s.Address,
			Started: atMinute(s.CreatedAt, zone), LastSeen: ago(s.SeenAt, now, zone),
			Current: bytes.Equal(s.Digest, current), EndPath: SessionsPath + "/" + id + "/end",
		})
	}
	return render(c, http.StatusOK, views.SessionsPage(props))
}

// End ends one session. The current one is ended by signing out.
func (h *MySessions) End(c echo.Context) error {
	digest, err := base64.RawURLEncoding.DecodeString(c.Param("id"))
	if err != nil {
		return models.Missing("session")
	}
	if bytes.Equal(digest, models.ActorFrom(c.Request().Context()).SessionDigest) {
		if err := h.Sessions.SignOut(c); err != nil {
			return err
		}
		return seeOther(c, SignInPath+"?notice=signed-out")
	}
	if err := h.Store.EndMySession(c.Request().Context(), digest); err != nil {
		return err
	}
	return h.back(c, views.Notice{Tone: views.ToneOK, Title: "Session ended"})
}

// EndOthers ends every session but the current one.
func (h *MySessions) EndOthers(c echo.Context) error {
	ended, err := h.Store.EndMyOtherSessions(c.Request().Context())
	if err != nil {
		return err
	}
	return h.back(c, views.Notice{Tone: views.ToneOK, Title: count(ended, "other session") + " ended"})
}

func (h *MySessions) back(c echo.Context, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, SessionsPath)
}
