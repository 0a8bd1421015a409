package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// ExpiringHeader tells the holder of a key when it ends.
const ExpiringHeader = "X-Keyport-Key-Expires"

// AnnounceExpiry puts a header on every answer to a key in its last days, so
// that whoever runs a script can learn of it where the script looks: the instant
// at which the key is refused first (RFC 3339, UTC). Sunset (RFC 8594) would say
// that the resource goes, and it does not. Access tokens, which all end within
// the hour and say so when they are given, are not announced.
func AnnounceExpiry(c echo.Context, now time.Time) {
	actor := models.ActorFrom(c.Request().Context())
	if actor == nil || actor.Via != models.ViaKey || actor.Key == nil {
		return
	}
	if ends := actor.Key.Expires; !now.Add(models.WarningDays * 24 * time.Hour).Before(ends) {
		c.Response().Header().Set(ExpiringHeader, ends.UTC().Format(time.RFC3339))
	}
}
