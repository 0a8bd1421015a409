package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// AllKeys serves /api/apikeys, which Octopus does not have: the keys of all
// users, and the key that makes the call.
type AllKeys struct {
	Store    *store.Store
	BasePath string
}

func (h *AllKeys) links() linker { return linker{h.BasePath} }

// ownedKeyResource is an API key with its owner.
type ownedKeyResource struct {
	apiKeyResource
	Owner keyOwnerResource
}

type keyOwnerResource struct {
	Id          string
	Username    string
	DisplayName string
	IsService   bool
	IsActive    bool
}

// keyPage is a page of a list that is walked by cursors. There are at least
// TotalResults keys; TotalIsExact says whether there are no more.
type keyPage struct {
	ItemType     string
	TotalResults int
	TotalIsExact bool
	ItemsPerPage int
	Items        []ownedKeyResource
	Links        Links
}

const (
	paramCursor = "cursor" // where a page begins
	paramZone   = "zone"   // the time zone of the days
)

// Index lists the keys of all users by the filters of the page of all keys:
// usable ones unless status says otherwise, those that end soonest first. Days
// are those of the zone in the parameter zone, UTC without it.
func (h *AllKeys) Index(c echo.Context) error {
	if err := models.MaySeeAllKeys(models.ActorFrom(c.Request().Context())); err != nil {
		return err
	}
	page, err := readPage(c)
	if err != nil {
		return err
	}
	sent := parameters(c)
	search, zone, problems := readKeySearch(sent)
	var from *models.KeyCursor
	if text := sent.Get(paramCursor); text != "" {
		cursor, ok := models.ParseKeyCursor(text, search.Order)
		if !ok {
			problems = append(problems, models.Problem{Field: paramCursor, Message: "This cursor does not belong to a list in this order. Follow the links of a page, or begin without a cursor."})
		}
		from = &cursor
	}
	if err := models.InvalidInput(problems); err != nil {
		return err
	}
	return h.list(c, search, zone, from, page.Take)
}

// readKeySearch reads the filters of the list, and the zone of their days.
func readKeySearch(sent url.Values) (search models.KeySearch, zone *time.Location, problems []models.Problem) {
	search, problems = models.ParseKeySearch(sent)
	zone, ok := models.ParseZone(sent.Get(paramZone))
	if sent.Get(paramZone) != "" && !ok {
		problems = append(problems, models.Problem{Field: paramZone, Message: "Name a time zone such as Europe/Berlin."})
	}
	if zone == nil {
		zone = time.UTC
	}
	return search, zone, problems
}

func (h *AllKeys) list(c echo.Context, search models.KeySearch, zone *time.Location, from *models.KeyCursor, take int) error {
	ctx := c.Request().Context()
	settings, err := h.Store.AuthSettings(ctx)
	if err != nil {
		return err
	}
	found, err := h.Store.AllKeys(ctx, search.Selection(h.Store.Now(), zone, settings.APIKeyMaximumDays), search.Order, from, take)
	if err != nil {
		return err
	}
	items := make([]ownedKeyResource, 0, len(found.Keys))
	for _, k := range found.Keys {
		items = append(items, h.links().ownedKey(k))
	}
	return write(c, http.StatusOK, keyPage{ItemType: "ApiKey", TotalResults: found.Total.N, TotalIsExact: !found.Total.More, ItemsPerPage: take, Items: items,
		Links: h.pageLinks(search, parameters(c).Get(paramZone), take, found)})
}

func (h *AllKeys) pageLinks(search models.KeySearch, zone string, take int, found models.AllKeys) Links {
	links := Links{}
	for name, cursor := range map[string]*models.KeyCursor{"Page.Next": found.Next, "Page.Previous": found.Previous} {
		if cursor != nil {
			links[name] = h.pageLink(search, zone, take, cursor.String())
		}
	}
	links["Self"] = h.pageLink(search, zone, take, "")
	return links
}

func (h *AllKeys) pageLink(search models.KeySearch, zone string, take int, cursor string) string {
	query := search.Values()
	for name, value := range map[string]string{paramZone: zone, paramCursor: cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	query.Set("take", strconv.Itoa(take))
	return h.links().to("/api/apikeys") + "?" + query.Encode()
}

func (l linker) ownedKey(k models.OwnedKey) ownedKeyResource {
	return ownedKeyResource{l.apiKey(k.APIKey), keyOwnerResource{Id: k.Owner.PublicID(), Username: k.Owner.Username, DisplayName: k.Owner.Name(),
		IsService: k.Owner.IsService, IsActive: k.Owner.IsActive}}
}

// Self answers the key that makes the call.
func (h *AllKeys) Self(c echo.Context) error {
	actor, err := byKey(c)
	if err != nil {
		return err
	}
	key, err := h.Store.APIKey(c.Request().Context(), actor.User.ID, actor.Key.ID)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().ownedKey(models.OwnedKey{APIKey: key, Owner: actor.User}))
}

// DeleteSelf revokes the key that makes the call.
func (h *AllKeys) DeleteSelf(c echo.Context) error {
	actor, err := byKey(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.RevokeAPIKey(c.Request().Context(), actor.User.ID, actor.Key.ID); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

func byKey(c echo.Context) (*models.Actor, error) {
	actor := models.ActorFrom(c.Request().Context())
	if actor.Via != models.ViaKey || actor.Key == nil {
		return nil, models.Denied("This call was not made with an API key. Send the key that it is about in the header X-Octopus-ApiKey.")
	}
	return actor, nil
}
