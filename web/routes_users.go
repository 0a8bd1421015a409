package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// users maps Configuration → Users.
func (s *Server) users(person *echo.Group, keys *handlers.Keys) {
	see, edit := requirePermission(models.UserView), requirePermission(models.UserEdit)
	users := &handlers.Users{Store: s.Store, Sessions: s.sessions}
	person.GET("/configuration/users", users.Index, see)
	person.POST("/configuration/users", users.Create, edit, s.freshSignIn)
	person.GET("/configuration/users/new", users.New, edit)
	person.GET("/configuration/users/:user", users.Show, see)
	person.POST("/configuration/users/:user", users.Update, edit, s.freshSignIn)
	person.GET("/configuration/users/:user/deactivation", users.AskDeactivate, see, edit)
	person.POST("/configuration/users/:user/deactivation", users.Deactivate, edit, s.freshSignIn)
	person.GET("/configuration/users/:user/receipt", users.Receipt, see)
	person.POST("/configuration/users/:user/activation", users.Activate, edit, s.freshSignIn)
	person.GET("/configuration/users/:user/deletion", users.AskDelete, see, edit)
	person.POST("/configuration/users/:user/deletion", users.Delete, edit, s.freshSignIn)

	// Members of the team that owns an account come here too, whatever their
	// permissions; so the operations alone decide.
	person.GET("/configuration/users/:user/apikeys", keys.Index)
	person.POST("/configuration/users/:user/apikeys", keys.Create, s.freshSignIn)
	person.GET("/configuration/users/:user/apikeys/new", keys.New)
	person.GET("/configuration/users/:user/apikeys/stored", keys.Stored)
	person.POST("/configuration/users/:user/apikeys/stored", keys.Stored)
	person.GET("/configuration/users/:user/apikeys/:id", keys.Show)
	person.GET("/configuration/users/:user/apikeys/:id/revocation", keys.AskRevoke)
	person.POST("/configuration/users/:user/apikeys/:id/revocation", keys.Revoke)
	person.GET("/configuration/users/:user/apikeys/:id/rotation", keys.AskRotate)
	person.POST("/configuration/users/:user/apikeys/:id/rotation", keys.Rotate, s.freshSignIn)
	person.GET("/configuration/users/:user/apikeys/:id/receipt", keys.Receipt)
}
