package api

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Users serves /api/users.
type Users struct {
	Store    *store.Store
	BasePath string
}

func (h *Users) links() linker { return linker{h.BasePath} }

// write answers one user.
func (h *Users) write(c echo.Context, status int, user models.UserRecord) error {
	return write(c, status, h.links().user(user, models.ActorFrom(c.Request().Context())))
}

// Me answers who the caller is.
func (h *Users) Me(c echo.Context) error {
	return h.show(c, models.ActorFrom(c.Request().Context()).User.ID)
}

// Show reads one user.
func (h *Users) Show(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	return h.show(c, id)
}

func (h *Users) show(c echo.Context, id int64) error {
	user, err := h.Store.UserRecord(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.write(c, http.StatusOK, user)
}

// Index lists users by user name.
func (h *Users) Index(c echo.Context) error {
	page, err := readPage(c)
	if err != nil {
		return err
	}
	filter, repeated, err := readUserFilter(c)
	if err != nil {
		return err
	}
	filter.Page = page
	list, err := h.Store.Directory(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, newCollection("User", h.resources(c, list), list.Total, page, h.links().to("/api/users"), repeated))
}

// All lists every user as a bare array.
func (h *Users) All(c echo.Context) error {
	list, err := h.Store.Directory(c.Request().Context(), models.DirectoryFilter{All: true})
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.resources(c, list))
}

func (h *Users) resources(c echo.Context, list models.Directory) []userResource {
	actor := models.ActorFrom(c.Request().Context())
	items := make([]userResource, 0, len(list.Users))
	for _, user := range list.Users {
		items = append(items, h.links().user(user, actor))
	}
	return items
}

// Create makes a person or a service account.
func (h *Users) Create(c echo.Context) error {
	var sent sentUser
	if err := read(c, &sent); err != nil {
		return err
	}
	wish, err := sent.newUser()
	if err != nil {
		return err
	}
	user, err := h.Store.CreateUserRecord(c.Request().Context(), wish)
	if err != nil {
		return err
	}
	return h.write(c, http.StatusCreated, user)
}

// Update changes a user.
func (h *Users) Update(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	var sent sentUser
	if err := read(c, &sent); err != nil {
		return err
	}
	user, err := h.Store.PutUser(c.Request().Context(), id, sent.put())
	if err != nil {
		return err
	}
	return h.write(c, http.StatusOK, user)
}

// Delete removes a user with all keys.
func (h *Users) Delete(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.DeleteUser(c.Request().Context(), id); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

// RevokeSessions signs a user out everywhere.
func (h *Users) RevokeSessions(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.EndSessionsOf(c.Request().Context(), id); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

// Spaces lists the spaces that a user may see: the one there is.
func (h *Users) Spaces(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.User(c.Request().Context(), id); err != nil {
		return err
	}
	return write(c, http.StatusOK, []spaceResource{h.links().space()})
}

// Teams lists the teams that a user is in as a bare array.
func (h *Users) Teams(c echo.Context) error {
	id, err := ownerID(c)
	if err != nil {
		return err
	}
	teams, err := h.Store.TeamsOf(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, teamReferences(teams))
}

type identityMetadata struct {
	Providers []struct{}
	Links     Links
}

// IdentityMetadata answers which claims identities have at which provider. There
// are none that Keyport knows: it keeps the identities that clients record as
// they are.
func (h *Users) IdentityMetadata(c echo.Context) error {
	return write(c, http.StatusOK, identityMetadata{[]struct{}{}, h.links().all(Links{"Self": "/api/users/identity-metadata"})})
}

type externalSearchResult struct {
	Results []struct{}
	Links   Links
}

// ExternalSearch looks for people in directories outside of Keyport, of which
// there are none: single sign-on makes users when they come.
func (h *Users) ExternalSearch(c echo.Context) error {
	name, problem := models.CleanText(parameters(c).Get("partialname"), "partialName", models.MaxEmail)
	if problem != "" {
		return models.InvalidField("partialName", problem)
	}
	self := h.links().to("/api/users/external-search") + "?" + url.Values{"partialName": {name}}.Encode()
	return write(c, http.StatusOK, externalSearchResult{[]struct{}{}, Links{"Self": self}})
}
