package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// Addresses of single sign-on. They lie below the sign-in page, which nobody is
// ever led back to after signing in.
const (
	SignOnPath         = SignInPath + "/sso"
	SignOnCallbackPath = SignOnPath + "/callback"
)

// OpenID is what signing on needs of the OpenID provider.
type OpenID interface {
	// Begin returns the address of the provider to send the browser to.
	// With again, the person has to prove there once more who they are.
	Begin(ctx context.Context, secret models.SignOnSecret, again bool) (address string, err error)
	// Finish turns the provider's answer into what it vouches for.
	Finish(ctx context.Context, secret models.SignOnSecret, answer url.Values) (models.Assertion, error)
}

// SignOn serves signing in by the OpenID provider.
type SignOn struct {
	Store    *store.Store
	Sessions Sessions
	Provider OpenID
	Policy   models.SignOnPolicy
	Login    *Login // whose page people see who were refused
	Secure   bool   // the portal is reached by https
}

// Begin sends the browser to the provider.
func (h *SignOn) Begin(c echo.Context) error {
	ctx, back := c.Request().Context(), c.QueryParam("return")
	secret := models.NewSignOnSecret()
	address, err := h.Provider.Begin(ctx, secret, c.QueryParam("again") != "")
	if err == nil {
		err = h.Store.BeginSignOn(ctx, secret.Digest(), LocalPath(back))
	}
	if err != nil {
		return h.refused(c, err, back)
	}
	c.SetCookie(h.cookie(secret.Reveal(), int(store.SignOnLife.Seconds())))
	return c.Redirect(http.StatusSeeOther, address)
}

// Finish signs in whom the provider vouches for. Nothing of an answer is
// believed before it is known to belong to a sign-on that this browser began.
func (h *SignOn) Finish(c echo.Context) error {
	ctx, answer := c.Request().Context(), c.QueryParams()
	secret, ours := h.began(c.Request())
	if !ours || len(answer["state"]) != 1 || !secret.Began(answer.Get("state")) {
		return h.refused(c, notBegun(), "")
	}
	c.SetCookie(h.cookie("", -1))
	back, err := h.Store.TakeSignOn(ctx, secret.Digest())
	if models.KindOf(err) == models.NotFound {
		return h.refused(c, notBegun(), "")
	}
	if err != nil {
		return err
	}
	said, err := h.Provider.Finish(ctx, secret, answer)
	if err != nil {
		return h.refused(c, err, back)
	}
	user, err := h.Store.SignOn(ctx, said, h.Policy)
	if err != nil {
		return h.refused(c, err, back)
	}
	at := said.SignedInAt
	if at.IsZero() {
		at = h.Store.Now()
	}
	if err := h.Sessions.SignInAt(c, user, at); err != nil {
		return err
	}
	return goOn(c, h.Store, h.Sessions, user, back)
}

func notBegun() error {
	return models.Denied("This sign-in was begun in another browser, is finished already, or took longer than 10 minutes. Start again.")
}

// refused shows the sign-in page with the reason. What is not a refusal is for
// the error page.
func (h *SignOn) refused(c echo.Context, err error, back string) error {
	refusal, status := models.Refusal(err), http.StatusForbidden
	switch {
	case refusal == nil || refusal.Kind == models.Internal:
		return err
	case refusal.Kind == models.Unavailable:
		status = http.StatusServiceUnavailable
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(refusal.RetryAfter.Seconds())))
	}
	props := h.Login.page(c, back, "")
	props.Username.Autofocus = false
	props.Notice = &views.Notice{Tone: views.ToneBad, Title: "Could not sign in", Text: refusal.Message}
	return render(c, status, views.SignInPage(props))
}

// began returns the secret of the sign-on that the browser began. Of two
// cookies, one was planted.
func (h *SignOn) began(r *http.Request) (models.SignOnSecret, bool) {
	cookies := r.CookiesNamed(h.cookieName())
	if len(cookies) != 1 {
		return models.SignOnSecret{}, false
	}
	return models.ParseSignOnSecret(cookies[0].Value)
}

// cookie holds the secret. Lax lets it come back with the provider's redirect,
// and with no request that another site makes in the background.
func (h *SignOn) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: h.cookieName(), Value: value, Path: "/", MaxAge: maxAge, Secure: h.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func (h *SignOn) cookieName() string {
	if h.Secure {
		return "__Host-keyport-sso"
	}
	return "keyport-sso"
}

// signOnAgain is the address at which a person proves once more who they are.
// It leads back to the page that they were on: the form itself can't be sent by
// a link.
func signOnAgain(r *http.Request) string {
	back := homePath
	if strings.HasPrefix(r.URL.Path, "/configuration") {
		back = "/configuration"
	}
	if page, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && page.Path != "" {
		back = page.RequestURI()
	}
	return SignOnPath + "?" + url.Values{"again": {"yes"}, "return": {LocalPath(back)}}.Encode()
}
