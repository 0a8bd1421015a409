package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// allKeys are the pages about the keys of all users.
func (s *Server) allKeys(person *echo.Group) {
	keys := &handlers.AllKeys{Store: s.Store, Sessions: s.sessions}
	look := person.Group(handlers.AllKeysPath, requirePermission(models.UserView))
	look.GET("", keys.Index)
	look.GET("/weeks", keys.Weeks)
	look.GET("/export", keys.Export)
	look.GET("/revocations/:id", keys.ShowRevocation)
	look.GET("/revocations/:id/receipt", keys.Receipt)

	revoke := person.Group(handlers.AllKeysPath, requirePermission(models.UserView), requirePermission(models.UserEdit))
	revoke.GET("/revocation", keys.PreviewMany)
	revoke.POST("/revocations", keys.RevokeMany)
	revoke.GET("/:id/revocation", keys.AskRevoke)
	revoke.POST("/:id/revocation", keys.Revoke)
}
