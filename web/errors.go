package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// answerError is the only place that turns an error into an answer: JSON for
// the REST API, a notice for htmx, a page for everybody else. What is ours is
// logged here, once.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		// Part of an answer is on its way, and whoever reads it must not take
		// it for the whole: the connection breaks off.
		s.Log.Warn("an answer broke off", "request", requestID(c), "route", c.Path(), "error", err)
		panic(http.ErrAbortHandler)
	}
	refusal := s.classify(err, c)
	s.noteRefusal(c, refusal)
	if refusal.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int((refusal.RetryAfter+time.Second-1)/time.Second)))
	}
	var answer error
	switch {
	case isExchange(c.Path()):
		answer = api.WriteTokenError(c, refusal)
	case isAPIPath(c.Request().URL.Path), isTokenPath(c.Request().URL.Path):
		answer = api.WriteError(c, refusal)
	case refusal.Kind == models.Unauthenticated:
		answer = askToSignIn(c)
	default:
		answer = showError(c, refusal)
	}
	switch {
	case answer != nil && c.Request().Context().Err() != nil:
		s.Log.Debug("nobody waited for the error", "request", requestID(c))
	case answer != nil:
		s.Log.Error("the error could not be answered", "request", requestID(c), "error", answer)
	}
}

// noteRefusal puts into the trail that somebody whom we know asked for what they
// may not do. The address is that of the route: what stands in it is not noted.
func (s *Server) noteRefusal(c echo.Context, refusal *models.Error) {
	if refusal.Kind != models.Forbidden {
		return
	}
	ctx := context.WithoutCancel(c.Request().Context())
	if err := s.Store.RecordRefused(ctx, c.Request().Method+" "+c.Path()); err != nil {
		s.Log.Warn("a refusal was not noted in the audit trail", "request", requestID(c), "cause", err)
	}
}

// classify finds the refusal in an error. Echo's own errors become refusals
// too; everything else is ours, and is logged with its cause.
func (s *Server) classify(err error, c echo.Context) *models.Error {
	if refusal := models.Refusal(err); refusal != nil && refusal.Kind != models.Internal {
		return refusal
	}
	var edge *echo.HTTPError
	if errors.As(err, &edge) && edge.Code < 500 {
		c.Set(api.StatusKey, edge.Code)
		return edgeRefusal(edge.Code)
	}
	if errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
		return models.Busy("The connection was closed before the answer was ready.", time.Second)
	}
	s.Log.Error("request failed", "request", requestID(c), "route", c.Path(), "error", err)
	return &models.Error{Kind: models.Internal, Message: "Something went wrong on our side. Try again; if it happens again, give your administrator this reference: " + requestID(c)}
}

func edgeRefusal(code int) *models.Error {
	switch code {
	case http.StatusNotFound:
		return &models.Error{Kind: models.NotFound, Message: "There is nothing at this address. The thing may have been removed, or the address has a typo."}
	case http.StatusMethodNotAllowed:
		return &models.Error{Kind: models.Invalid, Message: "This address does not answer that method."}
	case http.StatusRequestEntityTooLarge:
		return &models.Error{Kind: models.Invalid, Message: "The request is too large. Send at most 64 KB."}
	}
	return &models.Error{Kind: models.Invalid, Message: "The request could not be read."}
}

// pageStatus is the status of each kind on pages; handlers/api has its own.
var pageStatus = map[models.Kind]int{
	models.Invalid: http.StatusUnprocessableEntity, models.Unauthenticated: http.StatusUnauthorized,
	models.Forbidden: http.StatusForbidden, models.NotFound: http.StatusNotFound, models.Conflict: http.StatusConflict,
	models.TooMany: http.StatusTooManyRequests, models.Unavailable: http.StatusServiceUnavailable,
}

// pageTitle says in a few words what happened.
var pageTitle = map[models.Kind]string{
	models.Invalid: "That did not work", models.Forbidden: "You may not do this", models.NotFound: "We could not find that page",
	models.Conflict: "Somebody was faster", models.TooMany: "Slow down for a moment", models.Unavailable: "Keyport is busy",
}

func showError(c echo.Context, refusal *models.Error) error {
	props := views.ErrorPage{Status: http.StatusInternalServerError, Title: "Something went wrong", Text: refusal.Message,
		HomePath: handlers.KeysPath, HomeLabel: "Go to My API Keys", Reference: requestID(c)}
	if status, ok := pageStatus[refusal.Kind]; ok {
		props.Status, props.Title = status, pageTitle[refusal.Kind]
	}
	if status, ok := c.Get(api.StatusKey).(int); ok {
		props.Status = status
	}
	component := views.ErrorDocument(props)
	if handlers.WantsFragment(c.Request()) {
		component = views.ErrorNotice(props)
	}
	return send(c, props.Status, component)
}

func send(c echo.Context, status int, component templ.Component) error {
	var page bytes.Buffer
	if err := component.Render(c.Request().Context(), &page); err != nil {
		return err
	}
	return c.HTMLBlob(status, page.Bytes())
}

// askToSignIn leads to the sign-in page and back. Only a page can be returned
// to: the address of a form that was sent is left out.
func askToSignIn(c echo.Context) error {
	to := handlers.SignInPath
	r := c.Request()
	switch {
	case handlers.WantsFragment(r):
		if page, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && page.Path != "" {
			to += "?return=" + url.QueryEscape(page.RequestURI())
		}
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusUnauthorized)
	case r.Method == http.MethodGet:
		to += "?return=" + url.QueryEscape(r.URL.RequestURI())
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func requestID(c echo.Context) string { return models.RequestFrom(c.Request().Context()).ID }
