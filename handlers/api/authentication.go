package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Authentication serves how people may sign in and what keys they may have. It
// is open to everybody: clients read the key policy here before they have a
// key, and people who may not configure the server must still see it.
type Authentication struct {
	Store    *store.Store
	BasePath string
}

type authenticationProvider struct {
	Name              string
	DisplayName       string
	IdentityType      string
	FormsLoginEnabled bool
	Links             Links
	CSSLinks          []string
	JavascriptLinks   []string
}

// userAuthenticationResource says by which ways a user can sign in.
type userAuthenticationResource struct {
	AuthenticationProviders             []authenticationProvider
	CanCurrentUserEditIdentitiesForUser bool
	Links                               Links
}

type authenticationResource struct {
	AuthenticationProviders                             []authenticationProvider
	AutoLoginEnabled                                    bool
	AnyAuthenticationProvidersSupportPasswordManagement bool
	RememberMeEnabled                                   bool
	UserApiKeysEnabled                                  bool
	ApiKeyDefaultExpiryDays                             int
	ApiKeyMaxExpiryDays                                 int
	OctopusIdDynamicRegistrationPending                 bool
	Links                                               Links
}

// localProvider is sign-in with a password kept by Keyport.
func (l linker) localProvider() authenticationProvider {
	return authenticationProvider{Name: "UsernamePassword", DisplayName: "User name and password", IdentityType: "UsernamePassword",
		FormsLoginEnabled: true, Links: l.all(Links{"Authenticate": "/api/users/login"}), CSSLinks: []string{}, JavascriptLinks: []string{}}
}

// Show answers the policy.
func (h *Authentication) Show(c echo.Context) error {
	settings, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	l := linker{h.BasePath}
	return write(c, http.StatusOK, authenticationResource{
		AuthenticationProviders: []authenticationProvider{l.localProvider()}, AnyAuthenticationProvidersSupportPasswordManagement: true,
		UserApiKeysEnabled: settings.UserAPIKeys, ApiKeyDefaultExpiryDays: settings.APIKeyDefaultDays, ApiKeyMaxExpiryDays: settings.APIKeyMaximumDays,
		Links: l.all(Links{"Self": "/api/authentication"}),
	})
}

// ForUser answers which providers a user may sign in with.
func (h *Authentication) ForUser(c echo.Context) error {
	l := linker{h.BasePath}
	return write(c, http.StatusOK, userAuthenticationResource{[]authenticationProvider{l.localProvider()}, models.ActorFrom(c.Request().Context()).May(models.UserEdit), l.all(Links{"Self": "/api/users/authentication"})})
}
