package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// SecondStepPath is the page after the password.
const SecondStepPath = SignInPath + "/second-step"

// Party is where passkeys are made for: nil where browsers offer none.
type Party = *models.RelyingParty

// SecondStep serves the second step of a sign-in. Between the steps the browser
// keeps a ticket, which proves the first one and opens nothing else.
type SecondStep struct {
	Store    *store.Store
	Sessions Sessions
	Party    Party
	Secure   bool // the portal is reached by https
}

// stepCookie is the cookie with the ticket.
func (h *SecondStep) stepCookie(value string, maxAge int) *http.Cookie {
	name := "keyport-step"
	if h.Secure {
		name = "__Host-keyport-step"
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, Secure: h.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// ticketAge is how long browsers keep a ticket, in seconds; the store decides
// how long it works.
const ticketAge = 600

func (h *SecondStep) ticket(c echo.Context) string {
	cookies := c.Request().CookiesNamed(h.stepCookie("", 0).Name)
	if len(cookies) != 1 {
		return "" // none, or two of which one was planted
	}
	return cookies[0].Value
}

// begin leads from the password to the second step.
func (h *SecondStep) begin(c echo.Context, ticket, back string) error {
	c.SetCookie(h.stepCookie(ticket, ticketAge))
	to := SecondStepPath
	if path := LocalPath(back); path != homePath {
		to += "?return=" + url.QueryEscape(path)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// Show shows the page.
func (h *SecondStep) Show(c echo.Context) error {
	return h.show(c, http.StatusOK, c.QueryParam("return"), nil)
}

func (h *SecondStep) show(c echo.Context, status int, back string, refusal *models.Error) error {
	means, err := h.Store.SecondStepMeans(c.Request().Context(), h.ticket(c))
	if err != nil {
		return h.refused(c, err)
	}
	props := views.SecondStep{App: means.App != nil, Passkeys: len(means.Passkeys) > 0 && h.Party != nil, Return: back, Code: codeField()}
	props.Code.Autofocus = props.App
	props.Code.Hint = "From your authenticator app, or one of your recovery codes."
	if !props.App {
		props.Code.Label, props.Code.Hint, props.Code.Autocomplete = "Recovery code", "One of the codes that you stored. Each works once.", "off"
	}
	if len(means.Passkeys) > 0 && h.Party == nil {
		props.PasskeysOff = noPasskeysHere
	}
	if refusal != nil {
		props.Code.Error = refusal.Problem("Code")
		props.Notice = &views.Notice{Tone: views.ToneBad, Title: "That did not work", Text: refusal.Message}
	}
	return render(c, status, views.SecondStepPage(props))
}

func codeField() views.Field {
	return views.Field{Name: "code", ID: "code", Label: "Code", Type: "text", Required: true, MaxLength: 40, Autocomplete: "one-time-code"}
}

// Create takes a code, or the answer of a passkey.
func (h *SecondStep) Create(c echo.Context) error {
	ctx, ticket, code := c.Request().Context(), h.ticket(c), c.FormValue("code")
	var user models.User
	var err error
	if answer, given := passkeyAnswer(c); given && h.Party != nil {
		user, err = h.Store.FinishWithPasskey(ctx, *h.Party, ticket, answer)
	} else {
		user, err = h.Store.FinishWithCode(ctx, ticket, code)
	}
	switch models.KindOf(err) {
	case models.Invalid:
		return h.show(c, http.StatusUnprocessableEntity, c.FormValue("return"), models.Refusal(err))
	case models.TooMany:
		retryAfter(c, models.Refusal(err))
		return h.show(c, http.StatusTooManyRequests, c.FormValue("return"), models.Refusal(err))
	}
	if err != nil {
		return h.refused(c, err)
	}
	c.SetCookie(h.stepCookie("", -1))
	if code != "" && !models.LooksLikeTOTP(code) {
		return h.signInByRecoveryCode(c, user)
	}
	return signIn(c, h.Store, h.Sessions, user, c.FormValue("return"))
}

// signInByRecoveryCode says how many codes are left, where more can be made.
func (h *SecondStep) signInByRecoveryCode(c echo.Context, user models.User) error {
	means, err := h.Store.SecondStepMeans(c.Request().Context(), h.ticket(c))
	if err != nil {
		return err
	}
	if err := h.Sessions.SignIn(c, user); err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneWarn, Title: "You have used a recovery code", Text: codesLeft(means.RecoveryCodes) + " Add a new app or passkey here if you have lost the old one."}
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, MeansPath)
}

// Options begins the second step by passkey.
func (h *SecondStep) Options(c echo.Context) error {
	if h.Party == nil {
		return echo.ErrNotFound
	}
	challenge, err := h.Store.SecondStepPasskey(c.Request().Context(), *h.Party, h.ticket(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, challenge)
}

// refused leads back to the first step when the ticket is over.
func (h *SecondStep) refused(c echo.Context, err error) error {
	if models.KindOf(err) != models.Unauthenticated {
		return err
	}
	c.SetCookie(h.stepCookie("", -1))
	return c.Redirect(http.StatusSeeOther, SignInPath+"?notice=second-step-over")
}

// passkeyAnswer reads what the script put into the form.
func passkeyAnswer(c echo.Context) (answer store.Answer, given bool) {
	answer = store.Answer{Token: c.FormValue("passkey_token"), Response: c.FormValue("passkey")}
	return answer, answer.Response != ""
}
