package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/keyport/keyport/handlers"
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
	s.echo.Pre(foldAPIPath, s.stripPrefix, overrideMethod)
	s.echo.Use(s.requestFacts)
	if s.Trace != nil {
		s.echo.Use(s.traceRequest)
	}
	s.echo.Use(s.logRequest, s.recoverPanic, securityHeaders(s.PublicURL), middleware.BodyLimit(maxBody))

	s.echo.GET("/healthz", s.health)
	s.echo.GET("/readyz", s.ready)
	s.echo.GET("/static/*", echo.WrapHandler(static.Handler()))
	s.echo.GET("/app", redirectTo(handlers.KeysPath)) // Octopus's command line opens /app#/users/me/apiKeys
	s.echo.GET("/favicon.ico", redirectTo(static.URL("favicon.svg")))

	s.tokens(s.echo.Group("", noStore))
	s.unsubscribe(s.echo.Group("", noStore))
	s.introspection(s.echo.Group("", noStore))
	s.feeds(s.echo.Group("", noStore))
	s.pages(s.echo.Group("", noStore, protect, s.loadSession))
	return s.rest(s.echo.Group("/api", noStore, s.loadAPIKey))
}

func (s *Server) pages(open *echo.Group) {
	setup := &handlers.Setup{Store: s.Store, Sessions: s.sessions}
	open.GET("/setup", setup.Show)
	open.POST("/setup", setup.Create)

	s.signIn(open)
	s.signOn(open)
	s.passwordLinks(open)

	person := open.Group("", requirePerson)
	s.personLinks(person)
	person.GET("/", redirectTo(handlers.KeysPath))
	person.GET("/account", redirectTo(handlers.ProfilePath))

	profile := &handlers.Profile{Store: s.Store, Sessions: s.sessions}
	person.GET("/account/profile", profile.Show)
	person.GET("/account/time-zone", redirectTo(handlers.ProfilePath))
	person.POST("/account/time-zone", profile.SetTimeZone)
	person.GET("/account/key-mail", redirectTo(handlers.ProfilePath))
	person.POST("/account/key-mail", profile.SetKeyMail)

	password := &handlers.Password{Store: s.Store, Sessions: s.sessions}
	person.GET("/account/password", password.Show)
	person.POST("/account/password", password.Update)
	s.signInMeans(person)

	sessions := &handlers.MySessions{Store: s.Store, Sessions: s.sessions}
	person.GET("/account/sessions", sessions.Index)
	person.POST("/account/sessions/end-others", sessions.EndOthers)
	person.POST("/account/sessions/:id/end", sessions.End)

	s.calendars(person)
	person.GET("/account/rest-api", s.apiReference().Show)

	keys := &handlers.Keys{Store: s.Store, Sessions: s.sessions, ServerURL: publicRoot(s.PublicURL)}
	person.GET("/account/apikeys", keys.Index)
	person.POST("/account/apikeys", keys.Create, s.freshSignIn)
	person.GET("/account/apikeys/new", keys.New)
	person.GET("/account/apikeys/stored", redirectTo(handlers.KeysPath))
	person.POST("/account/apikeys/stored", keys.Stored)
	person.GET("/account/apikeys/:id", keys.Show)
	person.GET("/account/apikeys/:id/revocation", keys.AskRevoke)
	person.POST("/account/apikeys/:id/revocation", keys.Revoke)
	person.GET("/account/apikeys/:id/rotation", keys.AskRotate)
	person.POST("/account/apikeys/:id/rotation", keys.Rotate, s.freshSignIn)
	person.GET("/account/apikeys/:id/receipt", keys.Receipt)
	s.users(person, keys)
	s.allKeys(person)

	s.audit(person)
	s.mail(person)
	s.tasks(person)

	s.teams(person)
	s.services(person)
	s.subscriptions(person)
	s.ownedAccounts(person)
	person.GET("/configuration", handlers.ConfigurationHome)

	config := person.Group("/configuration", requirePermission(models.ConfigureServer))
	config.GET("/settings", redirectTo(handlers.AuthSettingsPath))
	settings := &handlers.AuthSettings{Store: s.Store, Sessions: s.sessions, SignOn: s.signOnSettings()}
	config.GET("/settings/authentication", settings.Show)
	config.POST("/settings/authentication", settings.Update, s.freshSignIn)
	config.GET("/settings/authentication/impact", settings.Impact)
	config.GET("/settings/authentication/receipt", settings.Receipt)
}

func redirectTo(path string) echo.HandlerFunc {
	return func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, path) }
}
