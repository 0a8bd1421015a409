package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
)

// party is what passkeys are made for, nil where browsers offer none.
func (s *Server) party() handlers.Party {
	if rp, ok := models.RelyingPartyOf(s.PublicURL); ok {
		return &rp
	}
	return nil
}

// signIn are the addresses of somebody who is not signed in yet.
func (s *Server) signIn(open *echo.Group) {
	step := &handlers.SecondStep{Store: s.Store, Sessions: s.sessions, Party: s.party(), Secure: s.sessions.secure}
	login := &handlers.Login{Store: s.Store, Sessions: s.sessions, Ways: s.ways(), Mail: s.sends, Party: s.party(), Step: step}
	open.GET("/sign-in", login.Show)
	open.POST("/sign-in", login.Create, s.requireLocalSignIn)
	open.POST("/sign-in/passkey", login.CreateByPasskey, s.requireLocalSignIn)
	open.POST("/sign-in/passkey/options", login.PasskeyOptions, s.requireLocalSignIn)
	open.GET("/sign-in/second-step", step.Show)
	open.POST("/sign-in/second-step", step.Create, s.requireLocalSignIn)
	open.POST("/sign-in/second-step/passkey-options", step.Options, s.requireLocalSignIn)
	open.POST("/sign-out", login.Delete)
}

// signInMeans are the addresses at which people choose what they sign in with.
// Whoever sits down at somebody else's screen must not be able to.
func (s *Server) signInMeans(person *echo.Group) {
	means := &handlers.Means{Store: s.Store, Sessions: s.sessions, Party: s.party(), Place: s.PublicURL.Host}
	person.GET("/account/sign-in", means.Show)
	person.GET("/account/sign-in/app", means.App)
	person.POST("/account/sign-in/app", means.StartApp, s.freshSignIn)
	person.POST("/account/sign-in/app/confirmation", means.ConfirmApp, s.freshSignIn)
	person.POST("/account/sign-in/app/removal", means.RemoveApp, s.freshSignIn)
	person.POST("/account/sign-in/passkeys", means.AddPasskey, s.freshSignIn)
	person.POST("/account/sign-in/passkeys/options", means.PasskeyOptions)
	person.POST("/account/sign-in/passkeys/request", s.confirm.PasskeyOptions)
	person.POST("/account/sign-in/passkeys/:id/removal", means.RemovePasskey, s.freshSignIn)
	person.POST("/account/sign-in/recovery-codes", means.RenewCodes, s.freshSignIn)
	person.POST("/account/sign-in/devices/removal", means.ForgetDevices)

	factor := &handlers.SecondFactor{Store: s.Store, Sessions: s.sessions}
	person.POST("/configuration/users/:user/second-factor/removal", factor.Delete, requirePermission(models.UserEdit), s.freshSignIn)
}
