package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// MeansPath is Profile → Sign-in, the list of what a person signs in with.
const MeansPath = "/account/sign-in"

// appPath is where an authenticator app is set up.
const appPath = MeansPath + "/app"

// Means serves that page.
type Means struct {
	Store    *store.Store
	Sessions Sessions
	Party    Party
	Place    string // host name of the portal, by which apps tell several apart
}

// Show shows the page.
func (h *Means) Show(c echo.Context) error { return h.show(c, http.StatusOK, "", nil) }

func (h *Means) show(c echo.Context, status int, name string, refusal *models.Error) error {
	means, err := h.Store.MySignInMeans(c.Request().Context())
	if err != nil {
		return err
	}
	return render(c, status, views.SignInMeansPage(h.page(c, means, name, refusal)))
}

func (h *Means) page(c echo.Context, means models.SignInMeans, name string, refusal *models.Error) views.SignInMeans {
	zone, now := zoneOf(c), h.Store.Now()
	props := views.SignInMeans{
		Shell: shellOf(c, "Sign-in", views.AreaProfile, MeansPath), Zone: zone.String(),
		Name: views.Field{Name: "name", ID: "passkey-name", Label: "Name of the passkey", Type: "text", Value: name, MaxLength: models.MaxPasskeyName,
			Required: true, Autocomplete: "off", Hint: "By which you recognise it, such as the device that keeps it."},
	}
	if means.App != nil {
		since := onDay(*means.App, zone)
		props.AppSince = &since
	}
	for _, k := range means.Passkeys {
		row := views.PasskeyRow{Name: k.Name, Made: onDay(k.CreatedAt, zone), LastUsed: "Never used",
			RemovePath: MeansPath + "/passkeys/" + strconv.FormatInt(k.ID, 10) + "/removal"}
		if k.LastUsedAt != nil {
			row.LastUsed = "Last used " + lowerFirst(ago(*k.LastUsedAt, now, zone))
		}
		props.Passkeys = append(props.Passkeys, row)
	}
	if h.Party == nil {
		props.PasskeysOff = noPasskeysHere
	}
	if means.SecondFactor() {
		props.Codes, props.FewCodes = strconv.Itoa(means.RecoveryCodes)+" of "+strconv.Itoa(models.RecoveryCodes)+" are left", means.RecoveryCodes < 4
	}
	if means.Devices > 0 {
		props.Devices = count(means.Devices, "browser") + map[bool]string{true: " is known.", false: " are known."}[means.Devices == 1]
	}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.Name.Error = refusal.Problem("Name")
		props.Problems = problemsFor(refusal, map[string]string{"Name": "passkey-name"})
		if len(props.Problems) == 0 {
			props.Problems = []views.Problem{{Message: refusal.Message}}
		}
	}
	return props
}

func codesLeft(n int) string {
	switch n {
	case 0:
		return "None is left."
	case 1:
		return "One is left."
	}
	return strconv.Itoa(n) + " are left."
}

// StartApp makes a secret for an authenticator app.
func (h *Means) StartApp(c echo.Context) error {
	err := h.Store.StartTOTP(c.Request().Context())
	if models.KindOf(err) == models.Conflict {
		return h.back(c, views.Notice{Tone: views.ToneWarn, Title: "Nothing was changed", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	return seeOther(c, appPath)
}

// App shows the secret until a code of it was typed.
func (h *Means) App(c echo.Context) error { return h.app(c, http.StatusOK, nil) }

func (h *Means) app(c echo.Context, status int, refusal *models.Error) error {
	ctx := c.Request().Context()
	secret, err := h.Store.PendingTOTP(ctx)
	if err != nil {
		return err
	}
	if secret == nil {
		return seeOther(c, MeansPath)
	}
	code, err := views.NewQR(models.TOTPLink(secret, h.Place, models.ActorFrom(ctx).User.Username))
	if err != nil {
		return err
	}
	props := views.AppSetup{Shell: shellOf(c, "Set up an authenticator app", views.AreaProfile, MeansPath), QR: code, Secret: models.TOTPText(secret), Code: codeField()}
	props.Code.Hint = "Six digits."
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
		props.Code.Error = refusal.Problem("Code")
		props.Problems = problemsFor(refusal, map[string]string{"Code": "code"})
	}
	return render(c, status, views.AppSetupPage(props))
}

// ConfirmApp puts the app into use.
func (h *Means) ConfirmApp(c echo.Context) error {
	codes, err := h.Store.ConfirmTOTP(c.Request().Context(), c.FormValue("code"))
	switch models.KindOf(err) {
	case models.Invalid:
		return h.app(c, http.StatusUnprocessableEntity, models.Refusal(err))
	case models.Conflict:
		return h.back(c, views.Notice{Tone: views.ToneWarn, Title: "Nothing was changed", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	return h.added(c, "Your authenticator app is in use", codes)
}

// added ends the making of a second factor: with the recovery codes, if these
// are the first.
func (h *Means) added(c echo.Context, title string, codes []string) error {
	if len(codes) == 0 {
		return h.back(c, views.Notice{Tone: views.ToneOK, Title: title})
	}
	return h.codes(c, title+".", codes)
}

func (h *Means) codes(c echo.Context, title string, codes []string) error {
	props := views.RecoveryCodes{Shell: shellOf(c, "Recovery codes", views.AreaProfile, MeansPath), Title: title, Codes: codes}
	return render(c, http.StatusOK, views.RecoveryCodesPage(props))
}

// RemoveApp takes the app out of use.
func (h *Means) RemoveApp(c echo.Context) error {
	if err := h.Store.RemoveTOTP(c.Request().Context()); err != nil {
		return err
	}
	return h.back(c, views.Notice{Tone: views.ToneOK, Title: "The authenticator app is removed"})
}

// PasskeyOptions begins the making of a passkey.
func (h *Means) PasskeyOptions(c echo.Context) error {
	if h.Party == nil {
		return echo.ErrNotFound
	}
	challenge, err := h.Store.StartPasskey(c.Request().Context(), *h.Party)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, challenge)
}

// AddPasskey stores the passkey that the browser made.
func (h *Means) AddPasskey(c echo.Context) error {
	answer, given := passkeyAnswer(c)
	if h.Party == nil || !given {
		return h.back(c, views.Notice{Tone: views.ToneWarn, Title: "No passkey was added", Text: "Passkeys need JavaScript, and a browser that has them."})
	}
	name := c.FormValue("name")
	codes, err := h.Store.AddPasskey(c.Request().Context(), *h.Party, name, answer)
	if refusal := models.Refusal(err); refusal != nil && (refusal.Kind == models.Invalid || refusal.Kind == models.Conflict) {
		return h.show(c, http.StatusUnprocessableEntity, name, refusal)
	}
	if err != nil {
		return err
	}
	return h.added(c, "The passkey “"+strings.TrimSpace(name)+"” is added", codes)
}

// RemovePasskey removes a passkey.
func (h *Means) RemovePasskey(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return models.Missing("passkey")
	}
	removed, err := h.Store.RemovePasskey(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.back(c, views.Notice{Tone: views.ToneOK, Title: "The passkey “" + removed.Name + "” is removed", Text: "Remove it from the device that kept it as well."})
}

// RenewCodes replaces the recovery codes.
func (h *Means) RenewCodes(c echo.Context) error {
	codes, err := h.Store.RenewRecoveryCodes(c.Request().Context())
	if models.KindOf(err) == models.Conflict {
		return h.back(c, views.Notice{Tone: views.ToneWarn, Title: "No codes were made", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	return h.codes(c, "The old codes do not work any more.", codes)
}

// ForgetDevices makes all browsers strangers again.
func (h *Means) ForgetDevices(c echo.Context) error {
	forgotten, err := h.Store.ForgetMyDevices(c.Request().Context())
	if err != nil {
		return err
	}
	return h.back(c, views.Notice{Tone: views.ToneOK, Title: count(forgotten, "browser") + " forgotten"})
}

func (h *Means) back(c echo.Context, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, MeansPath)
}
