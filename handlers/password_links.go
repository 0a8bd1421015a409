package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// Addresses that one-time links lead to.
const (
	InvitationPath = "/invitation"
	ResetPath      = "/reset-password"
	ForgotPath     = "/forgot-password"
)

// Post is what handlers need of the mail. Its methods return at once, whatever
// has to be looked up and sent.
type Post interface {
	// Sends reports whether letters can be sent now.
	Sends(ctx context.Context) bool
	// TestMail sends a letter at once and says how that went.
	TestMail(ctx context.Context, to string) (models.MailTrial, error)
	// ForgotPassword mails a link to whoever a name or an address belongs to.
	ForgotPassword(ctx context.Context, login string)
	// PasswordLink mails a link to its person. It reports whether a letter goes
	// out.
	PasswordLink(ctx context.Context, link models.PasswordLink) bool
}

// ChoosePassword serves the page that one-time links of a kind lead to.
type ChoosePassword struct {
	Store    *store.Store
	Sessions Sessions
	Kind     models.LinkKind
	Mail     func(context.Context) bool // whether forgotten passwords can be asked for again
}

// Show shows the form, or that the link does not work. It uses nothing up: mail
// programs open links to look at them.
func (h *ChoosePassword) Show(c echo.Context) error {
	token := c.QueryParam("token")
	link, err := h.Store.PasswordLink(c.Request().Context(), h.Kind, token)
	if err != nil {
		return h.dead(c, err)
	}
	return render(c, http.StatusOK, views.ChoosePasswordPage(h.page(link, token, nil)))
}

// Update sets the password. A new person is signed in; who has replaced a
// password signs in with it, and with the second factor if there is one.
func (h *ChoosePassword) Update(c echo.Context) error {
	token := c.FormValue("token")
	user, err := h.choose(c, token)
	if models.KindOf(err) == models.Invalid {
		return h.repair(c, token, models.Refusal(err))
	}
	if err != nil {
		return h.dead(c, err)
	}
	if h.Kind == models.LinkPasswordReset {
		// The link has proved who it is; so the owner gets in also from a new
		// machine, while somebody hammers the name.
		if err := h.Sessions.Remember(c, user); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, SignInPath+"?notice=password-changed")
	}
	if err := h.Sessions.SignIn(c, user); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, homePath)
}

func (h *ChoosePassword) choose(c echo.Context, token string) (models.User, error) {
	ctx, password := c.Request().Context(), c.FormValue("password")
	if password != c.FormValue("again") {
		return models.User{}, models.InvalidField("Again", "The two passwords differ. Type the new password twice.")
	}
	return h.Store.ChoosePassword(ctx, h.Kind, token, password)
}

func (h *ChoosePassword) repair(c echo.Context, token string, refusal *models.Error) error {
	link, err := h.Store.PasswordLink(c.Request().Context(), h.Kind, token)
	if err != nil {
		return h.dead(c, err)
	}
	return render(c, http.StatusUnprocessableEntity, views.ChoosePasswordPage(h.page(link, token, refusal)))
}

func (h *ChoosePassword) page(link models.PasswordLink, token string, refusal *models.Error) views.ChoosePassword {
	props := views.ChoosePassword{
		Title: "Welcome, " + link.User.Name(), Text: "Choose the password with which you sign in as " + link.User.Username + ".",
		Path: InvitationPath, Token: token, Username: link.User.Username, Submit: "Choose password and sign in",
		New:   views.Field{Name: "password", ID: "password", Label: "Password", Type: "password", Required: true, Autofocus: true, Autocomplete: "new-password", Hint: passwordHint},
		Again: views.Field{Name: "again", ID: "again", Label: "Password again", Type: "password", Required: true, Autocomplete: "new-password"},
	}
	if h.Kind == models.LinkPasswordReset {
		props.Title, props.Path, props.Submit = "Choose a new password", ResetPath, "Change password"
		props.Text = "For " + link.User.Name() + ", who signs in as " + link.User.Username + ". It signs you out everywhere; your API keys go on working."
	}
	if refusal != nil {
		props.New.Error, props.Again.Error = refusal.Problem("Password"), refusal.Problem("Again")
		props.Problems = problemsFor(refusal, passwordFieldIDs)
	}
	return props
}

// dead shows that a link does not work, the same whatever the reason.
func (h *ChoosePassword) dead(c echo.Context, err error) error {
	if models.KindOf(err) != models.NotFound {
		return err
	}
	props := views.DeadLink{Title: "This invitation does not work", Text: "An invitation works once, for 72 hours, and a newer one replaces it. Ask your administrator for a new one. If you have chosen a password already, sign in with it.",
		NextPath: SignInPath, NextAction: "Go to sign-in"}
	if h.Kind == models.LinkPasswordReset {
		props.Title, props.Text = "This link does not work", "A link for a new password works once, for an hour, and a newer one replaces it. Ask for a new one."
		if h.Mail(c.Request().Context()) {
			props.NextPath, props.NextAction = ForgotPath, "Ask for a new link"
		}
	}
	return render(c, http.StatusNotFound, views.DeadLinkPage(props))
}

// Forgot serves people who have forgotten their password. While no mail can be
// sent, there is nothing at these addresses.
type Forgot struct {
	Post Post // nil where nothing is ever sent
}

func (h *Forgot) closed(c echo.Context) bool {
	return h.Post == nil || !h.Post.Sends(c.Request().Context())
}

// Show asks who it is.
func (h *Forgot) Show(c echo.Context) error {
	if h.closed(c) {
		return echo.ErrNotFound
	}
	return render(c, http.StatusOK, views.ForgotPage(forgotPage("", nil)))
}

// Create hands the question to the post. Neither the answer nor the time for it
// depends on whether there is such a person, since nobody has looked yet.
func (h *Forgot) Create(c echo.Context) error {
	if h.closed(c) {
		return echo.ErrNotFound
	}
	login, problem := models.CleanText(c.FormValue("login"), "The user name or e-mail address", models.MaxEmail)
	if problem == "" && login == "" {
		problem = "Enter your user name or your e-mail address."
	}
	if problem != "" {
		refusal := models.InvalidField("Login", problem)
		return render(c, http.StatusUnprocessableEntity, views.ForgotPage(forgotPage(login, refusal)))
	}
	h.Post.ForgotPassword(c.Request().Context(), login)
	return c.Redirect(http.StatusSeeOther, ForgotPath+"/sent")
}

// Sent says what happens next, to everybody the same.
func (h *Forgot) Sent(c echo.Context) error {
	if h.closed(c) {
		return echo.ErrNotFound
	}
	return render(c, http.StatusOK, views.ForgotSentPage())
}

func forgotPage(login string, refusal *models.Error) views.Forgot {
	props := views.Forgot{Login: views.Field{Name: "login", ID: "login", Label: "User name or e-mail", Type: "text", Value: login, Required: true,
		Autofocus: true, MaxLength: models.MaxEmail, Autocomplete: "username"}}
	if refusal != nil {
		props.Login.Error = refusal.Problem("Login")
		props.Problems = problemsFor(refusal, map[string]string{"Login": "login"})
	}
	return props
}
