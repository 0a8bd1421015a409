package handlers

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// AllKeysPath is Configuration → API Keys.
const AllKeysPath = "/configuration/apikeys"

// AllKeys serves the keys of all users: the list, its export, and revoking one
// key or all that are listed.
type AllKeys struct {
	Store    *store.Store
	Sessions Sessions
}

// allKeysQuery is the address of the list: what is looked for, and the exact
// choice that it makes now.
type allKeysQuery struct {
	search    models.KeySearch
	selection models.KeySelection
	cursor    *models.KeyCursor
	settings  models.AuthSettings
	problems  []models.Problem
}

// paramCursor is where a page begins.
const paramCursor = "at"

func (h *AllKeys) query(c echo.Context) (q allKeysQuery, err error) {
	q.search, q.problems = models.ParseKeySearch(c.QueryParams())
	if cursor, ok := models.ParseKeyCursor(c.QueryParam(paramCursor), q.search.Order); ok {
		q.cursor = &cursor
	}
	if q.settings, err = h.Store.AuthSettings(c.Request().Context()); err != nil {
		return q, err
	}
	q.selection = q.search.Selection(h.Store.Now(), zoneOf(c), q.settings.APIKeyMaximumDays)
	return q, nil
}

// at returns an address below the list for the same keys.
func (q allKeysQuery) at(path string) string { return withQuery(path, q.search.Values()) }

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// Index shows the list. htmx, which asks when the order or the page changes,
// gets the table. Filters that can't be read show nothing but what is wrong.
func (h *AllKeys) Index(c echo.Context) error {
	q, err := h.query(c)
	if err != nil {
		return err
	}
	if len(q.problems) > 0 {
		return h.repair(c, q)
	}
	list, err := h.Store.AllKeys(c.Request().Context(), q.selection, q.search.Order, q.cursor, models.PageSize)
	if err != nil {
		return err
	}
	props := h.list(c, q, list)
	if WantsFragment(c.Request()) {
		return render(c, http.StatusOK, views.AllKeysTable(props))
	}
	if err := h.overview(c, q, &props); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.AllKeysPage(props))
}

func (h *AllKeys) repair(c echo.Context, q allKeysQuery) error {
	refusal := models.InvalidInput(q.problems)
	if WantsFragment(c.Request()) {
		return refusal
	}
	props := h.list(c, q, models.AllKeys{})
	props.Shell.Title = "Error: " + props.Shell.Title
	props.ExportPath, props.RevokePath, props.Found = "", "", "No keys are listed"
	props.Filter.Title, props.Filter.Problems = attention(len(refusal.Problems)), problemsFor(refusal, searchFieldIDs)
	if err := h.overview(c, q, &props); err != nil {
		return err
	}
	return render(c, http.StatusUnprocessableEntity, views.AllKeysPage(props))
}

func (h *AllKeys) list(c echo.Context, q allKeysQuery, list models.AllKeys) views.AllKeys {
	actor, zone := models.ActorFrom(c.Request().Context()), zoneOf(c)
	props := views.AllKeys{
		Shell: shellOf(c, "API Keys", views.AreaConfiguration, AllKeysPath), Path: AllKeysPath,
		Filter: q.form(c), Columns: q.columns(), Found: found(list.Total) + " found", Pager: q.pager(list), Zone: zone.String(),
	}
	if list.Total.N > 0 {
		props.ExportPath = q.at(AllKeysPath + "/export")
	}
	if actor.May(models.UserEdit) && q.search.Status != models.KeyExpired && q.search.Status != models.KeyRevoked {
		props.RevokePath = q.at(AllKeysPath + "/revocation")
	}
	for _, k := range list.Keys {
		row := ownedKeyRow(k, h.Store.Now(), zone)
		if row.RevokePath != "" {
			row.RevokePath = q.at(row.RevokePath)
		}
		if !actor.May(models.UserEdit) {
			row.RevokePath = ""
		}
		props.Rows = append(props.Rows, row)
	}
	return props
}

// AskRevoke shows what revoking a key will do: as a dialog over the list for
// htmx, as a page of its own otherwise.
func (h *AllKeys) AskRevoke(c echo.Context) error {
	key, err := h.Store.OwnedKey(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	now, zone := h.Store.Now(), zoneOf(c)
	list := withQuery(AllKeysPath, c.QueryParams())
	if !key.Usable(now) {
		return h.backTo(c, list, views.Notice{Tone: views.ToneInfo, Title: "There is nothing to revoke", Text: "“" + key.Purpose + "” does not work any more."})
	}
	props := views.RevokeDialog{
		Shell:   shellOf(c, "Revoke "+key.Purpose, views.AreaConfiguration, AllKeysPath),
		Purpose: key.Purpose, Hint: key.Hint(), Owner: key.Owner.Name(), LastUsed: lastUsed(key.APIKey, now, zone),
		Expires: endsOn(key.ExpiresAt, zone, "2 Jan 2006").Text,
		Path:    withQuery(AllKeysPath+"/"+key.ID+"/revocation", c.QueryParams()), ListPath: list,
		Crumbs: []views.Crumb{{Path: list, Label: "API Keys"}},
	}
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.RevokePage(props) },
		func() templ.Component { return views.RevokeFragment(props) })
}

// Revoke ends a key for good.
func (h *AllKeys) Revoke(c echo.Context) error {
	ctx := c.Request().Context()
	key, err := h.Store.OwnedKey(ctx, c.Param("id"))
	if err == nil {
		key.APIKey, err = h.Store.RevokeAPIKey(ctx, key.UserID, key.ID)
	}
	if err != nil {
		return err
	}
	return h.backTo(c, withQuery(AllKeysPath, c.QueryParams()), views.Notice{Tone: views.ToneOK, Title: "“" + key.Purpose + "” is revoked",
		Text:    "Anything that still uses " + key.Hint() + " of " + key.Owner.Name() + " is refused from now on.",
		Receipt: userPath(key.UserID) + "/apikeys/" + key.ID + "/receipt"})
}

func (h *AllKeys) backTo(c echo.Context, path string, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, path)
}
