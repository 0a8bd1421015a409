package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Users serves /api/users.
type Users struct {
	Store    *store.Store
	BasePath string
}

// Me answers who the caller is.
func (h *Users) Me(c echo.Context) error {
	actor := models.ActorFrom(c.Request().Context())
	return write(c, http.StatusOK, linker{h.BasePath}.user(actor.User, actor))
}
