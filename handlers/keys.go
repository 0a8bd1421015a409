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

// Keys serves My API Keys and the keys of others: the list, New API key, the
// reveal, and revoking. Whose keys a page is about stands in its address; see
// ownerOf.
type Keys struct {
	Store     *store.Store
	Sessions  Sessions
	ServerURL string // the portal's public address, for the ready-made lines
}

// Index shows the list. htmx, which asks when a filter changes, gets the table.
func (h *Keys) Index(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	query := readKeyQuery(c, owner.path)
	list, err := h.Store.APIKeysOf(c.Request().Context(), owner.ID, query.filter())
	if err != nil {
		return err
	}
	props := h.list(c, owner, query, list)
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.KeysPage(props) },
		func() templ.Component { return views.KeysTable(props) })
}

func (h *Keys) list(c echo.Context, owner keyOwner, query keyQuery, list models.KeyList) views.KeyList {
	zone, now := zoneOf(c), h.Store.Now()
	props := views.KeyList{
		Shell: owner.shell(c, owner.title()), Owner: owner.name, Crumbs: owner.crumbs,
		Path: owner.path, NewPath: owner.path + "/new", CanNew: owner.NoNewKeys == nil, Disabled: owner.notice(),
		Empty: list.Counts[""] == 0, Tabs: query.tabs(list.Counts), Search: query.search, Hidden: query.hidden(),
		Columns: query.columns(), Status: count(list.Total, "key") + " found", Pager: query.pager(list), Zone: zone.String(),
	}
	if owner.name != "" {
		props.Lead = owner.lead()
	}
	for _, k := range list.Keys {
		props.Rows = append(props.Rows, owner.row(k, now, zone))
	}
	return props
}

// New shows the form. While people can't have new keys, the list says why.
func (h *Keys) New(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	switch {
	case owner.NoNewKeys != nil && owner.name == "":
		return c.Redirect(http.StatusSeeOther, owner.path)
	case owner.NoNewKeys != nil:
		return owner.NoNewKeys
	}
	form := keyForm{Expiry: expiryForm{Zone: zoneOf(c).String()}}
	if key, ok := h.like(c, owner); ok {
		form.Purpose, form.Access = key.Purpose, accessLike(key.Access)
	}
	props, err := h.form(c, owner, form, nil)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.NewKeyPage(props))
}

// likeFor is how long after its end a key can still be the pattern of a new one.
const likeFor = 30 * 24 * time.Hour

// like returns the key that the new one takes the place of, to which mail about
// keys that end leads. A key that the reader may not see, or that ended long
// ago, fills nothing in.
func (h *Keys) like(c echo.Context, owner keyOwner) (key models.APIKey, ok bool) {
	id := c.QueryParam("like")
	if id == "" {
		return key, false
	}
	key, err := h.Store.APIKey(c.Request().Context(), owner.ID, id)
	return key, err == nil && isPattern(key, h.Store.Now())
}

// isPattern reports whether a key can still be the pattern of a new one.
func isPattern(key models.APIKey, now time.Time) bool { return now.Sub(key.ExpiresAt) <= likeFor }

// Create makes the key and shows its secret, straight from the POST: there is
// no address that shows it again. A form that was used already leads back to
// the list, so a reload or a double click never makes a second key.
func (h *Keys) Create(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	form := readKeyForm(c)
	key, secret, err := h.Store.IssueAPIKey(c.Request().Context(), owner.ID, form.wish())
	switch models.KindOf(err) {
	case models.Conflict:
		return h.backToList(c, owner, views.Notice{Tone: views.ToneWarn, Title: "No second key was made", Text: models.Refusal(err).Message})
	case models.Invalid:
		return h.repair(c, owner, form, models.Refusal(err))
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("HX-Replace-Url", owner.path) // a reload leads to the list, not to an empty form
	props := h.reveal(c, owner, key, secret, form.Expiry.zone())
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.RevealPage(props) },
		func() templ.Component { return views.RevealMain(props) })
}

func (h *Keys) repair(c echo.Context, owner keyOwner, form keyForm, refusal *models.Error) error {
	props, err := h.form(c, owner, form, refusal)
	if err != nil {
		return err
	}
	return renderEither(c, http.StatusUnprocessableEntity,
		func() templ.Component { return views.NewKeyPage(props) },
		func() templ.Component { return views.NewKeyMain(props) })
}

func (h *Keys) reveal(c echo.Context, owner keyOwner, key models.APIKey, secret models.Secret, zone *time.Location) views.Reveal {
	return views.Reveal{
		Shell:  owner.shell(c, "Your new API key"),
		Secret: secret.Reveal(), Purpose: key.Purpose, Expires: endsOn(key.ExpiresAt, zone, "Mon 2 Jan 2006"),
		Zone: zone.String(), ServerURL: h.ServerURL, ListPath: owner.path, Crumbs: owner.below(), StoredTo: owner.path + "/stored",
		Sentence: key.Sentence(h.Store.Now(), zone),
	}
}

// Stored is where "I have stored it" leads: back to the list, so that the page
// with the secret is behind a POST and not a click on Back away.
func (h *Keys) Stored(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	return seeOther(c, owner.path)
}

// AskRevoke shows what revoking will do: as a dialog over the list for htmx, as
// a page of its own otherwise.
func (h *Keys) AskRevoke(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	key, err := h.Store.APIKey(c.Request().Context(), owner.ID, c.Param("id"))
	if err != nil {
		return err
	}
	if !owner.MayRevoke {
		return models.Denied("You can look at this key, but not revoke it. Ask its owner, or an administrator.")
	}
	now, zone := h.Store.Now(), zoneOf(c)
	if !key.Usable(now) {
		return h.backToList(c, owner, views.Notice{Tone: views.ToneInfo, Title: "There is nothing to revoke", Text: "“" + key.Purpose + "” does not work any more."})
	}
	props := views.RevokeDialog{
		Shell:   owner.shell(c, "Revoke "+key.Purpose),
		Purpose: key.Purpose, Hint: key.Hint(), Owner: owner.name, LastUsed: lastUsed(key, now, zone),
		Expires: endsOn(key.ExpiresAt, zone, "2 Jan 2006").Text,
		Path:    owner.path + "/" + key.ID + "/revocation", ListPath: owner.path, Crumbs: owner.below(),
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
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	key, err := h.Store.RevokeAPIKey(c.Request().Context(), owner.ID, c.Param("id"))
	if err != nil {
		return err
	}
	return h.backToList(c, owner, views.Notice{Tone: views.ToneOK, Title: "“" + key.Purpose + "” is revoked", Text: "Anything that still uses " + key.Hint() + " is refused from now on.",
		Receipt: owner.path + "/" + key.ID + "/receipt"})
}

func (h *Keys) backToList(c echo.Context, owner keyOwner, notice views.Notice) error {
	if err := h.Sessions.Flash(c, notice); err != nil {
		return err
	}
	return seeOther(c, owner.path)
}
