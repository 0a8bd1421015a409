package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models/store"
)

// apiVersion is the version of Octopus's REST API that we speak. Its .NET
// client refuses anything outside 3.0.
const apiVersion = "3.0.0"

// Root serves /api, from which clients start. It is open to everybody.
type Root struct {
	Store    *store.Store
	Version  string // semantic version of this server
	BasePath string
}

type rootResource struct {
	Application          string
	Version              string
	ApiVersion           string
	InstallationId       string
	IsEarlyAccessProgram bool
	HasLongTermSupport   bool
	Links                Links
}

// Show answers the root document.
func (h *Root) Show(c echo.Context) error {
	installation, err := h.Store.InstallationID(c.Request().Context())
	if err != nil {
		return err
	}
	l := linker{h.BasePath}
	return write(c, http.StatusOK, rootResource{
		Application: "Keyport", Version: h.Version, ApiVersion: apiVersion, InstallationId: installation,
		Links: l.all(rootLinks),
	})
}
