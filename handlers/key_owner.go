package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// MyServiceAccountsPath is the list of the service accounts that the actor's
// teams own.
const MyServiceAccountsPath = "/account/service-accounts"

// keyOwner is whose keys a request is about, and where their pages stand: under
// Profile when they are the actor's own, else under the user.
type keyOwner struct {
	models.KeyOwner
	name   string // "" when the keys are the actor's own
	path   string // of the list
	area   views.Area
	page   string        // entry of the side navigation
	crumbs []views.Crumb // that lead to the list
}

// ownerOf reads whose keys the address is about. A stranger's look like those
// of nobody.
func (h *Keys) ownerOf(c echo.Context) (keyOwner, error) {
	ctx := c.Request().Context()
	actor := models.ActorFrom(ctx)
	if c.Param("user") == "" {
		found, err := h.Store.KeyOwner(ctx, actor.User.ID)
		return keyOwner{KeyOwner: found, path: KeysPath, area: views.AreaProfile, page: KeysPath}, err
	}
	id, err := userID(c)
	if err != nil {
		return keyOwner{}, err
	}
	found, err := h.Store.KeyOwner(ctx, id)
	if err != nil {
		return keyOwner{}, err
	}
	o := keyOwner{KeyOwner: found, name: found.Name(), path: userPath(id) + "/apikeys", area: views.AreaConfiguration, page: UsersPath,
		crumbs: []views.Crumb{{Path: UsersPath, Label: "Users"}, {Path: userPath(id), Label: found.Name()}}}
	if !actor.May(models.UserView) { // a member of the team that owns the account
		o.area, o.page = views.AreaProfile, MyServiceAccountsPath
		o.crumbs = []views.Crumb{{Path: MyServiceAccountsPath, Label: "Service accounts"}}
	}
	return o, nil
}

func (o keyOwner) title() string {
	if o.name == "" {
		return "My API Keys"
	}
	return "API keys of " + o.name
}

// below are the crumbs of a page that hangs below the list.
func (o keyOwner) below() []views.Crumb {
	label := "API keys"
	if o.name == "" {
		label = o.title()
	}
	return append(o.crumbs[:len(o.crumbs):len(o.crumbs)], views.Crumb{Path: o.path, Label: label})
}

func (o keyOwner) shell(c echo.Context, title string) views.Shell {
	return shellOf(c, title, o.area, o.page)
}

// row shows one of the keys, with what the reader may do with it.
func (o keyOwner) row(key models.APIKey, now time.Time, zone *time.Location) views.KeyRow {
	row := keyRow(key, now, zone, o.path)
	if !o.MayRevoke {
		row.RevokePath = ""
	}
	if o.NoNewKeys == nil && key.Usable(now) {
		row.RotatePath = o.rotationPath(key)
	}
	return row
}

func (o keyOwner) keyPath(key models.APIKey) string { return o.path + "/" + key.ID }

func (o keyOwner) rotationPath(key models.APIKey) string { return o.keyPath(key) + "/rotation" }

// lead says below the heading what can be done here.
func (o keyOwner) lead() string {
	switch {
	case !o.IsService && o.MayRevoke:
		return "You can revoke these keys. Only " + o.name + " can create new ones, because whoever creates a key sees its secret."
	case !o.IsService:
		return "You can look at these keys, but not change them."
	case o.NoNewKeys == nil:
		return "A service account can have as many keys as it needs. Nobody signs in with it."
	case o.MayRevoke:
		return "You can revoke these keys, but not create new ones."
	}
	return "You can look at these keys, but not change them."
}

// notice says why no key can be made, where people expect that they can.
func (o keyOwner) notice() *views.Notice {
	switch {
	case o.NoNewKeys == nil:
		return nil
	case o.name == "" && o.IsActive:
		return &views.Notice{Tone: views.ToneInfo, Title: "New keys are turned off for people",
			Text: "Your administrator has switched off new API keys for people. Existing keys keep working until they expire, and you can still revoke them. For automation, ask for a service account: it can have keys, and nobody signs in with it."}
	case !o.IsActive:
		return &views.Notice{Tone: views.ToneInfo, Title: "This account is deactivated", Text: "Its keys are refused. Those that have neither expired nor been revoked work again once the account is reactivated."}
	case o.IsService && o.MayRevoke:
		return &views.Notice{Tone: views.ToneInfo, Title: "You can't create keys for this account", Text: o.NoNewKeys.Message}
	}
	return nil
}
