package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// teams maps the pages of teams.
func (s *Server) teams(person *echo.Group) {
	teams := &handlers.Teams{Store: s.Store, Sessions: s.sessions}
	group, edit := person.Group("/configuration/teams", requirePermission(models.TeamView)), requirePermission(models.TeamEdit)
	group.GET("", teams.Index)
	group.POST("", teams.Create, edit, s.freshSignIn)
	group.GET("/new", teams.New, edit)
	group.GET("/:id", teams.Show)
	group.POST("/:id", teams.Update, edit, s.freshSignIn)
	group.GET("/:id/deletion", teams.AskDelete, edit)
	group.POST("/:id/deletion", teams.Delete, edit, s.freshSignIn)
	group.POST("/:id/members", teams.AddMember, edit, s.freshSignIn)
	group.POST("/:id/members/:user/removal", teams.RemoveMember, edit, s.freshSignIn)
}

// ownedAccounts maps the service accounts that the reader's teams own. These
// pages ask for no permission: being a member is what opens them, and the
// operations see to it.
func (s *Server) ownedAccounts(person *echo.Group) {
	accounts := &handlers.MyAccounts{Store: s.Store}
	person.GET("/account/service-accounts", accounts.Index)
}
