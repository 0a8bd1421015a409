package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// foldAPIPath makes the REST API's paths independent of letter case, which
// Octopus's official scripts rely on. Ids hold no upper-case letters that
// matter, so the whole path may be folded.
func foldAPIPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		if isAPIPath(u.Path) {
			u.Path, u.RawPath = strings.ToLower(u.Path), ""
		}
		return next(c)
	}
}

// overridden are the methods that a POST may stand for.
var overridden = map[string]bool{http.MethodPut: true, http.MethodDelete: true, http.MethodPatch: true}

// overrideMethod gives a POST to the REST API the method that its header names:
// both of Octopus's .NET clients send PUT and DELETE so. From here on only the
// effective method counts.
func overrideMethod(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if method := strings.ToUpper(r.Header.Get("X-HTTP-Method-Override")); r.Method == http.MethodPost && overridden[method] && isAPIPath(r.URL.Path) {
			r.Method = method
		}
		return next(c)
	}
}

// isAPIPath reports whether a path belongs to the REST API.
func isAPIPath(path string) bool {
	return len(path) >= 4 && strings.EqualFold(path[:4], "/api") && (len(path) == 4 || path[4] == '/')
}

// stripPrefix serves a portal that a proxy publishes below a path, whether or
// not the proxy takes that path away.
func (s *Server) stripPrefix(next echo.HandlerFunc) echo.HandlerFunc {
	prefix := basePath(s.PublicURL)
	return func(c echo.Context) error {
		u := c.Request().URL
		if rest, ok := strings.CutPrefix(u.Path, prefix); ok && prefix != "" && strings.HasPrefix(rest, "/") {
			u.Path, u.RawPath = rest, ""
			return foldAPIPath(next)(c)
		}
		return next(c)
	}
}

// basePath returns the path under which the portal is published, without a
// slash at its end: "" or "/keyport".
func basePath(public *url.URL) string { return strings.TrimRight(public.Path, "/") }

// publicRoot returns the address that people and scripts use, without a slash
// at its end.
func publicRoot(public *url.URL) string {
	return public.Scheme + "://" + public.Host + basePath(public)
}
