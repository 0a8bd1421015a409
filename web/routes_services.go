package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// services maps the pages of services.
func (s *Server) services(person *echo.Group) {
	services := &handlers.Services{Store: s.Store, Sessions: s.sessions, ServerURL: publicRoot(s.PublicURL)}
	group := person.Group("/configuration/services", requirePermission(models.ConfigureServer))
	group.GET("", services.Index)
	group.POST("", services.Create, s.freshSignIn)
	group.GET("/new", services.New)
	group.GET("/:id", services.Show)
	group.POST("/:id", services.Update, s.freshSignIn)
	group.GET("/:id/deletion", services.AskDelete)
	group.POST("/:id/deletion", services.Delete, s.freshSignIn)
}
