package views

import "github.com/a-h/templ"

// Addresses that the frame of every page links to.
const (
	pathHome         = "/"
	pathProfile      = "/account/profile"
	pathTimeZone     = "/account/time-zone"
	pathKeyMail      = "/account/key-mail"
	pathKeys         = "/account/apikeys"
	pathPassword     = "/account/password"
	pathSessions     = "/account/sessions"
	pathEndOthers    = "/account/sessions/end-others"
	pathAuthSettings = "/configuration/settings/authentication"
	pathSignIn       = "/sign-in"
	pathSignOut      = "/sign-out"
	pathSignOn       = "/sign-in/sso"
	pathSetup        = "/setup"
	pathForgot       = "/forgot-password"
	pathReset        = "/reset-password"
	pathInvitation   = "/invitation"
	pathUnsubscribe  = "/unsubscribe"
)

// link is an address for href or action. One with a scheme that could run
// something is replaced by templ, whatever came in by the props.
func link(path string) templ.SafeURL { return templ.URL(path) }

// current is the value of aria-current on the link to where the reader is.
func current(is bool, value string) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-current": value}
}
