package handlers

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// MailSettingsPath is Configuration → Settings → SMTP.
const MailSettingsPath = "/configuration/settings/smtp"

// MailSettings serves the page with the mail server.
type MailSettings struct {
	Store     *store.Store
	Sessions  Sessions
	Post      Post                    // nil where this process sends nothing
	Fixed     *models.MailServer      // the environment's, which nobody can change here; nil for none
	CheckHost func(host string) error // refuses a host that is never going to be dialled
	NoLinks   bool                    // nobody said where people reach the portal
}

// Show shows the page.
func (h *MailSettings) Show(c echo.Context) error {
	stored, err := h.Store.MailSettings(c.Request().Context())
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.MailSettingsPage(h.page(c, stored, formOfMail(stored), nil)))
}

// Update saves the page.
func (h *MailSettings) Update(c echo.Context) error {
	if h.Fixed != nil {
		return models.Conflicted("The mail server is set where Keyport is started, by KEYPORT_SMTP_URL and KEYPORT_SMTP_FROM. Change it there.")
	}
	form := readMailForm(c)
	err := h.CheckHost(form.wish.Host)
	if err == nil {
		_, err = h.Store.SaveMailSettings(c.Request().Context(), form.wish)
	}
	switch models.KindOf(err) {
	case models.Invalid:
		return h.repair(c, form, models.Refusal(err), http.StatusUnprocessableEntity)
	case models.Conflict:
		return h.repair(c, form, models.Refusal(err), http.StatusConflict)
	}
	if err != nil {
		return err
	}
	notice := views.Notice{Tone: views.ToneOK, Title: "Settings saved", Text: "Letters go by this server from now on. Send a test mail to see whether they arrive."}
	if form.wish.Host == "" {
		notice.Text = "There is no mail server any more, so no mail is sent."
	}
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, MailSettingsPath)
}

// Test sends a letter by the mail server as it is saved, and says how that went.
func (h *MailSettings) Test(c echo.Context) error {
	to, problem := models.CleanEmail(c.FormValue("to"))
	switch {
	case problem == "" && to == "":
		problem = "Enter the address that the test mail goes to."
	case problem == "" && h.Post == nil:
		problem = "This Keyport sends no mail."
	}
	if problem != "" {
		form := mailForm{to: &to}
		return h.repair(c, form, models.InvalidField("To", problem), http.StatusUnprocessableEntity)
	}
	trial, err := h.Post.TestMail(c.Request().Context(), to)
	if err != nil {
		return err
	}
	if err := h.Store.RecordMailTrial(context.WithoutCancel(c.Request().Context()), to, trial); err != nil {
		return err
	}
	if err := h.Sessions.Flash(c, trialNotice(trial, to)); err != nil {
		return err
	}
	return seeOther(c, MailSettingsPath)
}

func trialNotice(trial models.MailTrial, to string) views.Notice {
	n := views.Notice{Tone: views.ToneOK, Title: "The mail server took the letter", Text: "It is on its way to " + to + "."}
	if !trial.Taken {
		n = views.Notice{Tone: views.ToneBad, Title: "The test mail did not go out", Text: trial.Problem}
	}
	if trial.Answer != "" {
		n.Text += " The server said: “" + trial.Answer + "”"
	}
	return n
}

// repair shows the form again. What was sent to test with stands beside the
// settings as they are saved.
func (h *MailSettings) repair(c echo.Context, form mailForm, refusal *models.Error, status int) error {
	stored, err := h.Store.MailSettings(c.Request().Context())
	if err != nil {
		return err
	}
	if form.to != nil {
		to := form.to
		form = formOfMail(stored)
		form.to = to
	}
	props := h.page(c, stored, form, refusal)
	return renderEither(c, status,
		func() templ.Component { return views.MailSettingsPage(props) },
		func() templ.Component { return views.MailSettingsMain(props) })
}

// mailFieldIDs are the inputs that problems point at.
var mailFieldIDs = map[string]string{"SmtpHost": "host", "SmtpPort": "port", "EnableSsl": "encryption-starttls", "SmtpLogin": "login",
	"SmtpPassword": "password", "SendEmailFrom": "sender", "Timeout": "timeout", "To": "to"}

func (h *MailSettings) page(c echo.Context, stored models.MailSettings, f mailForm, refusal *models.Error) views.MailSettings {
	props := views.MailSettings{Shell: shellOf(c, "SMTP", views.AreaConfiguration, MailSettingsPath), Path: MailSettingsPath, TestPath: MailSettingsPath + "/test",
		History: history(c, models.ParamDocument, models.MailSettingsID), Version: strconv.FormatInt(stored.Version, 10), NoLinks: h.NoLinks,
		CanTest: h.Post != nil && (h.Fixed != nil || stored.Chosen())}
	f.fields(&props, stored)
	if h.Fixed != nil {
		props.Fixed = factsOfMail(*h.Fixed)
	}
	in := h.Fixed
	if told := stored.Described(); in == nil && stored.Chosen() {
		in = &told
	}
	props.InClear = in != nil && !in.Encrypted()
	props.To = views.Field{Name: "to", ID: "to", Label: "Send it to", Type: "email", Value: ownEmail(c), MaxLength: models.MaxEmail, Required: true, Autocomplete: "email"}
	if f.to != nil {
		props.To.Value = *f.to
	}
	if refusal != nil {
		explainMail(&props, refusal, f.to != nil)
	}
	return props
}
