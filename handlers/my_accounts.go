package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// MyAccounts serves the service accounts of the reader's teams.
type MyAccounts struct {
	Store *store.Store
}

// Index shows the list.
func (h *MyAccounts) Index(c echo.Context) error {
	accounts, err := h.Store.MyServiceAccounts(c.Request().Context())
	if err != nil {
		return err
	}
	props := views.MyServiceAccounts{Shell: shellOf(c, "Service accounts of my teams", views.AreaProfile, MyServiceAccountsPath)}
	for _, a := range accounts {
		props.Rows = append(props.Rows, views.OwnedAccountRow{
			Name: a.Name(), Username: a.Username, Team: a.Team, Off: !a.IsActive,
			Keys: count(a.UsableKeys, "usable key"), Path: userPath(a.ID) + "/apikeys",
		})
	}
	return render(c, http.StatusOK, views.MyServiceAccountsPage(props))
}
