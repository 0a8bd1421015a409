package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/views"
)

// APIReferencePath is the page that describes the REST API.
const APIReferencePath = "/account/rest-api"

// APIReference serves that page. What it says comes from the table of which the
// OpenAPI document is made, so the two can't disagree.
type APIReference struct{ Page views.APIReference }

// Show shows the page.
func (h *APIReference) Show(c echo.Context) error {
	props := h.Page
	props.Shell = shellOf(c, "REST API", views.AreaProfile, APIReferencePath)
	return render(c, http.StatusOK, views.APIReferencePage(props))
}
