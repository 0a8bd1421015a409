package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
)

// rest is the map of the REST API.
func (s *Server) rest(open *echo.Group) error {
	base := basePath(s.PublicURL)
	root := &api.Root{Store: s.Store, Version: s.Version, BasePath: base}
	open.GET("", root.Show)
	open.GET("/", root.Show)
	document := &api.Document{ServerURL: publicRoot(s.PublicURL), Version: s.Version}
	open.GET("/openapi.json", document.Show)
	authentication := &api.Authentication{Store: s.Store, BasePath: base}
	open.GET("/authentication", authentication.Show)

	known := open.Group("", s.loadLogin, requireActor, s.recentLogin)
	s.restServer(known, base)
	s.restUsers(known, base)
	s.restTeams(known, base)
	s.restAPIKeys(known, base)
	s.restOIDCIdentities(known, base)
	s.restConfiguration(known, base)
	s.restSubscriptions(known, base)
	s.restEvents(known, base)
	s.restServices(known, base)
	known.GET("/users/authentication", authentication.ForUser)
	known.GET("/users/authentication/:user", authentication.ForUser)
	return s.restLogins(open, base)
}

func (s *Server) restServer(known *echo.Group, base string) {
	spaces := &api.Spaces{BasePath: base}
	known.GET("/spaces", spaces.Index)
	known.POST("/spaces", spaces.Change)
	known.GET("/spaces/all", spaces.All)
	known.GET("/spaces/:space", spaces.Show)
	known.PUT("/spaces/:space", spaces.Change)
	known.DELETE("/spaces/:space", spaces.Change)
	known.GET("/spaces-1", spaces.Home)

	status := &api.ServerStatus{Version: s.Version, BasePath: base, Now: s.Store.Now}
	known.GET("/serverstatus", status.Show)
	known.GET("/serverstatus/timezones", status.TimeZones)

	permissions := &api.Permissions{Store: s.Store, BasePath: base}
	known.GET("/permissions/all", permissions.All)
}

func (s *Server) restAPIKeys(known *echo.Group, base string) {
	all := &api.AllKeys{Store: s.Store, BasePath: base}
	known.GET("/apikeys", all.Index)
	known.GET("/apikeys/self", all.Self)
	known.DELETE("/apikeys/self", all.DeleteSelf)
	known.POST("/apikeys/revocations", all.Revoke)
	known.GET("/apikeys/revocations/:id", all.ShowRevocation)
	known.GET("/apikeys/revocations/:id/keys", all.RevocationKeys)
	known.GET("/apikeys/revocations/:id/receipt", all.Receipt)

	keys := &api.APIKeys{Store: s.Store, BasePath: base}
	known.GET("/users/:user/apikeys", keys.Index)
	known.GET("/users/:user/apikeys/v1", keys.IndexV1)
	known.POST("/users/:user/apikeys", keys.Create)
	known.GET("/users/:user/apikeys/:id", keys.Show)
	known.DELETE("/users/:user/apikeys/:id", keys.Delete)
	known.GET("/users/:user/apikeys/:id/revocation", keys.Revocation)
	known.POST("/users/:user/apikeys/:id/rotate", keys.Rotate)
	known.POST("/apikeys/self/rotate", keys.RotateSelf)
}

func (s *Server) restConfiguration(known *echo.Group, base string) {
	configuration := &api.Configuration{Store: s.Store, BasePath: base}
	known.GET("/configuration/feature-toggles", configuration.FeatureToggles)
	known.GET("/configuration/enabled-feature-toggles", configuration.FeatureToggles)

	configure := requirePermission(models.ConfigureServer)
	known.GET("/replicas", (&api.Replicas{Store: s.Store}).Index, configure)
	s.restMail(known, base)
	known.GET("/configuration", configuration.Index, configure)
	known.GET("/configuration/authentication", configuration.Show, configure)
	known.GET("/configuration/authentication/values", configuration.Values, configure)
	known.PUT("/configuration/authentication/values", configuration.SaveValues, configure)
	known.GET("/configuration/authentication/metadata", configuration.Metadata, configure)
	known.GET("/configuration/authentication/receipt", configuration.Receipt, configure)
	retention := &api.EventRetention{Store: s.Store, BasePath: base}
	known.GET("/configuration/eventretention", retention.Show, configure)
	known.GET("/configuration/eventretention/values", retention.Values, configure)
	known.PUT("/configuration/eventretention/values", retention.SaveValues, configure)
	known.GET("/configuration/eventretention/metadata", retention.Metadata, configure)
}

func (s *Server) restSubscriptions(known *echo.Group, base string) {
	subscriptions := &api.Subscriptions{Store: s.Store, BasePath: base, CheckWebhook: s.checkWebhook}
	for _, g := range spaced(known) {
		g.GET("/subscriptions", subscriptions.Index)
		g.POST("/subscriptions", subscriptions.Create)
		g.GET("/subscriptions/all", subscriptions.All)
		g.GET("/subscriptions/:id", subscriptions.Show)
		g.PUT("/subscriptions/:id", subscriptions.Update)
		g.DELETE("/subscriptions/:id", subscriptions.Delete)
	}
}

func (s *Server) restServices(known *echo.Group, base string) {
	services := &api.Services{Store: s.Store, BasePath: base}
	// Not a group of its own: what nobody serves would need its right as well.
	configure := requirePermission(models.ConfigureServer)
	known.GET("/services", services.Index, configure)
	known.POST("/services", services.Create, configure)
	known.GET("/services/:id", services.Show, configure)
	known.PUT("/services/:id", services.Update, configure)
	known.DELETE("/services/:id", services.Delete, configure)
}

func (s *Server) restEvents(known *echo.Group, base string) {
	events := &api.Events{Store: s.Store, BasePath: base}
	for _, g := range spaced(known) {
		g.GET("/events", events.Index)
		g.GET("/events/categories", events.Categories)
		g.GET("/events/groups", events.Groups)
		g.GET("/events/agents", events.Agents)
		g.GET("/events/documenttypes", events.DocumentTypes)
		g.GET("/events/archives", events.Archives)
		g.GET("/events/:id", events.Show)
	}
}

// checkWebhook refuses an address of a webhook that is never going to be called.
func (s *Server) checkWebhook(address string) error {
	if problem := s.egress.CheckAddress(address); problem != "" {
		return models.InvalidField("WebhookURI", problem)
	}
	return nil
}
