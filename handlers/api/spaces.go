package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// The one space that every server has. Octopus's clients look for the space
// that is the default and work in it.
const (
	spaceID   = "Spaces-1"
	spaceName = "Default"
)

// Spaces serves /api/spaces and the space's home document. Keyport has one
// space: what it keeps belongs to the whole server.
type Spaces struct{ BasePath string }

type spaceResource struct {
	Id                       string
	Name                     string
	Slug                     string
	Description              string
	IsDefault                bool
	TaskQueueStopped         bool
	SpaceManagersTeams       []string
	SpaceManagersTeamMembers []string
	Links                    Links
}

func (h *Spaces) links() linker { return linker{h.BasePath} }

func (l linker) space() spaceResource {
	return spaceResource{
		Id: spaceID, Name: spaceName, Slug: strings.ToLower(spaceName), IsDefault: true,
		Description:        "The space of this server.",
		SpaceManagersTeams: []string{}, SpaceManagersTeamMembers: []string{},
		Links: l.all(Links{"Self": "/api/spaces/" + spaceID, "SpaceHome": "/api/" + spaceID, "Web": "/app#/" + spaceID}),
	}
}

// Index lists the spaces that match partialName and ids.
func (h *Spaces) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	query := parameters(c)
	spaces := []spaceResource{h.links().space()}
	if ids := query.Get("ids"); ids != "" && !hasFold(strings.Split(ids, ","), spaceID) ||
		!strings.Contains(strings.ToLower(spaceName), strings.ToLower(query.Get("partialname"))) {
		spaces = nil
	}
	total := len(spaces)
	if page.Skip > 0 || page.Take == 0 {
		spaces = nil
	}
	return write(c, http.StatusOK, newCollection("Space", spaces, total, page, h.links().to("/api/spaces"), url.Values{}))
}

// All lists every space as a bare array.
func (h *Spaces) All(c echo.Context) error {
	return write(c, http.StatusOK, []spaceResource{h.links().space()})
}

// Show reads one space by id, name or slug.
func (h *Spaces) Show(c echo.Context) error {
	if name := c.Param("space"); !strings.EqualFold(name, spaceID) && !strings.EqualFold(name, spaceName) {
		return models.Missing("space")
	}
	return write(c, http.StatusOK, h.links().space())
}

// Change refuses to make, change and remove spaces.
func (h *Spaces) Change(echo.Context) error {
	return models.InvalidField("", "Keyport has one space, “"+spaceName+"”, for everything. Spaces can't be created, changed or removed.")
}

type spaceHome struct {
	Id    string
	Links Links
}

// Home is the document of a space: its links and nothing else, which is how the
// official client tells it from the root.
func (h *Spaces) Home(c echo.Context) error {
	return write(c, http.StatusOK, spaceHome{spaceID, h.links().all(spaceLinks)})
}

// spaceLinks are the addresses in the home document of the space.
var spaceLinks = Links{
	"Events":        "/api/" + spaceID + "/events{/id}{?skip,regarding,regardingAny,user,users,eventGroups,eventCategories,eventAgents,from,to,fromAutoId,toAutoId,documentTypes,asCsv,take,ids,excludeDifference}",
	"Self":          "/api/" + spaceID,
	"Subscriptions": "/api/" + spaceID + "/subscriptions{/id}{?skip,take,ids,partialName}",
	"Teams":         "/api/" + spaceID + "/teams{/id}{?skip,take,ids,partialName,spaces,includeSystem}",
	"Web":           "/app#/" + spaceID,
}

// parameters returns the query with names in lower case: scripts write them in
// any.
func parameters(c echo.Context) url.Values {
	folded := url.Values{}
	for name, values := range c.QueryParams() {
		name = strings.ToLower(name)
		folded[name] = append(folded[name], values...)
	}
	return folded
}

func hasFold(list []string, want string) bool {
	for _, s := range list {
		if strings.EqualFold(strings.TrimSpace(s), want) {
			return true
		}
	}
	return false
}
