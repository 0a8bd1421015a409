package handlers

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// TeamsPath is Configuration → Teams.
const TeamsPath = "/configuration/teams"

// Teams serves the teams: the list, New team, a team with its members, and its
// deletion.
type Teams struct {
	Store    *store.Store
	Sessions Sessions
}

func teamPath(id int64) string { return TeamsPath + "/" + models.Team{ID: id}.PublicID() }

// teamID reads the id in the path; one that can't be is nobody's.
func teamID(c echo.Context) (int64, error) {
	id, ok := models.ParseTeamID(c.Param("id"))
	if !ok {
		return 0, models.Missing("team")
	}
	return id, nil
}

// Index shows the list.
func (h *Teams) Index(c echo.Context) error {
	teams, err := h.Store.Teams(c.Request().Context())
	if err != nil {
		return err
	}
	props := views.TeamList{Shell: shellOf(c, "Teams", views.AreaConfiguration, TeamsPath)}
	if models.ActorFrom(c.Request().Context()).May(models.TeamEdit) {
		props.NewPath = TeamsPath + "/new"
	}
	for _, team := range teams {
		props.Rows = append(props.Rows, views.TeamRow{Name: team.Name, Description: team.Description, BuiltIn: team.BuiltIn != "",
			Members: membersOf(team), Permissions: rights(team.Permissions), Path: teamPath(team.ID)})
	}
	return render(c, http.StatusOK, views.TeamsPage(props))
}

func membersOf(team models.Team) string {
	if team.BuiltIn == models.Everyone {
		return "All " + count(team.Members, "user")
	}
	return count(team.Members, "member")
}

// rights sums up a set of permissions in a line.
func rights(p models.PermissionSet) string {
	switch p {
	case 0:
		return "None"
	case models.AllPermissions:
		return "All"
	}
	var names []string
	for _, name := range p.Names() {
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}

// New shows the form.
func (h *Teams) New(c echo.Context) error {
	return render(c, http.StatusOK, views.NewTeamPage(newTeamForm(c, teamForm{Preset: presetNone}, nil)))
}

// Create makes the team and leads to its page, where members are added.
func (h *Teams) Create(c echo.Context) error {
	form := readTeamForm(c)
	team, err := h.Store.CreateTeam(c.Request().Context(), form.wish())
	if models.KindOf(err) == models.Invalid {
		props := newTeamForm(c, form, models.Refusal(err))
		return renderEither(c, http.StatusUnprocessableEntity,
			func() templ.Component { return views.NewTeamPage(props) },
			func() templ.Component { return views.NewTeamMain(props) })
	}
	if err != nil {
		return err
	}
	return h.backTo(c, teamPath(team.ID), views.Notice{Tone: views.ToneOK, Title: "The team " + team.Name + " is created", Text: "Add its members now."})
}

// Show shows a team.
func (h *Teams) Show(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	return h.show(c, id, http.StatusOK, teamState{})
}

// Update saves the details of a team. Whoever saves later than somebody else is
// told.
func (h *Teams) Update(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	form := readTeamForm(c)
	team, err := h.Store.ChangeTeam(c.Request().Context(), id, models.TeamChange{NewTeam: form.wish(), Version: form.Version})
	switch models.KindOf(err) {
	case models.Invalid:
		return h.show(c, id, http.StatusUnprocessableEntity, teamState{form: &form, refusal: models.Refusal(err)})
	case models.Conflict:
		return h.show(c, id, http.StatusConflict, teamState{form: &form, refusal: models.Refusal(err)})
	}
	if err != nil {
		return err
	}
	return h.backTo(c, teamPath(id), views.Notice{Tone: views.ToneOK, Title: "The team " + team.Name + " is saved", Text: "Its members have these permissions from now on."})
}

// AskDelete shows what deleting a team will do: as a dialog for htmx, as a page
// otherwise.
func (h *Teams) AskDelete(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	team, err := h.Store.Team(ctx, id)
	if err == nil {
		err = models.MayDeleteTeam(team, models.ActorFrom(ctx))
	}
	if err != nil {
		return err
	}
	props := views.TeamDeletion{
		Shell: shellOf(c, "Delete "+team.Name, views.AreaConfiguration, TeamsPath),
		Name:  team.Name, Members: membersOf(team), Rights: rights(team.Permissions),
		Path: teamPath(id) + "/deletion", BackPath: teamPath(id), ListPath: TeamsPath,
	}
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.TeamDeletionPage(props) },
		func() templ.Component { return views.TeamDeletionFragment(props) })
}

// Delete removes a team. One that owns service accounts stays, and its page says
// why.
func (h *Teams) Delete(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	team, err := h.Store.DeleteTeam(c.Request().Context(), id)
	if models.KindOf(err) == models.Conflict {
		return h.backTo(c, teamPath(id), views.Notice{Tone: views.ToneWarn, Title: "The team was not deleted", Text: models.Refusal(err).Message})
	}
	if err != nil {
		return err
	}
	return h.backTo(c, TeamsPath, views.Notice{Tone: views.ToneOK, Title: "The team " + team.Name + " is deleted", Text: "What only this team allowed is refused from now on."})
}

func (h *Teams) backTo(c echo.Context, path string, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, path)
}
