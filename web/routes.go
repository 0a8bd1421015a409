package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/static"
)

// routes is the map of all addresses, grouped by who may enter. What a group
// lets in is all that decides who is asking; what they may do is decided by the
// operation behind the address.
func (s *Server) routes() error {
	protect, err := s.crossOrigin()
	if err != nil {
		return err
	}
	s.echo.Pre(foldAPIPath, s.stripPrefix)
	s.echo.Use(s.requestFacts, s.logRequest, s.recoverPanic, securityHeaders(s.PublicURL), middleware.BodyLimit(maxBody))

	s.echo.GET("/healthz", s.health)
	s.echo.GET("/readyz", s.ready)
	s.echo.GET("/static/*", echo.WrapHandler(static.Handler()))
	s.echo.GET("/favicon.ico", redirectTo(static.URL("favicon.svg")))

	s.pages(s.echo.Group("", noStore, protect, s.loadSession))
	s.rest(s.echo.Group("/api", noStore, s.loadAPIKey))
	return nil
}

func (s *Server) pages(open *echo.Group) {
	setup := &handlers.Setup{Store: s.Store, Sessions: s.sessions}
	open.GET("/setup", setup.Show)
	open.POST("/setup", setup.Create)

	login := &handlers.Login{Store: s.Store, Sessions: s.sessions}
	open.GET("/sign-in", login.Show)
	open.POST("/sign-in", login.Create)
	open.POST("/sign-out", login.Delete)

	person := open.Group("", requirePerson)
	person.GET("/", redirectTo(handlers.KeysPath))
	person.GET("/account", redirectTo(handlers.ProfilePath))

	profile := &handlers.Profile{Store: s.Store, Sessions: s.sessions}
	person.GET("/account/profile", profile.Show)
	person.GET("/account/time-zone", redirectTo(handlers.ProfilePath))
	person.POST("/account/time-zone", profile.SetTimeZone)

	password := &handlers.Password{Store: s.Store, Sessions: s.sessions}
	person.GET("/account/password", password.Show)
	person.POST("/account/password", password.Update)

	sessions := &handlers.MySessions{Store: s.Store, Sessions: s.sessions}
	person.GET("/account/sessions", sessions.Index)
	person.POST("/account/sessions/end-others", sessions.EndOthers)
	person.POST("/account/sessions/:id/end", sessions.End)

	keys := &handlers.Keys{Store: s.Store, Sessions: s.sessions, ServerURL: publicRoot(s.PublicURL)}
	person.GET("/account/apikeys", keys.Index)
	person.POST("/account/apikeys", keys.Create)
	person.GET("/account/apikeys/new", keys.New)
	person.GET("/account/apikeys/stored", redirectTo(handlers.KeysPath))
	person.POST("/account/apikeys/stored", keys.Stored)
	person.GET("/account/apikeys/:id/revocation", keys.AskRevoke)
	person.POST("/account/apikeys/:id/revocation", keys.Revoke)

	config := person.Group("/configuration", requirePermission(models.ConfigureServer))
	config.GET("", redirectTo(handlers.AuthSettingsPath))
	config.GET("/settings", redirectTo(handlers.AuthSettingsPath))
	settings := &handlers.AuthSettings{Store: s.Store, Sessions: s.sessions}
	config.GET("/settings/authentication", settings.Show)
	config.POST("/settings/authentication", settings.Update)
	config.GET("/settings/authentication/impact", settings.Impact)
}

func (s *Server) rest(open *echo.Group) {
	root := &api.Root{Store: s.Store, Version: s.Version, BasePath: basePath(s.PublicURL)}
	open.GET("", root.Show)
	open.GET("/", root.Show)

	person := open.Group("", requireActor)
	users := &api.Users{Store: s.Store, BasePath: basePath(s.PublicURL)}
	person.GET("/users/me", users.Me)

	keys := &api.APIKeys{Store: s.Store, BasePath: basePath(s.PublicURL)}
	person.GET("/users/:user/apikeys", keys.Index)
	person.POST("/users/:user/apikeys", keys.Create)
	person.GET("/users/:user/apikeys/:id", keys.Show)
	person.DELETE("/users/:user/apikeys/:id", keys.Delete)
}

func redirectTo(path string) echo.HandlerFunc {
	return func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, path) }
}
