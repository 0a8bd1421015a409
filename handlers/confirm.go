package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// ConfirmField is the input in which the page that asks carries the form along.
const ConfirmField = "confirm_form"

// Confirm asks people whose sign-in is old who they are, before something that
// hands out access is done.
type Confirm struct {
	Store *store.Store
	Party Party
	Ways  views.SignInWays
}

// Fresh reports whether the sign-in of the request is young enough.
func (h *Confirm) Fresh(c echo.Context) bool {
	actor := models.ActorFrom(c.Request().Context())
	return actor != nil && h.Store.Now().Sub(actor.SignedInAt) < models.FreshSignIn
}

// Waiting reports that the request comes from the page that asks, with a form
// that must not get lost: in another window the person has just confirmed.
func (h *Confirm) Waiting(c echo.Context) bool {
	form, err := c.FormParams()
	return err == nil && form.Has(ConfirmField)
}

// Prove asks for proof, or judges the proof that came. When it returns true,
// the request holds the form as it was first sent; otherwise it has been
// answered.
func (h *Confirm) Prove(c echo.Context) (proven bool, err error) {
	r := c.Request()
	form, err := c.FormParams()
	if err != nil {
		return false, models.InvalidField("", "The form could not be read. Open it again.")
	}
	if !form.Has(ConfirmField) {
		kept, err := h.Store.KeepForm(r.Context(), r.URL.Path, sent(r.PostForm))
		if err != nil {
			return false, err
		}
		return false, h.ask(c, http.StatusUnprocessableEntity, kept, nil)
	}
	values, err := h.Store.KeptForm(r.Context(), r.URL.Path, form.Get(ConfirmField))
	if err != nil {
		return false, err
	}
	err = h.judge(c)
	switch models.KindOf(err) {
	case models.Invalid:
		return false, h.ask(c, http.StatusUnprocessableEntity, form.Get(ConfirmField), models.Refusal(err))
	case models.TooMany:
		retryAfter(c, models.Refusal(err))
		return false, h.ask(c, http.StatusTooManyRequests, form.Get(ConfirmField), models.Refusal(err))
	}
	if err != nil {
		return false, err
	}
	restore(r, values)
	return true, nil
}

// sent is a form without the token of the session, which changes meanwhile.
func sent(form url.Values) url.Values {
	values := url.Values{}
	for name, value := range form {
		if name != "csrf" {
			values[name] = value
		}
	}
	return values
}

// restore gives a request the form that it first had.
func restore(r *http.Request, values url.Values) {
	r.PostForm = values
	r.Form = url.Values{}
	for _, from := range []url.Values{values, r.URL.Query()} {
		for name, value := range from {
			r.Form[name] = append(r.Form[name], value...)
		}
	}
}

func (h *Confirm) judge(c echo.Context) error {
	ctx := c.Request().Context()
	if answer, given := passkeyAnswer(c); given && h.Party != nil {
		return h.Store.ConfirmPasskey(ctx, *h.Party, answer)
	}
	if form := c.Request().PostForm; form.Has("confirm_code") {
		return h.Store.ConfirmCode(ctx, form.Get("confirm_code"))
	}
	return h.Store.ConfirmPassword(ctx, c.FormValue("confirm_password"))
}

// ask shows the page. It stands at the address that the form was sent to: from
// there it goes on when the proof is right.
func (h *Confirm) ask(c echo.Context, status int, kept string, refusal *models.Error) error {
	means, err := h.Store.MySignInMeans(c.Request().Context())
	if err != nil {
		return err
	}
	area := views.AreaProfile
	path := c.Request().URL.Path
	if strings.HasPrefix(path, "/configuration") {
		area = views.AreaConfiguration
	}
	props := views.Confirm{Shell: shellOf(c, "Confirm it’s you", area, ""), Path: c.Request().URL.RequestURI(), Kept: kept,
		Passkeys: len(means.Passkeys) > 0 && h.Party != nil}
	if means.Password {
		props.Password = &views.Field{Name: "confirm_password", ID: "confirm-password", Label: "Your password", Type: "password", Required: true, Autocomplete: "current-password"}
	}
	if means.App != nil {
		code := codeField()
		code.Name, code.ID, code.Label = "confirm_code", "confirm-code", "Code from your authenticator app"
		props.Code = &code
	}
	props.Again = props.Password == nil && props.Code == nil && !props.Passkeys
	if h.Ways.SignOn != "" && (props.Again || h.Ways.LocalOff) {
		props.Again, props.SignOn, props.SignOnPath = false, h.Ways.SignOn, signOnAgain(c.Request())
	}
	if refusal != nil {
		h.explain(&props, refusal)
	}
	if WantsFragment(c.Request()) {
		c.Response().Header().Set("HX-Retarget", "#main")
		c.Response().Header().Set("HX-Reswap", "innerHTML show:window:top")
	}
	return renderEither(c, status,
		func() templ.Component { return views.ConfirmPage(props) },
		func() templ.Component { return views.ConfirmMain(props) })
}

func (h *Confirm) explain(props *views.Confirm, refusal *models.Error) {
	props.Shell.Title = "Error: " + props.Shell.Title
	if props.Password != nil {
		props.Password.Error = refusal.Problem("Password")
	}
	if props.Code != nil {
		props.Code.Error = refusal.Problem("Code")
	}
	props.Problems = problemsFor(refusal, map[string]string{"Password": "confirm-password", "Code": "confirm-code"})
	if len(props.Problems) == 0 {
		props.Problems = []views.Problem{{Message: refusal.Message}}
	}
}

// PasskeyOptions begins a confirmation by passkey.
func (h *Confirm) PasskeyOptions(c echo.Context) error {
	if h.Party == nil {
		return echo.ErrNotFound
	}
	challenge, err := h.Store.ConfirmPasskeyOptions(c.Request().Context(), *h.Party)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, challenge)
}
