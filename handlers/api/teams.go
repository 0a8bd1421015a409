package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Teams serves /api/teams.
type Teams struct {
	Store    *store.Store
	BasePath string
}

func (h *Teams) links() linker { return linker{h.BasePath} }

// Index lists teams by name.
func (h *Teams) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	teams, err := h.Store.TeamRecords(c.Request().Context())
	if err != nil {
		return err
	}
	chosen, repeated := chooseTeams(teams, parameters(c), models.ParseTeamID)
	items := make([]teamResource, 0, page.Take)
	for _, team := range window(chosen, page) {
		items = append(items, h.links().team(team))
	}
	return write(c, http.StatusOK, newCollection("Team", items, len(chosen), page, h.links().to("/api/teams"), repeated))
}

// chooseTeams keeps the teams that a query asks for, and returns the parameters
// that the pages of the list repeat. parse reads the ids in the query.
func chooseTeams(teams []models.TeamRecord, query url.Values, parse func(string) (int64, bool)) ([]models.TeamRecord, url.Values) {
	repeated := url.Values{}
	for _, name := range []string{"ids", "name", "partialName"} {
		if value := query.Get(strings.ToLower(name)); value != "" {
			repeated.Set(name, value)
		}
	}
	ids := idList(repeated.Get("ids"), parse)
	name, part := models.Fold(repeated.Get("name")), models.Fold(repeated.Get("partialName"))
	return slices.DeleteFunc(teams, func(t models.TeamRecord) bool {
		return repeated.Has("ids") && !slices.Contains(ids, t.ID) || name != "" && t.NameFold != name || !strings.Contains(t.NameFold, part)
	}), repeated
}

// window cuts a page out of a list that is short enough to be whole in memory.
func window[T any](list []T, page models.Page) []T {
	from := min(page.Skip, len(list))
	return list[from:min(from+page.Take, len(list))]
}

// All lists every team as a bare array.
func (h *Teams) All(c echo.Context) error {
	teams, err := h.Store.TeamRecords(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]teamResource, 0, len(teams))
	for _, team := range teams {
		items = append(items, h.links().team(team))
	}
	return write(c, http.StatusOK, items)
}

// Show reads one team.
func (h *Teams) Show(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	team, err := h.Store.TeamRecord(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().team(team))
}

func teamID(c echo.Context) (int64, error) {
	id, ok := models.ParseTeamID(c.Param("id"))
	if !ok {
		return 0, models.Missing("team")
	}
	return id, nil
}

// Create makes a team. It may do nothing yet: Octopus's clients don't know
// Keyport's permissions, which are given on the team's page.
func (h *Teams) Create(c echo.Context) error {
	put, err := readTeam(c)
	if err != nil {
		return err
	}
	var members []int64
	if put.MemberIDs != nil {
		members = *put.MemberIDs
	}
	team, err := h.Store.CreateTeamRecord(c.Request().Context(), models.NewTeam{Name: text(put.Name), Description: text(put.Description)}, members)
	if err != nil {
		return err
	}
	return write(c, http.StatusCreated, h.links().team(team))
}

// Update changes a team's name, description and members.
func (h *Teams) Update(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	put, err := readTeam(c)
	if err != nil {
		return err
	}
	team, err := h.Store.PutTeam(c.Request().Context(), id, put)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().team(team))
}

// Delete removes a team.
func (h *Teams) Delete(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.DeleteTeam(c.Request().Context(), id); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

// sentTeam is what clients send of a team.
type sentTeam struct {
	Name, Description      *string
	MemberUserIds          *[]string
	ExternalSecurityGroups []struct{}
}

// readTeam reads what was sent of a team. A team that names itself is a whole
// one, of which Octopus's clients leave out an empty description.
func readTeam(c echo.Context) (put models.TeamPut, err error) {
	var sent sentTeam
	if err := read(c, &sent); err != nil {
		return put, err
	}
	if len(sent.ExternalSecurityGroups) > 0 {
		return put, models.InvalidField("ExternalSecurityGroups", "Keyport gives groups of the single sign-on service their teams in its configuration, not in the team. Send an empty list.")
	}
	put.Name, put.Description = sent.Name, sent.Description
	if put.Name != nil && put.Description == nil {
		put.Description = new(string)
	}
	if sent.MemberUserIds == nil {
		return put, nil
	}
	ids, err := readIDs(*sent.MemberUserIds, models.ParseUserID, "MemberUserIds")
	put.MemberIDs = &ids
	return put, err
}
