package web

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
)

// requestFacts gives each request an id and notes where it comes from. An id
// that the client sends is not taken over: it would let anybody write into our
// log and claim another request's id.
func (s *Server) requestFacts(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		facts := models.Request{ID: rand.Text()[:12], Address: c.RealIP(), UserAgent: printable(c.Request().UserAgent(), 200), Devices: s.sessions.devices(c.Request())}
		c.Response().Header().Set(echo.HeaderXRequestID, facts.ID)
		c.SetRequest(c.Request().WithContext(models.WithRequest(c.Request().Context(), facts)))
		return next(c)
	}
}

// printable cuts text from outside to what may be stored and shown.
func printable(s string, limit int) string {
	s = s[:min(len(s), limit)]
	for i := range len(s) {
		if !isPrintable(s[i]) {
			return strings.Map(shown, s)
		}
	}
	return s // as nearly every text is
}

func isPrintable(c byte) bool { return c >= ' ' && c <= '~' }

func shown(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// logRequest writes one line for each request: the route's pattern and not the
// address, which may hold a secret that somebody put there, and no headers.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err) // answers now, so that the status is known
		}
		ctx, route := c.Request().Context(), c.Path()
		attrs := []slog.Attr{
			slog.String("method", printable(c.Request().Method, 16)), slog.String("route", route), slog.Int("status", c.Response().Status),
			slog.Duration("took", time.Since(started).Round(time.Microsecond)),
			slog.String("request", models.RequestFrom(ctx).ID), slog.String("address", c.RealIP()),
		}
		if a := models.ActorFrom(ctx); a != nil {
			attrs = append(attrs, slog.String("user", a.User.PublicID()))
			if a.Key != nil {
				attrs = append(attrs, slog.String("key", a.Key.ID))
			}
		}
		level := slog.LevelInfo
		if route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, "/static/") {
			level = slog.LevelDebug
		}
		s.Log.LogAttrs(ctx, level, "request", attrs...)
		if s.Metrics != nil {
			s.Metrics.Answered(s.measured(route), kindOf(route), c.Response().Status, time.Since(started))
		}
		return nil
	}
}

// measured is the pattern by which a request is counted, "" for one of which the
// map of addresses knows nothing: whatever comes, there are no more of them than
// that has lines.
func (s *Server) measured(route string) string {
	if s.patterns[route] {
		return route
	}
	return ""
}

// kindOf tells routes apart by what they cost.
func kindOf(route string) string {
	switch {
	case strings.HasPrefix(route, "/api"), route == api.IntrospectPath, route == api.IntrospectBatchPath:
		return "rest"
	case strings.HasPrefix(route, "/static/"), route == "/healthz", route == "/readyz", route == "/favicon.ico":
		return "static"
	}
	return "page"
}

// recoverPanic turns a panic into one answer with the request's id. The stack
// goes to the log; the value of the panic is not shown to anybody.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				s.logPanic(requestID(c), p)
				err = &models.Error{Kind: models.Internal, Message: "panic"}
			}
		}()
		return next(c)
	}
}

func (s *Server) logPanic(request string, p any) {
	s.Log.Error("panic", "request", request, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
}
