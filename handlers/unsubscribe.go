package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// UnsubscribePath is where the readers of mail end it.
const UnsubscribePath = "/unsubscribe"

// Unsubscribe ends one kind of mail for one reader, whom the token in the mail
// names. It needs no sign-in: mail programs do it on the reader's word (RFC
// 8058), by a POST without any cookie.
type Unsubscribe struct{ Store *store.Store }

// Show asks. Opening the link ends nothing: mail programs open links to look at
// them.
func (h *Unsubscribe) Show(c echo.Context) error {
	token := c.QueryParam("token")
	found, err := h.Store.Unsubscription(c.Request().Context(), token)
	if err != nil {
		return h.dead(c, err)
	}
	return render(c, http.StatusOK, views.UnsubscribePage(views.Unsubscribe{Name: found.Name, Token: token}))
}

// Create ends the mail.
func (h *Unsubscribe) Create(c echo.Context) error {
	found, err := h.Store.Unsubscribe(c.Request().Context(), c.FormValue("token"))
	if err != nil {
		return h.dead(c, err)
	}
	return render(c, http.StatusOK, views.UnsubscribePage(views.Unsubscribe{Name: found.Name, Done: true, Own: found.BuiltIn == models.OwnKeys}))
}

func (h *Unsubscribe) dead(c echo.Context, err error) error {
	if models.KindOf(err) != models.NotFound {
		return err
	}
	return render(c, http.StatusNotFound, views.DeadLinkPage(views.DeadLink{Title: "This link does not work", NextPath: homePath, NextAction: "Go to Keyport",
		Text: "It was damaged on its way, or the subscription is gone and sends nothing any more."}))
}
