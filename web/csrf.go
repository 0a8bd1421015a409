package web

import (
	"crypto/subtle"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// csrfField and csrfHeader carry the session's token.
const (
	csrfField  = "csrf"
	csrfHeader = "X-CSRF-Token"
)

// crossOrigin refuses requests that another site makes a browser send. The
// browser itself says where a request comes from (Sec-Fetch-Site, Origin); a
// browser that says neither must prove with the session's token that the form
// was ours. Requests without a cookie have no authority to misuse.
func (s *Server) crossOrigin() (echo.MiddlewareFunc, error) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(s.PublicURL.Scheme + "://" + s.PublicURL.Host); err != nil {
		return nil, err
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if err := protection.Check(r); err != nil {
				return crossSite()
			}
			if unsafeMethod(r.Method) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" && !s.provesForm(c) {
				return crossSite()
			}
			return next(c)
		}
	}, nil
}

func crossSite() error {
	return models.Denied("This request did not come from a page of this portal, so nothing was done. Open the page here and try again.")
}

// provesForm reports whether the request carries the token of its session, or
// no session at all.
func (s *Server) provesForm(c echo.Context) bool {
	cookies := c.Request().CookiesNamed(s.sessions.name)
	if len(cookies) == 0 {
		return true
	}
	token := c.Request().Header.Get(csrfHeader)
	if token == "" {
		token = c.FormValue(csrfField)
	}
	want := csrfToken(cookies[0].Value)
	return subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1
}

func unsafeMethod(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
