package web

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
	"github.com/keyport/keyport/web/openid"
)

// SignOn is how people sign in by an OpenID provider.
type SignOn struct {
	Issuer       string // as the provider writes it, to the letter
	ClientID     string
	ClientSecret string
	Name         string // what the button names after "Continue with"
	Scopes       []string
	GroupsClaim  string
	Policy       models.SignOnPolicy
	LocalOff     bool // nobody signs in with a user name and a password
}

// callback is the address that the provider sends people back to. It follows
// from the configuration and never from a request.
func callback(public *url.URL) string { return publicRoot(public) + handlers.SignOnCallbackPath }

// signOn serves single sign-on, if it is configured.
func (s *Server) signOn(open *echo.Group) {
	if s.SignOn == nil {
		return
	}
	provider := openid.New(openid.Options{Issuer: s.SignOn.Issuer, ClientID: s.SignOn.ClientID, ClientSecret: s.SignOn.ClientSecret,
		RedirectURL: callback(s.PublicURL), Scopes: s.SignOn.Scopes, GroupsClaim: s.SignOn.GroupsClaim, Log: s.Log})
	h := &handlers.SignOn{Store: s.Store, Sessions: s.sessions, Provider: provider, Policy: s.SignOn.Policy,
		Login: &handlers.Login{Ways: s.ways(), Mail: s.sends, Party: s.party()}, Secure: s.sessions.secure}
	open.GET(handlers.SignOnPath, h.Begin)
	open.GET(handlers.SignOnCallbackPath, h.Finish)
}

// ways are what the sign-in page offers besides a user name and a password.
func (s *Server) ways() views.SignInWays {
	if s.SignOn == nil {
		return views.SignInWays{}
	}
	return views.SignInWays{SignOn: s.SignOn.Name, LocalOff: s.SignOn.LocalOff}
}

// requireLocalSignIn closes the ways in that go without the provider, where the
// provider is to be the only one.
func (s *Server) requireLocalSignIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.ways().LocalOff {
			return models.Denied("Signing in with a user name and a password is switched off here. Use single sign-on.")
		}
		return next(c)
	}
}

// signOnSettings shows the configuration to those who may see the settings.
func (s *Server) signOnSettings() views.SignOnSettings {
	if s.SignOn == nil {
		return views.SignOnSettings{}
	}
	shown := views.SignOnSettings{On: true, Issuer: s.SignOn.Issuer, ClientID: s.SignOn.ClientID, Secret: "Set", Redirect: callback(s.PublicURL),
		Scopes: strings.Join(s.SignOn.Scopes, " "), Users: "Linked to the account with their verified e-mail address, refused without one",
		Groups: s.SignOn.GroupsClaim, Local: "On"}
	if s.SignOn.ClientSecret == "" {
		shown.Secret = "None: a public client"
	}
	if s.SignOn.Policy.Create {
		shown.Users = "Linked to the account with their verified e-mail address; without one, an account is created"
	}
	if s.SignOn.LocalOff {
		shown.Local = "Off"
	}
	for _, pair := range s.SignOn.Policy.Teams {
		shown.Teams = append(shown.Teams, views.GroupTeam{Group: pair.Group, Team: pair.Team})
	}
	return shown
}
