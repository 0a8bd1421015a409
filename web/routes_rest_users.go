package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
)

// restLogins maps signing in, and becoming a user.
func (s *Server) restLogins(open *echo.Group, base string) error {
	ownOrigin, err := s.ownOrigin()
	if err != nil {
		return err
	}
	logins := &api.Logins{Store: s.Store, Sessions: s.logins, BasePath: base}
	open.POST("/users/login", logins.Create, ownOrigin, s.requireLocalSignIn)
	open.POST("/users/register", logins.Register, ownOrigin, s.requireLocalSignIn)
	open.POST("/users/logout", logins.Delete, s.loadLogin)
	return nil
}

func (s *Server) restUsers(known *echo.Group, base string) {
	users := &api.Users{Store: s.Store, BasePath: base}
	known.GET("/users", users.Index)
	known.POST("/users", users.Create)
	known.GET("/users/all", users.All)
	known.GET("/users/me", users.Me)
	known.GET("/users/identity-metadata", users.IdentityMetadata)
	known.GET("/users/external-search", users.ExternalSearch)
	known.GET("/users/:user", users.Show)
	known.PUT("/users/:user", users.Update)
	known.DELETE("/users/:user", users.Delete)
	known.PUT("/users/:user/revoke-sessions", users.RevokeSessions)
	known.GET("/users/:user/deactivation", users.Deactivation)
	known.GET("/users/:user/spaces", users.Spaces)
	known.GET("/users/:user/teams", users.Teams)

	invitations := &api.Invitations{Store: s.Store, BasePath: base}
	permissions := &api.Permissions{Store: s.Store, BasePath: base}
	for _, g := range spaced(known) {
		g.POST("/users/invitations", invitations.Create)
		g.GET("/users/invitations/:id", invitations.Show)
		g.GET("/users/:user/permissions", permissions.OfUser)
		g.GET("/users/:user/permissions/configuration", permissions.OfUser)
		g.GET("/users/:user/permissions/export", permissions.Export)
	}
}

// restTeams maps teams, and what stands for Octopus's roles.
func (s *Server) restTeams(known *echo.Group, base string) {
	teams := &api.Teams{Store: s.Store, BasePath: base}
	roles := &api.UserRoles{Store: s.Store, BasePath: base}
	for _, g := range spaced(known) {
		g.GET("/teams", teams.Index)
		g.POST("/teams", teams.Create)
		g.GET("/teams/all", teams.All)
		g.GET("/teams/:id", teams.Show)
		g.PUT("/teams/:id", teams.Update)
		g.DELETE("/teams/:id", teams.Delete)
		g.GET("/teams/:id/scopeduserroles", roles.OfTeam)
		g.GET("/scopeduserroles", roles.ScopedIndex)
		g.POST("/scopeduserroles", roles.Change)
		g.GET("/scopeduserroles/:id", roles.ScopedShow)
		g.PUT("/scopeduserroles/:id", roles.Change)
		g.DELETE("/scopeduserroles/:id", roles.Change)
	}
	known.GET("/userroles", roles.Index)
	known.POST("/userroles", roles.Change)
	known.GET("/userroles/all", roles.All)
	known.GET("/userroles/:id", roles.Show)
	known.PUT("/userroles/:id", roles.Change)
	known.DELETE("/userroles/:id", roles.Change)
}

// spaced returns the groups under which Octopus serves what belongs to a space:
// without naming one, by its id, and by whatever names it.
func spaced(known *echo.Group) []*echo.Group {
	return []*echo.Group{known, known.Group("/spaces-1"), known.Group("/spaces/:space", theSpace)}
}

// theSpace lets pass who names the one space that there is.
func theSpace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if name := c.Param("space"); !strings.EqualFold(name, "spaces-1") && !strings.EqualFold(name, "default") {
			return models.Missing("space")
		}
		return next(c)
	}
}
