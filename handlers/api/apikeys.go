package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// APIKeys serves /api/users/{user}/apikeys.
type APIKeys struct {
	Store    *store.Store
	BasePath string // path under which the portal is published, "" or "/keyport"
}

func (h *APIKeys) links() linker { return linker{h.BasePath} }

// newAPIKey is what a client sends to make a key. Everything else that clients
// send along (UserId, Links, …) is ignored: the owner is the one in the path.
type newAPIKey struct {
	Purpose *string
	Expires optionalTime

	// Our extension: what the key may be used for. What is left out is what the
	// caller has: everything, or what the key of the call is limited to.
	AccessLevel                     *string
	Services                        []string
	AllowedNetworks, DeniedNetworks []string
}

func (n newAPIKey) access() models.AccessWish {
	wish := models.AccessWish{Services: n.Services, Allowed: n.AllowedNetworks, Denied: n.DeniedNetworks}
	if n.AccessLevel != nil {
		wish.Level = *n.AccessLevel
	}
	return wish
}

// Index lists a user's keys, newest first. Revoked keys are not in it: in
// Octopus they are gone.
func (h *APIKeys) Index(c echo.Context) error {
	list, err := h.list(c)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, list)
}

// apiKeysV1 wraps the list, as Octopus's newer routes do.
type apiKeysV1 struct{ ApiKeys collection[apiKeyResource] }

// IndexV1 is the same list in the form of Octopus's newer routes.
func (h *APIKeys) IndexV1(c echo.Context) error {
	list, err := h.list(c)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, apiKeysV1{list})
}

func (h *APIKeys) list(c echo.Context) (none collection[apiKeyResource], err error) {
	owner, err := ownerID(c)
	if err != nil {
		return none, err
	}
	page, err := readPage(c)
	if err != nil {
		return none, err
	}
	filter, repeated, err := readKeyFilter(c)
	if err != nil {
		return none, err
	}
	filter.Page = page
	list, err := h.Store.APIKeysOf(c.Request().Context(), owner, filter)
	if err != nil {
		return none, err
	}
	items := make([]apiKeyResource, 0, len(list.Keys))
	for _, k := range list.Keys {
		items = append(items, h.links().apiKey(k))
	}
	path := h.links().to("/api/users/" + models.UserID(owner) + "/apikeys")
	return newCollection("ApiKey", items, list.Total, page, path, repeated), nil
}

func readKeyFilter(c echo.Context) (models.KeyFilter, url.Values, error) {
	f := models.KeyFilter{Sort: models.SortCreated, Descending: true, HideRevoked: true, WithoutCounts: true}
	repeated := url.Values{}
	for name, values := range c.QueryParams() {
		var into *string
		switch strings.ToLower(name) {
		case "partialpurpose":
			into, name = &f.Purpose, "partialPurpose"
		case "partialkeyword":
			into, name = &f.Search, "partialKeyword"
		default:
			continue
		}
		clean, problem := models.CleanText(values[0], name, models.MaxPurpose)
		if problem != "" {
			return f, nil, models.InvalidField(name, problem)
		}
		*into = clean
		repeated.Set(name, clean)
	}
	return f, repeated, nil
}

// Create makes a key and answers 200 (Octopus does, not 201) with the key
// itself, this once.
func (h *APIKeys) Create(c echo.Context) error {
	owner, err := ownerID(c)
	if err != nil {
		return err
	}
	var sent newAPIKey
	if err := read(c, &sent); err != nil {
		return err
	}
	once, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	wish := models.NewKey{Expires: sent.Expires.wish(), Access: sent.access(), FormID: onceFor(c, owner, once)}
	if sent.Purpose != nil {
		wish.Purpose = *sent.Purpose
	}
	key, secret, err := h.Store.IssueAPIKey(c.Request().Context(), owner, wish)
	if err != nil {
		return h.alreadyMade(c, err, owner, wish)
	}
	return write(c, http.StatusOK, h.links().apiKeyCreated(key, secret))
}

// wish reads Expires with Octopus's three meanings: absent is the default,
// null the maximum, and a value is what it says.
func (o optionalTime) wish() models.Wish {
	switch {
	case !o.given:
		return models.DefaultExpiry()
	case o.null:
		return models.MaximumExpiry()
	case o.notText:
		return models.UnreadableExpiry(expiresForm)
	}
	at, err := models.ParseInstant(o.text)
	if err != nil {
		return models.UnreadableExpiry(expiresForm)
	}
	return models.ExpiresAt(at)
}

const expiresForm = "Give Expires as a date and time with offset, like 2027-05-22T18:00:00+02:00. Leave it out for the default, or send null for the maximum."

// Show reads one key.
func (h *APIKeys) Show(c echo.Context) error {
	owner, err := ownerID(c)
	if err != nil {
		return err
	}
	key, err := h.Store.APIKey(c.Request().Context(), owner, c.Param("id"))
	if err != nil {
		return err
	}
	if key.RevokedAt != nil {
		return models.Missing("API key")
	}
	return write(c, http.StatusOK, h.links().apiKey(key))
}

// Delete revokes a key. It answers 200 with an empty object: the official
// client takes any other status for a failure.
func (h *APIKeys) Delete(c echo.Context) error {
	owner, err := ownerID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.RevokeAPIKey(c.Request().Context(), owner, c.Param("id")); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

// ownerID reads whose keys the path is about: "me" or an id. A text that is no
// id is answered like the id of nobody.
func ownerID(c echo.Context) (int64, error) {
	name := c.Param("user")
	if strings.EqualFold(name, "me") {
		return models.ActorFrom(c.Request().Context()).User.ID, nil
	}
	id, ok := models.ParseUserID(name)
	if !ok {
		return 0, models.Missing("user")
	}
	return id, nil
}
