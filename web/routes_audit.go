package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// audit maps the trail of events, and how long it is kept.
func (s *Server) audit(person *echo.Group) {
	audit := &handlers.Audit{Store: s.Store}
	look := person.Group(handlers.AuditPath, requirePermission(models.EventView))
	look.GET("", audit.Index)
	look.GET("/export", audit.Export)

	settings := &handlers.AuditSettings{Store: s.Store, Sessions: s.sessions}
	config := person.Group(handlers.AuditSettingsPath, requirePermission(models.ConfigureServer))
	config.GET("", settings.Show)
	config.POST("", settings.Update, s.freshSignIn)
}
