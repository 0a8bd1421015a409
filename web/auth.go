package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// zoneCookie is where the portal's script notes the browser's time zone.
const zoneCookie = "keyport_zone"

// loadSession recognises a person by the cookie and hands the handlers what
// they need of the visit. It lets everybody pass.
func (s *Server) loadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		session, err := s.sessions.Get(r, s.sessions.name)
		if err != nil {
			return err
		}
		visit := handlers.Visit{BrowserZone: browserZone(r)}
		if !session.IsNew {
			visit.CSRF = csrfToken(session.ID)
			visit.TakeFlash = s.takeFlash(sessionDigest(session.ID))
			if err := s.touch(r.Context(), session); err != nil {
				return err
			}
			setActor(c, sessionActor(r.Context(), session))
		}
		handlers.SetVisit(c, visit)
		return next(c)
	}
}

// touch notes that the session is in use, unless that was noted a moment ago:
// reading a page must not cost a write.
func (s *Server) touch(ctx context.Context, session *sessions.Session) error {
	row, _ := session.Values[valueSession].(models.Session)
	if s.Store.Now().Sub(row.SeenAt) < models.SessionSeen {
		return nil
	}
	return s.Store.TouchSession(ctx, row.Digest)
}

func sessionActor(ctx context.Context, session *sessions.Session) *models.Actor {
	row, _ := session.Values[valueSession].(models.Session)
	user, _ := session.Values[valueUser].(models.User)
	facts := models.RequestFrom(ctx)
	return &models.Actor{User: user, Via: models.ViaSession, SessionDigest: row.Digest, SignedInAt: row.SignedInAt,
		Address: facts.Address, UserAgent: facts.UserAgent, RequestID: facts.ID}
}

func (s *Server) takeFlash(digest []byte) func(context.Context) *views.Notice {
	return func(ctx context.Context) *views.Notice {
		text, err := s.Store.TakeFlash(ctx, digest)
		if err != nil {
			s.Log.Warn("notice of the last request is lost", "error", err)
			return nil
		}
		var n views.Notice
		if text == "" || json.Unmarshal([]byte(text), &n) != nil {
			return nil
		}
		return &n
	}
}

func browserZone(r *http.Request) string {
	cookie, err := r.Cookie(zoneCookie)
	if err != nil {
		return ""
	}
	zone, _ := url.QueryUnescape(cookie.Value)
	return zone
}

// loadAPIKey recognises the holder of a key. Without a credential a request
// goes on anonymously; with a wrong one it is refused, also where anonymous
// ones are served, so that a broken key never looks like a working one.
func (s *Server) loadAPIKey(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		presented, given := credential(r.Header)
		if !given {
			return next(c)
		}
		user, key, err := s.Store.Authenticate(r.Context(), presented)
		if err != nil {
			return err
		}
		facts := models.RequestFrom(r.Context())
		s.Store.Seen(key.ID, facts.Address, s.Store.Now())
		setActor(c, &models.Actor{User: user, Via: models.ViaKey,
			Key:     &models.ActorKey{ID: key.ID, Purpose: key.Purpose, Prefix: key.Prefix, Created: key.CreatedAt, Expires: key.ExpiresAt},
			Address: facts.Address, UserAgent: facts.UserAgent, RequestID: facts.ID})
		return next(c)
	}
}

// credential returns the one key that a request presents. Empty headers count
// as absent: Octopus's JavaScript client sends one when it has no key. Two
// different credentials are refused, because a proxy may have checked or
// logged the other one.
func credential(h http.Header) (presented string, given bool) {
	for _, value := range append(h.Values("X-Octopus-ApiKey"), bearer(h)...) {
		if value == "" || given && value == presented {
			continue
		}
		if given {
			return "", true
		}
		presented, given = value, true
	}
	return presented, given
}

func bearer(h http.Header) []string {
	var tokens []string
	for _, value := range h.Values("Authorization") {
		if scheme, token, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	return tokens
}

// setActor puts who is asking where the store and templ find it.
func setActor(c echo.Context, a *models.Actor) {
	c.SetRequest(c.Request().WithContext(models.WithActor(c.Request().Context(), a)))
}

// requirePerson lets in who is signed in with a browser.
func requirePerson(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if a := models.ActorFrom(c.Request().Context()); a == nil || a.Via != models.ViaSession {
			return models.Unauthorized()
		}
		return next(c)
	}
}

// requireActor lets in whoever presented a valid credential.
func requireActor(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if models.ActorFrom(c.Request().Context()) == nil {
			return models.Unauthorized()
		}
		return next(c)
	}
}

// requirePermission lets in who holds a right. The operations behind ask again:
// this only keeps people away from pages that would refuse every button.
func requirePermission(p models.Permission) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !models.ActorFrom(c.Request().Context()).May(p) {
				return models.Denied("You may not open this page: it needs the permission " + string(p) + ". An administrator can give it to you.")
			}
			return next(c)
		}
	}
}
