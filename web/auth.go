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
	"github.com/keyport/keyport/handlers/api"
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
		if session.IsNew {
			handlers.SetVisit(c, handlers.Visit{BrowserZone: browserZone(r)})
			return next(c)
		}
		if err := s.touch(r.Context(), session); err != nil {
			return err
		}
		s.recognise(c, session)
		return next(c)
	}
}

// recognise hands the handlers the person of a session and what they need of
// the visit.
func (s *Server) recognise(c echo.Context, session *sessions.Session) {
	r := c.Request()
	setActor(c, sessionActor(r.Context(), session))
	handlers.SetVisit(c, handlers.Visit{BrowserZone: browserZone(r),
		CSRF: csrfToken(session.ID), TakeFlash: s.takeFlash(sessionDigest(session.ID))})
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

// loadAPIKey recognises the holder of a key or access token. Without a credential a request
// goes on anonymously; with a wrong one it is refused, also where anonymous
// ones are served, so that a broken key never looks like a working one.
func (s *Server) loadAPIKey(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		presented, given := s.credential(r)
		if !given {
			return next(c)
		}
		if isToken(r, presented) {
			if err := s.loadToken(c, presented); err != nil {
				return err
			}
			return next(c)
		}
		user, key, err := s.authenticate(r.Context(), presented)
		if err == nil {
			err = s.fromItsNetworks(r, key)
		}
		if err != nil {
			return s.countBadKey(r.Context(), presented, err)
		}
		facts := models.RequestFrom(r.Context())
		s.Store.Seen(key.ID, facts.Address, facts.UserAgent, s.Store.Now())
		setActor(c, &models.Actor{User: user, Via: models.ViaKey,
			Key:     key.Acting(),
			Address: facts.Address, UserAgent: facts.UserAgent, RequestID: facts.ID})
		api.AnnounceExpiry(c, s.Store.Now())
		if err := withinAccess(c, key.Access); err != nil {
			return err
		}
		return next(c)
	}
}

// authenticate asks the database, unless somebody floods us with keys that nobody
// made.
func (s *Server) authenticate(ctx context.Context, presented string) (models.User, models.APIKey, error) {
	if s.badKeys.over(models.RequestFrom(ctx).Address) && s.Store.CertainlyUnknown(presented) {
		return models.User{}, models.APIKey{}, models.Unauthorized()
	}
	return s.Store.Authenticate(ctx, presented)
}

// credential returns the one key that a request presents. Empty headers count
// as absent: Octopus's JavaScript client sends one when it has no key. Two
// different credentials are refused, because a proxy may have checked or
// logged the other one.
func (s *Server) credential(r *http.Request) (presented string, given bool) {
	values := append(r.Header.Values("X-Octopus-ApiKey"), r.Header.Values("X-NuGet-ApiKey")...)
	values = append(values, bearer(r.Header)...)
	return onlyOne(append(values, s.keysInQuery(r)...))
}

// onlyOne returns the credential that all values are, "" when they differ.
func onlyOne(values []string) (presented string, given bool) {
	for _, value := range values {
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

// keysInQuery reads ?apikey=, which Octopus's older scripts send, unless it is
// switched off: an address ends up in more places than a header does.
func (s *Server) keysInQuery(r *http.Request) []string {
	if s.RefuseKeyInQuery || r.URL.RawQuery == "" {
		return nil
	}
	var keys []string
	for name, values := range r.URL.Query() {
		if strings.EqualFold(name, "apikey") {
			keys = append(keys, values...)
		}
	}
	return keys
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
