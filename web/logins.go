package web

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// The names by which Octopus's clients find the two cookies of a session; the
// id of the installation follows. They read the second one and send it back in
// csrfLoginHeader.
const (
	loginCookie     = "OctopusIdentificationToken_"
	csrfLoginCookie = "Octopus-Csrf-Token_"
	csrfLoginHeader = "X-Octopus-Csrf-Token"
)

// logins are the sessions of clients of the REST API: rows of the same table as
// those of browsers, under other names. Pages don't know these cookies, nor
// does the REST API know those of pages.
type logins struct{ sessions *Sessions }

// named returns the sessions under this installation's name, and its id.
func (l *logins) named(ctx context.Context) (*Sessions, string, error) {
	id, err := l.sessions.store.InstallationID(ctx)
	named := *l.sessions
	named.name = loginCookie + id
	return &named, id, err
}

// SignIn starts a session and hands out both cookies.
func (l *logins) SignIn(c echo.Context, user models.User) error {
	named, id, err := l.named(c.Request().Context())
	if err != nil {
		return err
	}
	if err := named.SignIn(c, user); err != nil {
		return err
	}
	session, err := named.Get(c.Request(), named.name)
	if err != nil {
		return err
	}
	l.setToken(c, id, csrfToken(session.ID), 0)
	return nil
}

// SignOut ends the session and takes both cookies back.
func (l *logins) SignOut(c echo.Context) error {
	named, id, err := l.named(c.Request().Context())
	if err != nil {
		return err
	}
	if err := named.SignOut(c); err != nil {
		return err
	}
	l.setToken(c, id, "", -1)
	return nil
}

// setToken writes the second cookie. Scripts must be able to read it: that they
// can is the proof that they are of this origin.
func (l *logins) setToken(c echo.Context, id, token string, maxAge int) {
	options := l.sessions.options(maxAge)
	options.HttpOnly = false
	http.SetCookie(c.Response(), sessions.NewCookie(csrfLoginCookie+id, token, options))
}

// loadLogin recognises a person by such a session. A key that came along has
// decided already; then the cookies count for nothing. Whatever changes
// something must carry the token, because a browser sends cookies by itself.
func (s *Server) loadLogin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if models.ActorFrom(r.Context()) != nil || !strings.Contains(r.Header.Get("Cookie"), loginCookie) {
			return next(c)
		}
		named, _, err := s.logins.named(r.Context())
		if err != nil {
			return err
		}
		session, err := named.Get(r, named.name)
		if err != nil {
			return err
		}
		if session.IsNew {
			return next(c)
		}
		if unsafeMethod(r.Method) && subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfLoginHeader)), []byte(csrfToken(session.ID))) != 1 {
			return models.Denied("This request lacks the token of its session, so nothing was done. Send the value of the cookie " + csrfLoginCookie + "… in the header " + csrfLoginHeader + ".")
		}
		if err := s.touch(r.Context(), session); err != nil {
			return err
		}
		setActor(c, sessionActor(r.Context(), session))
		return next(c)
	}
}

// recentLogin lets a session change something only for a while after its
// password was entered; a key is a decision that was taken for its whole life.
func (s *Server) recentLogin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		a := models.ActorFrom(c.Request().Context())
		if a != nil && a.Via == models.ViaSession && unsafeMethod(c.Request().Method) && s.Store.Now().Sub(a.SignedInAt) >= models.FreshSignIn {
			return models.Denied("You signed in more than 15 minutes ago. Sign in once more to change something.")
		}
		return next(c)
	}
}

// ownOrigin refuses a sign-in that another site makes a browser send: it would
// leave somebody at work in an account that is not theirs.
func (s *Server) ownOrigin() (echo.MiddlewareFunc, error) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(s.PublicURL.Scheme + "://" + s.PublicURL.Host); err != nil {
		return nil, err
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := protection.Check(c.Request()); err != nil {
				return crossSite()
			}
			return next(c)
		}
	}, nil
}
