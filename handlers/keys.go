package handlers

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// KeysPath is the address of My API Keys.
const KeysPath = "/account/apikeys"

// Keys serves My API Keys: the list, New API key, the reveal, and revoking.
type Keys struct {
	Store     *store.Store
	Sessions  Sessions
	ServerURL string // the portal's public address, for the ready-made lines
}

// Index shows the list. htmx, which asks when a filter changes, gets the table.
func (h *Keys) Index(c echo.Context) error {
	ctx := c.Request().Context()
	actor := models.ActorFrom(ctx)
	query := readKeyQuery(c)
	list, err := h.Store.APIKeysOf(ctx, actor.User.ID, query.filter())
	if err != nil {
		return err
	}
	settings, err := h.Store.AuthSettings(ctx)
	if err != nil {
		return err
	}
	props := h.list(c, query, list, settings)
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.KeysPage(props) },
		func() templ.Component { return views.KeysTable(props) })
}

func (h *Keys) list(c echo.Context, query keyQuery, list models.KeyList, settings models.AuthSettings) views.KeyList {
	zone, now := zoneOf(c), h.Store.Now()
	props := views.KeyList{
		Shell: shellOf(c, "My API Keys", views.AreaProfile, KeysPath),
		Path:  KeysPath, NewPath: KeysPath + "/new", CanNew: settings.UserAPIKeys,
		Empty: list.Counts[""] == 0, Tabs: query.tabs(list.Counts), Search: query.search, Hidden: query.hidden(),
		Columns: query.columns(), Status: count(list.Total, "key") + " found", Pager: query.pager(list), Zone: zone.String(),
	}
	if !settings.UserAPIKeys {
		props.Disabled = &views.Notice{Tone: views.ToneInfo, Title: "New keys are turned off for people",
			Text: "Your administrator has switched off new API keys for people. Existing keys keep working until they expire, and you can still revoke them. For automation, ask for a service account: it can have keys, and nobody signs in with it."}
	}
	for _, k := range list.Keys {
		props.Rows = append(props.Rows, keyRow(k, now, zone, KeysPath))
	}
	return props
}

// New shows the form.
func (h *Keys) New(c echo.Context) error {
	settings, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	if !settings.UserAPIKeys {
		return c.Redirect(http.StatusSeeOther, KeysPath)
	}
	form := h.form(c, keyForm{Zone: zoneOf(c).String()}, settings, nil)
	return render(c, http.StatusOK, views.NewKeyPage(form))
}

// Create makes the key and shows its secret, straight from the POST: there is
// no address that shows it again. A form that was used already leads back to
// the list, so a reload or a double click never makes a second key.
func (h *Keys) Create(c echo.Context) error {
	ctx := c.Request().Context()
	form := readKeyForm(c)
	key, secret, err := h.Store.IssueAPIKey(ctx, models.ActorFrom(ctx).User.ID, form.wish())
	switch models.KindOf(err) {
	case models.Conflict:
		return h.backToList(c, views.Notice{Tone: views.ToneWarn, Title: "No second key was made", Text: models.Refusal(err).Message})
	case models.Invalid:
		return h.repair(c, form, models.Refusal(err))
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("HX-Replace-Url", KeysPath) // a reload leads to the list, not to an empty form
	props := h.reveal(c, key, secret, form.zone())
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.RevealPage(props) },
		func() templ.Component { return views.RevealMain(props) })
}

func (h *Keys) repair(c echo.Context, form keyForm, refusal *models.Error) error {
	settings, err := h.Store.AuthSettings(c.Request().Context())
	if err != nil {
		return err
	}
	props := h.form(c, form, settings, refusal)
	return renderEither(c, http.StatusUnprocessableEntity,
		func() templ.Component { return views.NewKeyPage(props) },
		func() templ.Component { return views.NewKeyMain(props) })
}

func (h *Keys) reveal(c echo.Context, key models.APIKey, secret models.Secret, zone *time.Location) views.Reveal {
	return views.Reveal{
		Shell:  shellOf(c, "Your new API key", views.AreaProfile, KeysPath),
		Secret: secret.Reveal(), Purpose: key.Purpose, Expires: endsOn(key.ExpiresAt, zone, "Mon 2 Jan 2006"),
		Zone: zone.String(), ServerURL: h.ServerURL, ListPath: KeysPath, ListLabel: "My API Keys", StoredTo: KeysPath + "/stored",
	}
}

// Stored is where "I have stored it" leads: back to the list, so that the page
// with the secret is behind a POST and not a click on Back away.
func (h *Keys) Stored(c echo.Context) error { return seeOther(c, KeysPath) }

// AskRevoke shows what revoking will do: as a dialog over the list for htmx, as
// a page of its own otherwise.
func (h *Keys) AskRevoke(c echo.Context) error {
	ctx := c.Request().Context()
	key, err := h.Store.APIKey(ctx, models.ActorFrom(ctx).User.ID, c.Param("id"))
	if err != nil {
		return err
	}
	now, zone := h.Store.Now(), zoneOf(c)
	if !key.Usable(now) {
		return h.backToList(c, views.Notice{Tone: views.ToneInfo, Title: "There is nothing to revoke", Text: "“" + key.Purpose + "” does not work any more."})
	}
	props := views.RevokeDialog{
		Shell:   shellOf(c, "Revoke "+key.Purpose, views.AreaProfile, KeysPath),
		Purpose: key.Purpose, Hint: key.Hint(), LastUsed: lastUsed(key, now, zone),
		Expires: endsOn(key.ExpiresAt, zone, "2 Jan 2006").Text,
		Path:    KeysPath + "/" + key.ID + "/revocation", ListPath: KeysPath,
	}
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.RevokePage(props) },
		func() templ.Component { return views.RevokeFragment(props) })
}

func lastUsed(key models.APIKey, now time.Time, zone *time.Location) string {
	switch {
	case key.LastUsedAt == nil:
		return "Never"
	case key.LastUsedIP == "":
		return ago(*key.LastUsedAt, now, zone)
	}
	return ago(*key.LastUsedAt, now, zone) + ", from " + key.LastUsedIP
}

// Revoke ends a key for good.
func (h *Keys) Revoke(c echo.Context) error {
	ctx := c.Request().Context()
	key, err := h.Store.RevokeAPIKey(ctx, models.ActorFrom(ctx).User.ID, c.Param("id"))
	if err != nil {
		return err
	}
	return h.backToList(c, views.Notice{Tone: views.ToneOK, Title: "“" + key.Purpose + "” is revoked", Text: "Anything that still uses " + key.Hint() + " is refused from now on."})
}

func (h *Keys) backToList(c echo.Context, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, KeysPath)
}
