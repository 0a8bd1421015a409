package handlers

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// teamState is what the page of a team shows besides what is stored: a form as
// it was typed, or a name that could not be added.
type teamState struct {
	form     *teamForm
	username string
	refusal  *models.Error
}

func (h *Teams) show(c echo.Context, id int64, status int, state teamState) error {
	team, err := h.Store.Team(c.Request().Context(), id)
	if err != nil {
		return err
	}
	props, err := h.page(c, team, state)
	if err != nil {
		return err
	}
	return renderEither(c, status,
		func() templ.Component { return views.TeamPageWhole(props) },
		func() templ.Component { return views.TeamMain(props) })
}

func (h *Teams) page(c echo.Context, team models.Team, state teamState) (views.TeamPage, error) {
	actor := models.ActorFrom(c.Request().Context())
	props := views.TeamPage{
		Shell: shellOf(c, team.Name, views.AreaConfiguration, TeamsPath), ListPath: TeamsPath, Path: teamPath(team.ID),
		Name: team.Name, Description: team.Description, BuiltIn: team.BuiltIn != "", Permissions: heldPermissions(team.Permissions),
		History: history(c, models.ParamDocument, team.PublicID()),
	}
	if state.refusal != nil {
		props.Shell.Title = "Error: " + props.Shell.Title
	}
	switch refusal := models.MayChangeTeam(team, actor); {
	case !actor.May(models.TeamEdit): // the page is for looking, and needs no excuse
	case refusal != nil:
		props.Note = &views.Notice{Tone: views.ToneInfo, Title: "You can look, but not change", Text: models.Refusal(refusal).Message}
	case team.BuiltIn == models.Administrators:
		props.Note = &views.Notice{Tone: views.ToneInfo, Title: "Administrators hold every permission", Text: "Only the members of this team can change."}
	default:
		props.Form = detailsForm(c, props, team, state)
	}
	if models.MayDeleteTeam(team, actor) == nil {
		props.DeletePath = props.Path + "/deletion"
	}
	var err error
	if props.Calendar, err = h.calendarOf(c, team); err != nil {
		return props, err
	}
	props.Members, err = h.members(c, team, state)
	return props, err
}

// calendarOf leads to the calendar of a team, for those who may have it.
func (h *Teams) calendarOf(c echo.Context, team models.Team) (path string, err error) {
	mine, err := h.Store.MayHaveCalendarOf(c.Request().Context(), team.ID)
	if err != nil || !mine {
		return "", err
	}
	return CalendarPath + "#" + team.PublicID(), nil
}

func detailsForm(c echo.Context, page views.TeamPage, team models.Team, state teamState) *views.TeamForm {
	typed, refusal := formOfTeam(team), (*models.Error)(nil)
	if state.form != nil {
		typed, refusal = *state.form, state.refusal
	}
	form := teamFields(c, typed, refusal)
	form.Shell, form.Path, form.Submit = page.Shell, page.Path, "Save"
	// After a conflict the next save counts from what is stored now.
	form.Version = strconv.FormatInt(team.Version, 10)
	if team.BuiltIn == models.Everyone {
		form.Name.Value, form.Name.ReadOnly, form.Description.Value, form.Description.ReadOnly = team.Name, true, team.Description, true
		form.Description.Hint = "This team is built in, so its name and description can't change."
	}
	return &form
}

// members shows a page of the members, and the form to add one.
func (h *Teams) members(c echo.Context, team models.Team, state teamState) (views.TeamMembers, error) {
	ctx := c.Request().Context()
	props := views.TeamMembers{Path: teamPath(team.ID), Search: c.QueryParam("q")}
	if team.BuiltIn == models.Everyone {
		props.Implied = "Every user is in this team, people and service accounts alike, and nobody can leave it. There are " + count(team.Members, "user") + " now."
		return props, nil
	}
	skip, _ := strconv.Atoi(c.QueryParam("skip"))
	page := models.Page{Skip: skip, Take: models.PageSize}.Clamp()
	list, err := h.Store.TeamMembers(ctx, team.ID, models.MemberFilter{Search: props.Search, Page: page})
	if err != nil {
		return props, err
	}
	may := models.MayChangeMembers(team, models.ActorFrom(ctx)) == nil
	for _, u := range list.Members {
		props.Rows = append(props.Rows, memberRow(team, u, models.ActorFrom(ctx)))
	}
	props.Searchable = team.Members > models.PageSize || props.Search != ""
	props.Count, props.Pager = membersFound(props.Search, list.Total), memberPager(props, page.Skip, list)
	if may {
		err = h.addForm(c, &props, team, state)
	}
	return props, err
}

func memberRow(team models.Team, u models.User, actor *models.Actor) views.MemberRow {
	row := views.MemberRow{Name: u.Name(), Username: u.Username, Initials: initials(u.Name()), Service: u.IsService, Off: !u.IsActive}
	if models.MayRemoveMember(team, u.ID, actor) == nil {
		row.RemovePath = teamPath(team.ID) + "/members/" + u.PublicID() + "/removal"
	}
	return row
}

func membersFound(search string, total int) string {
	switch {
	case search != "":
		return count(total, "member") + " found"
	case total == 0:
		return "Nobody is in this team yet."
	}
	return count(total, "member")
}

func memberPager(m views.TeamMembers, skip int, list models.MemberList) views.Pager {
	if list.Total <= models.PageSize && skip == 0 {
		return views.Pager{}
	}
	to := func(skip int) string {
		values := url.Values{"skip": {strconv.Itoa(skip)}}
		if m.Search != "" {
			values.Set("q", m.Search)
		}
		return m.Path + "?" + values.Encode()
	}
	last := skip + len(list.Members)
	pager := views.Pager{Text: thousands(skip+1) + " to " + thousands(last) + " of " + thousands(list.Total)}
	if len(list.Members) == 0 {
		pager.Text = "Nothing here"
	}
	if skip > 0 {
		pager.Previous = to(max(0, skip-models.PageSize))
	}
	if last < list.Total {
		pager.Next = to(last)
	}
	return pager
}

// addForm shows the input for a new member. A name typed in part brings out the
// users who may be meant.
func (h *Teams) addForm(c echo.Context, props *views.TeamMembers, team models.Team, state teamState) error {
	props.AddPath = teamPath(team.ID) + "/members"
	props.Add = views.Field{Name: "username", Label: "Add a member", Value: state.username, MaxLength: models.MaxUsername, Required: true, Autocomplete: "off",
		Hint: "The user name of a person or a service account."}
	if models.ActorFrom(c.Request().Context()).May(models.UserView) {
		props.Add.Hint = "The user name of a person or a service account, or a part of any name to choose from those that match."
	}
	if state.refusal == nil || state.form != nil {
		return nil
	}
	props.Add.Error = state.refusal.Problem("Username")
	props.Problems = problemsFor(state.refusal, map[string]string{"Username": "username"})
	props.Title = "Nobody was added"
	candidates, err := h.Store.Candidates(c.Request().Context(), team.ID, strings.TrimSpace(state.username))
	for _, u := range candidates {
		props.Candidates = append(props.Candidates, views.Candidate{Name: u.Name(), Username: u.Username})
	}
	return err
}
