package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// SignInPath is the sign-in page.
const SignInPath = "/sign-in"

// Login serves signing in and out.
type Login struct {
	Store    *store.Store
	Sessions Sessions
	Ways     views.SignInWays
	Mail     func(context.Context) bool // whether a forgotten password can be asked for
	Party    Party                      // passkeys sign in here, unless it is nil
	Step     *SecondStep                // where people with a second factor go on
}

// Show shows the sign-in page. Somebody who is signed in goes straight on.
func (h *Login) Show(c echo.Context) error {
	if models.ActorFrom(c.Request().Context()) != nil {
		return c.Redirect(http.StatusSeeOther, LocalPath(c.QueryParam("return")))
	}
	props := h.page(c, c.QueryParam("return"), "")
	needed, err := h.Store.NeedsSetup(c.Request().Context())
	switch {
	case err != nil:
		return err
	case needed:
		props.Notice = &views.Notice{Tone: views.ToneInfo, Title: "Keyport is not set up yet", Text: "Open the set-up link that Keyport printed when it started. Only whoever can read that output can create the first administrator."}
	case c.QueryParam("notice") == "password-changed":
		props.Notice = &views.Notice{Tone: views.ToneOK, Title: "Your password is changed", Text: "Sign in with the new one. You were signed out everywhere else."}
	case c.QueryParam("notice") == "second-step-over":
		props.Notice = &views.Notice{Tone: views.ToneWarn, Title: "The second step took too long", Text: "Sign in again."}
	case c.QueryParam("notice") == "signed-out":
		props.Notice = &views.Notice{Tone: views.ToneOK, Title: "You are signed out"}
	}
	return render(c, http.StatusOK, views.SignInPage(props))
}

// Create signs a person in. Whatever is wrong, the answer is the same.
func (h *Login) Create(c echo.Context) error {
	username, back := c.FormValue("username"), c.FormValue("return")
	user, err := h.Store.SignIn(c.Request().Context(), username, c.FormValue("password"))
	if step := (*store.SecondStep)(nil); errors.As(err, &step) {
		return h.Step.begin(c, step.Ticket, back)
	}
	if models.KindOf(err) == models.TooMany {
		return h.slowed(c, models.Refusal(err), back, username)
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Unauthenticated {
		props := h.page(c, back, username)
		props.Notice = &views.Notice{Tone: views.ToneBad, Title: "Could not sign in", Text: "The user name or the password is not right, or the account can't sign in here."}
		return render(c, http.StatusUnprocessableEntity, views.SignInPage(props))
	}
	if err != nil {
		return err
	}
	return signIn(c, h.Store, h.Sessions, user, back)
}

// Delete signs out.
func (h *Login) Delete(c echo.Context) error {
	if err := h.Sessions.SignOut(c); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return seeOther(c, SignInPath+"?notice=signed-out")
}

func (h *Login) page(c echo.Context, back, username string) views.SignIn {
	props := signInPage(back, username)
	props.Ways, props.Passkeys = h.Ways, h.Party != nil
	props.Ways.Forgot = h.Mail(c.Request().Context())
	return props
}

func signInPage(back, username string) views.SignIn {
	if LocalPath(back) == homePath {
		back = ""
	}
	return views.SignIn{
		Return: back,
		Username: views.Field{Name: "username", ID: "username", Label: "User name", Type: "text", Value: username, Required: true,
			Autocomplete: "username", Autofocus: true},
		Password: views.Field{Name: "password", ID: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "current-password"},
	}
}

// homePath is where people go when they did not say where.
const homePath = KeysPath

// LocalPath returns a path of our own origin to go on to: the given one if it
// is that, else the home page. Everything that a browser could read as another
// origin is refused: schemes, hosts, backslashes, control characters, and
// slashes that would double up after normalising.
func LocalPath(s string) string {
	if len(s) > 2000 || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }) {
		return homePath
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return homePath
	}
	// A path that decodes to slashes, backslashes or dots at its start may be
	// decoded once more on its way.
	if d := u.Path; strings.HasPrefix(d, "//") || strings.ContainsFunc(d, func(r rune) bool { return r < ' ' || r == '\\' }) || strings.Contains(d, "/..") || strings.Contains(d, "/.//") {
		return homePath
	}
	if u.Path == "/" || strings.HasPrefix(u.Path, SignInPath) {
		return homePath
	}
	return s
}
