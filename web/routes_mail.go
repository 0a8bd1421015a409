package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
)

// mail maps the page of the mail server.
func (s *Server) mail(person *echo.Group) {
	settings := &handlers.MailSettings{Store: s.Store, Sessions: s.sessions, Post: s.Mail, Fixed: s.MailServer, CheckHost: s.checkMailHost, NoLinks: s.NoPublicURL}
	config := person.Group(handlers.MailSettingsPath, requirePermission(models.ConfigureServer))
	config.GET("", settings.Show)
	config.POST("", settings.Update, s.freshSignIn)
	config.POST("/test", settings.Test)
}

// restMail maps the mail server for Octopus's clients.
func (s *Server) restMail(known *echo.Group, base string) {
	smtp := &api.SMTP{Store: s.Store, Fixed: s.MailServer, CheckHost: s.checkMailHost, BasePath: base,
		Sends: func(c echo.Context) bool { return s.sends(c.Request().Context()) }}
	configure := requirePermission(models.ConfigureServer)
	known.GET("/smtpconfiguration", smtp.Show, configure)
	known.PUT("/smtpconfiguration", smtp.Change, configure)
	known.GET("/smtpconfiguration/isconfigured", smtp.IsConfigured)
}

// sends reports whether letters can be sent now.
func (s *Server) sends(ctx context.Context) bool { return s.Mail != nil && s.Mail.Sends(ctx) }

// checkMailHost refuses a mail server that is never going to be dialled.
func (s *Server) checkMailHost(host string) error {
	if problem := s.egress.CheckMailHost(host); host != "" && problem != "" {
		return models.InvalidField("SmtpHost", problem)
	}
	return nil
}
