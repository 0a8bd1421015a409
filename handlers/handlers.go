// Package handlers serves the pages: each method reads a request, calls one
// operation of the store and renders one component. No rule lives here, and no
// SQL; what a handler can't repair it returns, and web/errors.go answers.
package handlers

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// Visit is what the edge knows of a page request besides the actor.
type Visit struct {
	CSRF        string // token that forms of this session carry
	BrowserZone string // IANA name as the browser reported it, unchecked
	// TakeFlash returns the notice that the request before left, once.
	TakeFlash func(context.Context) *views.Notice
}

const visitKey = "visit"

// SetVisit hands the facts of a visit to the handlers.
func SetVisit(c echo.Context, v Visit) { c.Set(visitKey, v) }

func visitOf(c echo.Context) Visit {
	v, _ := c.Get(visitKey).(Visit)
	return v
}

// Sessions is what handlers need of the session layer.
type Sessions interface {
	// SignIn starts a new session for the user, whatever was there before.
	SignIn(c echo.Context, user models.User) error
	// SignInAt does the same for somebody who proved then who they are.
	SignInAt(c echo.Context, user models.User, at time.Time) error
	// Remember makes the browser known as one of the user's, without signing in.
	Remember(c echo.Context, user models.User) error
	// SignOut ends the session of the request.
	SignOut(c echo.Context) error
	// Flash leaves a notice for the next page.
	Flash(c echo.Context, n views.Notice) error
}

// WantsFragment reports whether htmx asks for a part of the page. Boosted links
// and history restores want the whole page.
func WantsFragment(r *http.Request) bool {
	h := r.Header
	return h.Get("HX-Request") == "true" && h.Get("HX-Boosted") != "true" && h.Get("HX-History-Restore-Request") != "true"
}

// render sends a component. It is rendered into memory first: an error in the
// middle of a page must not leave half of it with status 200.
func render(c echo.Context, status int, component templ.Component) error {
	var page bytes.Buffer
	if err := component.Render(c.Request().Context(), &page); err != nil {
		return err
	}
	return c.HTMLBlob(status, page.Bytes())
}

// renderEither sends the whole page, or only the fragment when htmx asks.
func renderEither(c echo.Context, status int, page, fragment func() templ.Component) error {
	if WantsFragment(c.Request()) {
		return render(c, status, fragment())
	}
	return render(c, status, page())
}

// seeOther ends a POST. A plain browser is redirected; htmx, which would follow
// the redirect inside the fragment, is told to load the page.
func seeOther(c echo.Context, path string) error {
	if WantsFragment(c.Request()) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// shellOf builds what surrounds the content of a signed-in person's page.
func shellOf(c echo.Context, title string, area views.Area, page string) views.Shell {
	visit, actor := visitOf(c), models.ActorFrom(c.Request().Context())
	shell := views.Shell{Title: title, Area: area, Page: page, CSRF: visit.CSRF}
	if actor != nil {
		shell.User = personOf(actor.User)
		shell.Side, shell.Configuration = navigation(area, actor), configurationHome(actor)
	}
	if visit.TakeFlash != nil && !WantsFragment(c.Request()) {
		shell.Flash = visit.TakeFlash(c.Request().Context())
	}
	return shell
}

func personOf(u models.User) views.Person {
	return views.Person{Name: u.Name(), Username: u.Username, Email: u.Email, Initials: initials(u.Name())}
}

// initials returns the first letters of the first and last word of a name.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '.' || r == '-' || r == '_' || r == '@' })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	out := string(first)
	if len(words) > 1 {
		last, _ := utf8.DecodeRuneInString(words[len(words)-1])
		out += string(last)
	}
	return strings.ToUpper(out)
}

// problemsFor lists a refusal's problems for the summary of a form whose inputs
// are named by fieldIDs.
func problemsFor(refusal *models.Error, fieldIDs map[string]string) []views.Problem {
	problems := make([]views.Problem, 0, len(refusal.Problems))
	for _, p := range refusal.Problems {
		problems = append(problems, views.Problem{FieldID: fieldIDs[p.Field], Message: p.Message})
	}
	return problems
}

// attention is the title of an error summary.
func attention(n int) string {
	numbers := []string{"", "One thing needs", "Two things need", "Three things need", "Four things need"}
	if n < len(numbers) {
		return numbers[n] + " your attention"
	}
	return "Several things need your attention"
}
