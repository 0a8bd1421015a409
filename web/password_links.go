package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// passwordLinks serves the one-time links by which people choose a password.
// They are closed where nobody signs in with one.
func (s *Server) passwordLinks(open *echo.Group) {
	local := open.Group("", s.requireLocalSignIn)
	for path, kind := range map[string]models.LinkKind{handlers.InvitationPath: models.LinkInvitation, handlers.ResetPath: models.LinkPasswordReset} {
		choose := &handlers.ChoosePassword{Store: s.Store, Sessions: s.sessions, Kind: kind, Mail: s.sends}
		local.GET(path, choose.Show)
		local.POST(path, choose.Update)
	}
	forgot := &handlers.Forgot{Post: s.Mail}
	local.GET(handlers.ForgotPath, forgot.Show)
	local.POST(handlers.ForgotPath, forgot.Create)
	local.GET(handlers.ForgotPath+"/sent", forgot.Sent)
}

// personLinks serves the links that administrators make for a person.
func (s *Server) personLinks(person *echo.Group) {
	links := &handlers.PersonLink{Store: s.Store, Post: s.Mail, PublicURL: s.PublicURL}
	edit := requirePermission(models.UserEdit)
	person.GET("/configuration/users/:user/password-link", links.Show, edit)
	person.POST("/configuration/users/:user/password-link", links.Create, edit, s.requireLocalSignIn, s.freshSignIn)
}

// unsubscribe serves the links in mail that end it. Mail programs follow them
// from anywhere and without a cookie, so nothing but the token counts.
func (s *Server) unsubscribe(open *echo.Group) {
	unsubscribe := &handlers.Unsubscribe{Store: s.Store}
	open.GET(handlers.UnsubscribePath, unsubscribe.Show)
	open.POST(handlers.UnsubscribePath, unsubscribe.Create)
}
