package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web/tracing"
)

// traceRequest makes a span of each request: by its pattern and never by its
// address, which may hold what somebody put there.
func (s *Server) traceRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, route := c.Request(), s.measured(c.Path())
		if kindOf(route) == "static" { // probes and files: many, and nobody looks for them
			return next(c)
		}
		if route == "" {
			route = "none"
		}
		method := knownMethod(r.Method)
		ctx, end := s.Trace.Serve(r.Context(), s.traceparent(r), method+" "+route, tracing.Fact{Name: "http.request.method", Value: method},
			tracing.Fact{Name: "http.route", Value: route}, tracing.Fact{Name: "keyport.request", Value: models.RequestFrom(r.Context()).ID})
		c.SetRequest(r.WithContext(ctx))
		err := next(c) // logRequest answers errors
		status := c.Response().Status
		end(status >= http.StatusInternalServerError, tracing.Fact{Name: "http.response.status_code", Value: status})
		return err
	}
}

// traceVerification makes a span of a verification if a trusted proxy asks for
// one: there are too many of them to trace each.
func (s *Server) traceVerification(r *http.Request, began time.Time, status int) {
	if s.Trace == nil || !tracing.Sampled(s.traceparent(r)) {
		return
	}
	_, end := s.Trace.ServeSince(r.Context(), began, s.traceparent(r), knownMethod(r.Method)+" "+verifyPath, tracing.Fact{Name: "http.route", Value: verifyPath})
	end(status >= http.StatusInternalServerError, tracing.Fact{Name: "http.response.status_code", Value: status})
}

// traceparent is the trace that a request belongs to, if a trusted proxy says so.
// Anybody else could have us fill his traces, or join those of others.
func (s *Server) traceparent(r *http.Request) string {
	if values := r.Header["Traceparent"]; len(values) == 1 && s.fromProxy(r) {
		return values[0]
	}
	return ""
}

// knownMethod is a method by a name that clients can't choose.
func knownMethod(method string) string {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, method) {
		return method
	}
	return "_OTHER"
}
