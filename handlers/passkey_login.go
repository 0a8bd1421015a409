package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// PasskeySignInPath is where a browser signs in by passkey alone.
const PasskeySignInPath = SignInPath + "/passkey"

const noPasskeysHere = "Passkeys work only where Keyport is reached by HTTPS and a host name, not by a bare IP address. Ask an administrator."

// PasskeyOptions begins a sign-in by passkey. It stores nothing, since anybody
// may ask.
func (h *Login) PasskeyOptions(c echo.Context) error {
	if h.Party == nil {
		return echo.ErrNotFound
	}
	challenge, err := h.Store.AskForPasskey(*h.Party)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, challenge)
}

// CreateByPasskey signs a person in by passkey.
func (h *Login) CreateByPasskey(c echo.Context) error {
	answer, given := passkeyAnswer(c)
	if h.Party == nil {
		return echo.ErrNotFound
	}
	back := c.FormValue("return")
	if !given {
		return c.Redirect(http.StatusSeeOther, SignInPath)
	}
	user, err := h.Store.SignInWithPasskey(c.Request().Context(), *h.Party, answer)
	if models.KindOf(err) == models.Invalid {
		props := h.page(c, back, "")
		props.Notice = &views.Notice{Tone: views.ToneBad, Title: "Could not sign in", Text: "The passkey is not known here, or the account can't sign in. Try another one, or use your password."}
		return render(c, http.StatusUnprocessableEntity, views.SignInPage(props))
	}
	if err != nil {
		return err
	}
	return signIn(c, h.Store, h.Sessions, user, back)
}

// slowed shows the sign-in page with how long to wait.
func (h *Login) slowed(c echo.Context, refusal *models.Error, back, username string) error {
	retryAfter(c, refusal)
	props := h.page(c, back, username)
	props.Notice = &views.Notice{Tone: views.ToneWarn, Title: "Too many attempts", Text: "Try again in " + models.WaitWords(refusal.RetryAfter) + "."}
	return render(c, http.StatusTooManyRequests, views.SignInPage(props))
}

// retryAfter tells programs how long to wait, in whole seconds.
func retryAfter(c echo.Context, refusal *models.Error) {
	c.Response().Header().Set("Retry-After", strconv.Itoa(int((refusal.RetryAfter+time.Second-1)/time.Second)))
}

// signIn starts the session of somebody who has proved who they are, and leaves
// what they must be told.
func signIn(c echo.Context, s *store.Store, sessions Sessions, user models.User, back string) error {
	if err := sessions.SignIn(c, user); err != nil {
		return err
	}
	return goOn(c, s, sessions, user, back)
}

// goOn leads a person who has just signed in to where they wanted.
func goOn(c echo.Context, s *store.Store, sessions Sessions, user models.User, back string) error {
	note, err := s.TakeSignInNote(c.Request().Context(), user.ID)
	if err != nil {
		return err
	}
	if note == store.NoteSecondFactorRemoved {
		notice := views.Notice{Tone: views.ToneWarn, Title: "The second step of your sign-in was removed", Text: "An administrator has removed your authenticator app, passkeys and recovery codes. If you did not ask for that, tell them. You can add new ones under Profile, Sign-in."}
		if err := sessions.Flash(c, notice); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, LocalPath(back))
}
