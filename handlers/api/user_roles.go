package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// UserRoles serves what Octopus splits into roles and their place in teams.
// Here a team has its permissions itself; so each team has one role of its own,
// and that role once.
type UserRoles struct {
	Store    *store.Store
	BasePath string
}

func (h *UserRoles) links() linker { return linker{h.BasePath} }

const (
	rolePrefix       = "userroles-"
	scopedRolePrefix = "scopeduserroles-"
)

type userRoleResource struct {
	Id                           string
	Name                         string
	Description                  string
	CanBeDeleted                 bool
	GrantedSystemPermissions     []models.Permission
	GrantedSpacePermissions      []models.Permission
	SystemPermissionDescriptions []string
	SpacePermissionDescriptions  []string
	SupportedRestrictions        []string
	Links                        Links
}

type scopedRoleResource struct {
	Id              string
	UserRoleId      string
	TeamId          string
	SpaceId         *string
	EnvironmentIds  []string
	ProjectIds      []string
	ProjectGroupIds []string
	TenantIds       []string
	Links           Links
}

func (l linker) userRole(t models.TeamRecord) userRoleResource {
	id := rolePrefix + strconv.FormatInt(t.ID, 10)
	r := userRoleResource{Id: id, Name: t.Name, Description: "The permissions of the team " + t.Name + ".", GrantedSystemPermissions: []models.Permission{},
		GrantedSpacePermissions: []models.Permission{}, SystemPermissionDescriptions: []string{}, SpacePermissionDescriptions: []string{},
		SupportedRestrictions: []string{}, Links: l.all(Links{"Self": "/api/userroles/" + id})}
	for _, p := range t.Permissions.Names() {
		r.GrantedSystemPermissions = append(r.GrantedSystemPermissions, p)
		r.SystemPermissionDescriptions = append(r.SystemPermissionDescriptions, permissionTexts[p])
	}
	return r
}

func (l linker) scopedRole(t models.TeamRecord) scopedRoleResource {
	number := strconv.FormatInt(t.ID, 10)
	return scopedRoleResource{Id: scopedRolePrefix + number, UserRoleId: rolePrefix + number, TeamId: t.PublicID(), EnvironmentIds: []string{},
		ProjectIds: []string{}, ProjectGroupIds: []string{}, TenantIds: []string{}, Links: l.all(Links{"Self": "/api/scopeduserroles/" + scopedRolePrefix + number})}
}

// Index lists the roles.
func (h *UserRoles) Index(c echo.Context) error {
	return roles(h, c, "UserRole", "/api/userroles", rolePrefix, linker.userRole)
}

// ScopedIndex lists where the roles hold.
func (h *UserRoles) ScopedIndex(c echo.Context) error {
	return roles(h, c, "ScopedUserRole", "/api/scopeduserroles", scopedRolePrefix, linker.scopedRole)
}

// roles answers a page of one thing for each team that may do anything.
func roles[T any](h *UserRoles, c echo.Context, itemType, path, prefix string, resource func(linker, models.TeamRecord) T) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	teams, err := h.teams(c)
	if err != nil {
		return err
	}
	chosen, repeated := chooseTeams(teams, parameters(c), roleNumber(prefix))
	items := make([]T, 0, page.Take)
	for _, t := range window(chosen, page) {
		items = append(items, resource(h.links(), t))
	}
	return write(c, http.StatusOK, newCollection(itemType, items, len(chosen), page, h.links().to(path), repeated))
}

func (h *UserRoles) teams(c echo.Context) ([]models.TeamRecord, error) {
	teams, err := h.Store.TeamRecords(c.Request().Context())
	return slices.DeleteFunc(teams, func(t models.TeamRecord) bool { return t.Permissions == 0 }), err
}

// All lists every role as a bare array.
func (h *UserRoles) All(c echo.Context) error {
	teams, err := h.teams(c)
	if err != nil {
		return err
	}
	items := make([]userRoleResource, 0, len(teams))
	for _, t := range teams {
		items = append(items, h.links().userRole(t))
	}
	return write(c, http.StatusOK, items)
}

// Show reads one role.
func (h *UserRoles) Show(c echo.Context) error {
	team, err := h.teamOf(c, rolePrefix, "user role")
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().userRole(team))
}

// ScopedShow reads where one role holds.
func (h *UserRoles) ScopedShow(c echo.Context) error {
	team, err := h.teamOf(c, scopedRolePrefix, "scoped user role")
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().scopedRole(team))
}

// OfTeam lists the role of a team, if it may do anything.
func (h *UserRoles) OfTeam(c echo.Context) error {
	id, err := teamID(c)
	if err != nil {
		return err
	}
	page, err := readPage(c)
	if err != nil {
		return err
	}
	team, err := h.Store.TeamRecord(c.Request().Context(), id)
	if err != nil {
		return err
	}
	var all []scopedRoleResource
	if team.Permissions != 0 {
		all = append(all, h.links().scopedRole(team))
	}
	path := h.links().to("/api/teams/" + team.PublicID() + "/scopeduserroles")
	return write(c, http.StatusOK, newCollection("ScopedUserRole", window(all, page), len(all), page, path, url.Values{}))
}

// Change refuses to make, change and remove roles.
func (h *UserRoles) Change(echo.Context) error {
	return models.InvalidField("", "Keyport gives permissions to teams directly, so roles can't be created, changed or removed here. Choose the permissions on the team's page.")
}

// teamOf finds the team that a role stands for.
func (h *UserRoles) teamOf(c echo.Context, prefix, what string) (models.TeamRecord, error) {
	id, ok := roleNumber(prefix)(c.Param("id"))
	if !ok {
		return models.TeamRecord{}, models.Missing(what)
	}
	team, err := h.Store.TeamRecord(c.Request().Context(), id)
	if models.KindOf(err) == models.NotFound || err == nil && team.Permissions == 0 {
		return models.TeamRecord{}, models.Missing(what)
	}
	return team, err
}

// roleNumber reads the id of the team in the id of a role.
func roleNumber(prefix string) func(string) (int64, bool) {
	return func(s string) (int64, bool) {
		if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
			return 0, false
		}
		return models.ParseTeamID("Teams-" + s[len(prefix):])
	}
}
