package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
)

// introspection maps where services ask what a key is worth.
func (s *Server) introspection(open *echo.Group) {
	introspection := &api.Introspection{Store: s.Store, Wrong: wrongAsked{newServiceRates(s.Store.Now)}}
	asking := open.Group("", s.loadAsker)
	asking.POST(api.IntrospectPath, introspection.Create)
	asking.POST(api.IntrospectBatchPath, introspection.CreateBatch)
}

// loadAsker recognises the service that asks, by a key in a header. Its key need
// not be for Keyport's own REST API, and may be read-only: asking about a key
// that one was shown changes nothing.
func (s *Server) loadAsker(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		presented, _ := onlyOne(append(r.Header.Values("X-Octopus-ApiKey"), bearer(r.Header)...))
		user, key, err := s.Store.Authenticate(r.Context(), presented)
		if err == nil {
			err = s.fromItsNetworks(r, key)
		}
		if err != nil {
			return s.countBadKey(r.Context(), presented, err)
		}
		facts := models.RequestFrom(r.Context())
		s.Store.Seen(key.ID, facts.Address, facts.UserAgent, s.Store.Now())
		setActor(c, &models.Actor{User: user, Via: models.ViaKey, Key: key.Acting(), Address: facts.Address, UserAgent: facts.UserAgent, RequestID: facts.ID})
		if err := models.MayIntrospect(models.ActorFrom(c.Request().Context())); err != nil {
			return err
		}
		return next(c)
	}
}
