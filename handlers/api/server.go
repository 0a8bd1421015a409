package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// ServerStatus serves what tools ask about the server itself.
type ServerStatus struct {
	Version  string
	BasePath string
	Now      func() time.Time
}

type serverStatusResource struct {
	Id                  string
	IsDatabaseEncrypted bool
	IsInMaintenanceMode bool
	IsMajorMinorUpgrade bool
	IsUpgradeAvailable  bool
	MaintenanceExpires  *timestamp
	Version             string
	Links               Links
}

// Show answers that the server is up: a server that isn't answers nothing.
func (h *ServerStatus) Show(c echo.Context) error {
	return write(c, http.StatusOK, serverStatusResource{Id: "serverstatus", Version: h.Version, Links: linker{h.BasePath}.all(Links{"Self": "/api/serverstatus", "Timezones": "/api/serverstatus/timezones"})})
}

type timeZoneResource struct {
	Id      string
	Name    string
	IsLocal bool
}

// TimeZones lists the zones that may be chosen.
func (h *ServerStatus) TimeZones(c echo.Context) error {
	zones, now := []timeZoneResource{}, h.Now()
	for _, name := range models.Zones() {
		label := name
		if location, ok := models.ParseZone(name); ok {
			label = "(UTC" + now.In(location).Format("-07:00") + ") " + name
		}
		zones = append(zones, timeZoneResource{Id: name, Name: label, IsLocal: name == "UTC"})
	}
	return write(c, http.StatusOK, zones)
}
