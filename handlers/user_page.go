package handlers

import (
	"errors"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// userForm is what is known of a user as it was typed.
type userForm struct {
	Version                      int64
	Username, DisplayName, Email string
	IsService                    bool
	OwnerTeam                    string // "Teams-3", "" for none
}

func readUserForm(c echo.Context) userForm {
	version, _ := strconv.ParseInt(c.FormValue("version"), 10, 64)
	return userForm{Version: version, Username: c.FormValue("username"), DisplayName: c.FormValue("display_name"), Email: c.FormValue("email"),
		IsService: c.FormValue("service") == "on", OwnerTeam: c.FormValue("owner_team")}
}

func formOfUser(u models.User) userForm {
	f := userForm{Version: u.Version, Username: u.Username, DisplayName: u.DisplayName, Email: u.Email, IsService: u.IsService}
	if u.OwnerTeamID != nil {
		f.OwnerTeam = models.Team{ID: *u.OwnerTeamID}.PublicID()
	}
	return f
}

func (f userForm) ownerTeam() (*int64, error) {
	if f.OwnerTeam == "" {
		return nil, nil
	}
	id, ok := models.ParseTeamID(f.OwnerTeam)
	if !ok {
		return nil, models.InvalidField("OwnerTeam", "This team does not exist any more. Choose another one.")
	}
	return &id, nil
}

// userFieldIDs are the inputs that problems point at.
var userFieldIDs = map[string]string{"Username": "username", "DisplayName": "display_name", "EmailAddress": "email", "OwnerTeam": "owner_team"}

// form shows the form New user: empty at first, or as it was typed with what is
// wrong.
func (h *Users) form(c echo.Context, f userForm, refusal *models.Error) (views.UserForm, error) {
	props := userFields(f, refusal)
	props.Shell = shellOf(c, "New user", views.AreaConfiguration, UsersPath)
	props.Path, props.ListPath, props.Version = UsersPath, UsersPath, ""
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	var err error
	props.Teams, err = h.teams(c, f.OwnerTeam)
	return props, err
}

func userFields(f userForm, refusal *models.Error) views.UserForm {
	props := views.UserForm{
		Version: strconv.FormatInt(f.Version, 10), IsService: f.IsService,
		Username: views.Field{Name: "username", ID: "username", Label: "User name", Type: "text", Value: f.Username, Required: true, MaxLength: models.MaxUsername,
			Autocomplete: "off", Hint: "Letters A to Z, digits, blanks and punctuation. People sign in with it, and it stands in the audit trail."},
		DisplayName: views.Field{Name: "display_name", ID: "display_name", Label: "Display name", Type: "text", Value: f.DisplayName, MaxLength: models.MaxDisplayName,
			Autocomplete: "off", Hint: "What people call the user. Empty for the user name."},
		Email: views.Field{Name: "email", ID: "email", Label: "E-mail", Type: "email", Value: f.Email, MaxLength: models.MaxEmail, Autocomplete: "off"},
		OwnerTeam: views.Field{Name: "owner_team", ID: "owner_team", Label: "Owner team",
			Hint: "Its members create and revoke the API keys of this account without being administrators."},
	}
	if refusal != nil {
		props.Username.Error, props.DisplayName.Error = refusal.Problem("Username"), refusal.Problem("DisplayName")
		props.Email.Error, props.OwnerTeam.Error = refusal.Problem("EmailAddress"), refusal.Problem("OwnerTeam")
		props.Problems, props.Title = problemsFor(refusal, userFieldIDs), "Nothing was saved"
		if len(props.Problems) == 0 {
			props.Problems = []views.Problem{{Message: refusal.Message}}
		}
	}
	return props
}

// teams are those that can own a service account.
func (h *Users) teams(c echo.Context, chosen string) ([]views.Option, error) {
	teams, err := h.Store.Teams(c.Request().Context())
	options := []views.Option{{Label: "No team", Selected: chosen == ""}}
	for _, team := range teams {
		if team.MayOwnAccounts() {
			options = append(options, views.Option{Value: team.PublicID(), Label: team.Name, Selected: team.PublicID() == chosen})
		}
	}
	return options, err
}

// page shows a user with what the actor may do.
func (h *Users) page(c echo.Context, user models.UserSummary, f userForm, refusal *models.Error) (views.UserPage, error) {
	ctx := c.Request().Context()
	actor := models.ActorFrom(ctx)
	props := views.UserPage{Shell: shellOf(c, user.Name(), views.AreaConfiguration, UsersPath), ListPath: UsersPath, Name: user.Name()}
	if !user.IsActive {
		props.Receipt = userPath(user.ID) + "/receipt"
	}
	props.History, props.Deeds = history(c, models.ParamDocument, user.PublicID()), history(c, models.ParamPerson, user.PublicID())
	var err error
	if props.Facts, err = h.facts(c, user); err != nil {
		return props, err
	}
	if err := models.MayChangeUser(user.User, actor); err != nil {
		if actor.May(models.UserEdit) {
			props.Note = &views.Notice{Tone: views.ToneInfo, Title: "You can look, but not change", Text: models.Refusal(err).Message}
		}
		return props, nil
	}
	form := userFields(f, refusal)
	form.Shell, form.Path, form.ListPath = props.Shell, userPath(user.ID), UsersPath
	form.Version = strconv.FormatInt(user.Version, 10)
	if user.IsService {
		if form.Teams, err = h.teams(c, f.OwnerTeam); err != nil {
			return props, err
		}
	}
	if refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	props.Form = &form
	h.endings(&props, user, actor)
	if props.Link, err = personLinkSection(ctx, h.Store, user.User, props.Shell.CSRF); err != nil {
		return props, err
	}
	props.SecondFactor, err = secondFactorSection(c, h.Store, props.Shell, user.User)
	return props, err
}

// endings offers what can be done to end or bring back an account.
func (h *Users) endings(props *views.UserPage, user models.UserSummary, actor *models.Actor) {
	if refusal := models.Refusal(models.MayStopUser(user.User, actor)); refusal != nil {
		props.Stop = refusal.Message
		return
	}
	props.DeletePath = userPath(user.ID) + "/deletion"
	if user.IsActive {
		props.StopPath = userPath(user.ID) + "/deactivation"
	} else {
		props.Start = userPath(user.ID) + "/activation"
	}
}

func (h *Users) facts(c echo.Context, user models.UserSummary) (views.UserFacts, error) {
	zone, now := zoneOf(c), h.Store.Now()
	facts := views.UserFacts{
		Username: user.Username, Email: user.Email, Service: user.IsService, Off: !user.IsActive, SignIn: signInWords(user),
		Keys: count(user.LiveKeys, "live key"), KeysPath: userPath(user.ID) + "/apikeys", Since: onDay(user.CreatedAt, zone), Zone: zone.String(),
	}
	facts.Seen, facts.SeenMoment = seen(user, now, zone)
	if user.OwnerTeamID == nil {
		return facts, nil
	}
	team, err := h.Store.Team(c.Request().Context(), *user.OwnerTeamID)
	if kind := models.KindOf(err); errors.As(err, new(*models.Error)) && (kind == models.NotFound || kind == models.Forbidden) {
		return facts, nil // who may not see teams learns no name of one
	}
	facts.OwnerTeam = team.Name
	return facts, err
}

func signInWords(user models.UserSummary) string {
	switch {
	case user.IsService:
		return "Never, only API keys"
	case user.HasPassword:
		return "With a password"
	}
	return "No password yet"
}

// seen says when a user was last there, "" for never.
func seen(user models.UserSummary, now time.Time, zone *time.Location) (string, views.Moment) {
	if user.SeenAt == nil {
		return "", views.Moment{}
	}
	return ago(*user.SeenAt, now, zone), atMinute(*user.SeenAt, zone)
}
