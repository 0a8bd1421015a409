package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// Sessions is gorilla's sessions.Store over the sessions table. The cookie holds
// 256 random bits and the row their SHA-256, so that signing out ends a session
// on every replica and a copy of the table opens none. (The library's own
// cookie store can do neither: there the cookie is the session.)
type Sessions struct {
	store  *store.Store
	name   string
	device string // name of the cookie by which a browser is known again
	secure bool
}

// The values that a gorilla session of ours holds.
const (
	valueSession = "session" // models.Session
	valueUser    = "user"    // models.User
)

// NewSessions makes the store. Over https the cookie's name begins with
// __Host-, by which browsers promise that no other host has set it.
func NewSessions(s *store.Store, secure bool) *Sessions {
	name, device := "keyport", "keyport-device"
	if secure {
		name, device = "__Host-keyport", "__Host-keyport-device"
	}
	return &Sessions{store: s, name: name, device: device, secure: secure}
}

// Get returns the request's session, reading it once.
func (s *Sessions) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session that the cookie names. A cookie that is unreadable,
// unknown or over gives a fresh session: only a database that can't be asked is
// an error.
func (s *Sessions) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew, session.Options = true, s.options(0)
	cookies := r.CookiesNamed(name)
	if len(cookies) != 1 || len(cookies[0].Value) != base64.RawURLEncoding.EncodedLen(sessionIDSize) {
		return session, nil // none, or two of which one was planted
	}
	row, user, err := s.store.Session(r.Context(), sessionDigest(cookies[0].Value))
	switch kind := models.KindOf(err); {
	case err != nil && (kind == models.Unauthenticated || kind == models.NotFound):
		return session, nil
	case err != nil:
		return session, err
	}
	session.ID, session.IsNew = cookies[0].Value, false
	session.Values[valueSession], session.Values[valueUser] = row, user
	return session, nil
}

// Save writes the cookie of a session, or takes it back when MaxAge is negative.
// The row is written by SignIn and SignOut.
func (s *Sessions) Save(_ *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	value := session.ID
	if session.Options.MaxAge < 0 {
		value = ""
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), value, session.Options))
	return nil
}

// SignIn starts a session with a new id, whatever cookie the browser brought;
// a session that was there ends (session fixation).
func (s *Sessions) SignIn(c echo.Context, user models.User) error {
	return s.SignInAt(c, user, s.store.Now())
}

// SignInAt does the same for somebody who proved then who they are: an old proof
// opens the portal, but nothing that asks for a fresh one.
func (s *Sessions) SignInAt(c echo.Context, user models.User, at time.Time) error {
	session, err := s.Get(c.Request(), s.name)
	if err != nil {
		return err
	}
	if !session.IsNew {
		if err := s.store.EndSession(c.Request().Context(), sessionDigest(session.ID)); err != nil {
			return err
		}
	}
	now, facts := s.store.Now(), models.RequestFrom(c.Request().Context())
	if at.After(now) {
		at = now
	}
	session.ID, session.Options = newSessionID(), s.options(0)
	row := models.Session{Digest: sessionDigest(session.ID), UserID: user.ID, CreatedAt: now, SeenAt: now, SignedInAt: at,
		EndsAt: now.Add(models.SessionAbsolute), Address: facts.Address, UserAgent: facts.UserAgent}
	if err := s.store.StartSession(c.Request().Context(), row); err != nil {
		return err
	}
	session.IsNew = false
	session.Values[valueSession], session.Values[valueUser] = row, user
	if err := session.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return s.Remember(c, user)
}

// Remember makes the browser known as one in which the user has signed in. The
// cookie outlives the session and signs nobody in.
func (s *Sessions) Remember(c echo.Context, user models.User) error {
	value, err := s.store.RememberDevice(c.Request().Context(), user.ID)
	if err != nil || value == "" {
		return err
	}
	http.SetCookie(c.Response(), sessions.NewCookie(s.device, value, s.options(int(models.DeviceLife/time.Second))))
	return nil
}

// devices returns what the browser brings of earlier sign-ins.
func (s *Sessions) devices(r *http.Request) string {
	cookies := r.CookiesNamed(s.device)
	if len(cookies) != 1 {
		return "" // none, or two of which one was planted
	}
	return cookies[0].Value
}

// Renew gives a session a new id and notes that its person has just proved who
// they are.
func (s *Sessions) Renew(c echo.Context) (*sessions.Session, error) {
	session, err := s.Get(c.Request(), s.name)
	if err != nil {
		return nil, err
	}
	if session.IsNew {
		return nil, models.Unauthorized()
	}
	id := newSessionID()
	if err := s.store.RenewSession(c.Request().Context(), sessionDigest(id)); err != nil {
		return nil, err
	}
	session.ID, session.Options = id, s.options(0)
	row, user, err := s.store.Session(c.Request().Context(), sessionDigest(id))
	if err != nil {
		return nil, err
	}
	session.Values[valueSession], session.Values[valueUser] = row, user
	return session, session.Save(c.Request(), c.Response())
}

// SignOut ends the session and takes the cookie back.
func (s *Sessions) SignOut(c echo.Context) error {
	session, err := s.Get(c.Request(), s.name)
	if err != nil {
		return err
	}
	if !session.IsNew {
		if err := s.store.EndSession(c.Request().Context(), sessionDigest(session.ID)); err != nil {
			return err
		}
	}
	session.Options = s.options(-1)
	return session.Save(c.Request(), c.Response())
}

// Flash leaves a notice for the next page of the session.
func (s *Sessions) Flash(c echo.Context, n views.Notice) error {
	session, err := s.Get(c.Request(), s.name)
	if err != nil || session.IsNew {
		return err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return s.store.SetFlash(c.Request().Context(), sessionDigest(session.ID), string(text))
}

// options are those of the cookie. Its age is the browser session (0): the row
// decides how long a session lives.
func (s *Sessions) options(maxAge int) *sessions.Options {
	return &sessions.Options{Path: "/", MaxAge: maxAge, Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

const sessionIDSize = 32 // bytes

func newSessionID() string {
	id := make([]byte, sessionIDSize)
	rand.Read(id) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(id)
}

func sessionDigest(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:]
}

// csrfToken is what the forms of a session carry. It follows from the id, which
// only the cookie holds, so it needs no column and dies with the session.
func csrfToken(sessionID string) string {
	h := hmac.New(sha256.New, []byte(sessionID))
	h.Write([]byte("keyport-form-token"))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
