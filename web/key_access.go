package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// fromItsNetworks refuses a key that comes from where it is not for. The caller
// is told what an unknown key is told, or a thief would learn that the key is
// worth trying elsewhere; the log tells them apart.
func (s *Server) fromItsNetworks(r *http.Request, key models.APIKey) error {
	facts := models.RequestFrom(r.Context())
	address, _ := netip.ParseAddr(facts.Address)
	if key.AllowsAddress(address) {
		return nil
	}
	s.Log.WarnContext(r.Context(), "refused an API key from a network that it is not for", "key", key.ID, "user", key.UserID, "address", facts.Address)
	return models.Unauthorized()
}

// withinAccess refuses what the key of the call is not for, on our own REST API.
// The method is the effective one, see overrideMethod.
func withinAccess(c echo.Context, a models.Access) error {
	switch {
	case !a.AllowsService(models.OwnService):
		return models.Denied("This key is for " + strings.Join(a.Services, ", ") + ", and not for Keyport's own REST API. Use a key whose services include " + models.OwnService + ".")
	case a.Reads() && !safe(c.Request().Method):
		return models.Denied("This key is read-only, so it can't change anything. Use a key with full access.")
	}
	return nil
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
