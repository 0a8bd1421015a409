package api

import (
	"encoding/csv"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Permissions serves what the rights are and who holds which.
type Permissions struct {
	Store    *store.Store
	BasePath string
}

type permissionDescription struct {
	Description           string
	CanApplyAtSpaceLevel  bool
	CanApplyAtSystemLevel bool
	SupportedRestrictions []string
}

// permissionTexts say in a few words what each right allows.
var permissionTexts = map[models.Permission]string{
	models.UserView:         "See other users and their API keys",
	models.UserEdit:         "Create and change users, and revoke their API keys",
	models.TeamView:         "See teams",
	models.TeamEdit:         "Create and change teams",
	models.EventView:        "Read the audit trail",
	models.SubscriptionView: "See subscriptions",
	models.SubscriptionEdit: "Create and change subscriptions",
	models.ConfigureServer:  "Change settings",
	models.AdministerSystem: "Everything, including who else may",
}

// All describes every right, by name.
func (h *Permissions) All(c echo.Context) error {
	all := make(permissionDescriptions, len(models.Permissions))
	for _, p := range models.Permissions {
		all[p] = permissionDescription{Description: permissionTexts[p], CanApplyAtSystemLevel: true, SupportedRestrictions: []string{}}
	}
	return write(c, http.StatusOK, all)
}

type userPermissionSet struct {
	Id                    string
	IsPermissionsComplete bool
	IsTeamsComplete       bool
	SpacePermissions      map[models.Permission][]spaceRestriction
	SystemPermissions     []models.Permission
	Teams                 []teamReference
	Links                 Links
}

// spaceRestriction says where a right holds; here that is the whole space.
type spaceRestriction struct {
	SpaceId                     string
	RestrictedToEnvironmentIds  []string
	RestrictedToProjectGroupIds []string
	RestrictedToProjectIds      []string
	RestrictedToTenantIds       []string
}

// OfUser answers what a user may do.
func (h *Permissions) OfUser(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	user, err := h.Store.User(c.Request().Context(), id)
	if err != nil {
		return err
	}
	names := user.Permissions.Names()
	if names == nil {
		names = []models.Permission{}
	}
	teams, err := h.Store.TeamsOf(c.Request().Context(), id)
	seen := models.KindOf(err) != models.Forbidden
	if err != nil && seen {
		return err
	}
	return write(c, http.StatusOK, userPermissionSet{
		Id: user.PublicID(), IsPermissionsComplete: true, IsTeamsComplete: seen,
		SpacePermissions: map[models.Permission][]spaceRestriction{}, SystemPermissions: names, Teams: teamReferences(teams),
		Links: linker{h.BasePath}.all(Links{"Self": "/api/users/" + user.PublicID() + "/permissions", "User": "/api/users/" + user.PublicID()}),
	})
}

// Export writes what a user may do as a table.
func (h *Permissions) Export(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	user, err := h.Store.User(c.Request().Context(), id)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="permissions.csv"`)
	c.Response().WriteHeader(http.StatusOK)
	w := csv.NewWriter(c.Response())
	_ = w.Write([]string{"User", "Permission", "Description"})
	for _, p := range user.Permissions.Names() {
		_ = w.Write([]string{models.CSVCell(user.Username), string(p), permissionTexts[p]})
	}
	w.Flush()
	return w.Error()
}
