package handlers

import (
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// AskRotate shows the form that puts a new key in the place of one. For a key
// that has ended, to which mail leads as well, it offers a new one like it.
func (h *Keys) AskRotate(c echo.Context) error {
	owner, key, err := h.toRotate(c)
	if err != nil {
		return err
	}
	refusal, err := h.mayRotate(c, owner, key)
	if err != nil {
		return err
	}
	form := rotationForm{Expiry: expiryForm{Zone: zoneOf(c).String()}}
	props, err := h.rotation(c, owner, key, form, refusal)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.RotationPage(props))
}

// toRotate reads which key is meant.
func (h *Keys) toRotate(c echo.Context) (owner keyOwner, key models.APIKey, err error) {
	if owner, err = h.ownerOf(c); err != nil {
		return owner, key, err
	}
	key, err = h.Store.APIKey(c.Request().Context(), owner.ID, c.Param("id"))
	return owner, key, err
}

// mayRotate asks beforehand what the operation will ask. Who can't make keys for
// others has nothing to do here; who can't make his own, for now, is told so.
func (h *Keys) mayRotate(c echo.Context, owner keyOwner, key models.APIKey) (refusal *models.Error, err error) {
	if owner.NoNewKeys != nil && owner.name != "" {
		return nil, owner.NoNewKeys
	}
	_, after, err := h.Store.KeyRelatives(c.Request().Context(), key)
	switch now := h.Store.Now(); {
	case err != nil:
		return nil, err
	case owner.NoNewKeys != nil:
		return owner.NoNewKeys, nil
	case !key.Usable(now):
		return models.NothingToRotate(), nil
	case after != nil && after.Usable(now):
		return models.RotatedAlready(*after), nil
	}
	return nil, nil
}

// Rotate makes the new key and shows its secret, straight from the POST, as
// Create does.
func (h *Keys) Rotate(c echo.Context) error {
	owner, old, err := h.toRotate(c)
	if err != nil {
		return err
	}
	form := readRotationForm(c)
	key, secret, err := h.Store.RotateAPIKey(c.Request().Context(), owner.ID, old.ID, form.wish())
	switch kind := models.KindOf(err); {
	case err == nil:
	case kind == models.Conflict:
		return h.backToList(c, owner, views.Notice{Tone: views.ToneWarn, Title: "No second key was made", Text: models.Refusal(err).Message})
	case kind == models.Invalid, kind == models.Forbidden && owner.name == "":
		return h.repairRotation(c, owner, old, form, models.Refusal(err))
	default:
		return err
	}
	props := h.reveal(c, owner, key, secret, form.Expiry.zone())
	if props.Old, err = h.oldKeyNow(c, owner, old, key, form.Expiry.zone()); err != nil {
		return err
	}
	c.Response().Header().Set("HX-Replace-Url", owner.path) // as after Create
	return renderEither(c, http.StatusOK,
		func() templ.Component { return views.RevealPage(props) },
		func() templ.Component { return views.RevealMain(props) })
}

func (h *Keys) repairRotation(c echo.Context, owner keyOwner, key models.APIKey, form rotationForm, refusal *models.Error) error {
	props, err := h.rotation(c, owner, key, form, refusal)
	if err != nil {
		return err
	}
	return renderEither(c, http.StatusUnprocessableEntity,
		func() templ.Component { return views.RotationPage(props) },
		func() templ.Component { return views.RotationMain(props) })
}

// oldKeyNow says what has become of the key that was rotated.
func (h *Keys) oldKeyNow(c echo.Context, owner keyOwner, old, by models.APIKey, zone *time.Location) (string, error) {
	old, err := h.Store.APIKey(c.Request().Context(), owner.ID, old.ID)
	switch name := "The old key " + old.Hint(); {
	case err != nil:
		return "", err
	case by.EndsOld:
		return name + " works until this one is first used, and at the latest until " + models.LastDay(old.ExpiresAt, zone) + ".", nil
	case !old.Usable(h.Store.Now().Add(time.Second)):
		return name + " is refused from now on.", nil
	default:
		return name + " works until " + models.LastDay(old.ExpiresAt, zone) + ".", nil
	}
}

// rotationOver says why a key can't be rotated, and offers what can be done.
func (h *Keys) rotationOver(c echo.Context, owner keyOwner, key models.APIKey, refusal *models.Error) (*views.RotationOver, error) {
	_, after, err := h.Store.KeyRelatives(c.Request().Context(), key)
	switch now := h.Store.Now(); {
	case err != nil:
		return nil, err
	case refusal.Kind == models.Forbidden:
		return &views.RotationOver{Title: "You can't have new keys now", Text: refusal.Message}, nil
	case after != nil && after.Usable(now):
		return &views.RotationOver{Title: "Another key took its place", Text: refusal.Message,
			Next: views.Link{Path: owner.keyPath(*after), Label: "Open that key"}}, nil
	case isPattern(key, now):
		return &views.RotationOver{Title: "This key has ended", Text: refusal.Message,
			Next: views.Link{Path: withQuery(owner.path+"/new", url.Values{"like": {key.ID}}), Label: "Make a new key with the same purpose and access"}}, nil
	}
	return &views.RotationOver{Title: "This key ended long ago", Text: refusal.Message, Next: views.Link{Path: owner.path + "/new", Label: "Make a new key"}}, nil
}

// relatives adds the key in whose place this one came, the one that took its
// place, and who still calls with the older of the two.
func (h *Keys) relatives(c echo.Context, owner keyOwner, key models.APIKey, props *views.KeyPage) error {
	ctx, now, zone := c.Request().Context(), h.Store.Now(), zoneOf(c)
	before, after, err := h.Store.KeyRelatives(ctx, key)
	if err != nil {
		return err
	}
	if before != nil {
		props.Before = &views.Relative{Path: owner.keyPath(*before), Hint: before.Hint(), Text: standing(*before, key.EndsOld, now, zone)}
	}
	if after != nil {
		props.After = &views.Relative{Path: owner.keyPath(*after), Hint: after.Hint(), Text: "Since " + atMinute(after.CreatedAt, zone).Text}
	}
	switch {
	case after != nil && key.Usable(now):
		props.Going = true
		props.StillUsed, err = h.stillUsed(c, owner, key, after.CreatedAt, props)
	case before != nil && before.Usable(now):
		props.StillUsed, err = h.stillUsed(c, owner, *before, key.CreatedAt, nil)
	}
	return err
}

// standing says until when an old key goes on, or that it does not.
func standing(old models.APIKey, untilUsed bool, now time.Time, zone *time.Location) string {
	switch {
	case old.RevokedAt != nil:
		return "Revoked " + onDay(*old.RevokedAt, zone).Text
	case !old.Usable(now):
		return "Ended " + models.LastDay(old.ExpiresAt, zone)
	case untilUsed:
		return "Works until this one is first used, at the latest until " + models.LastDay(old.ExpiresAt, zone)
	}
	return "Works until " + models.LastDay(old.ExpiresAt, zone)
}

// stillUsed splits the clients of an old key into those that called since it
// was rotated, and on its own page those that did not.
func (h *Keys) stillUsed(c echo.Context, owner keyOwner, old models.APIKey, since time.Time, page *views.KeyPage) (*views.OldKeyUse, error) {
	uses, err := h.Store.KeyUses(c.Request().Context(), owner.ID, old.ID)
	if err != nil {
		return nil, err
	}
	now, zone := h.Store.Now(), zoneOf(c)
	still := &views.OldKeyUse{Text: "Nobody has called with it since " + atMinute(since, zone).Text + ", when it was rotated."}
	earlier := 0
	for earlier < len(uses) && uses[earlier].UsedAt.After(since) {
		earlier++
	}
	if earlier > 0 {
		still.Clients = clients(uses[:earlier], now, zone)
		still.Text = "These called since " + atMinute(since, zone).Text + ", when it was rotated. Give them the new key before the old one ends."
	}
	if page != nil {
		page.Clients = clients(uses[earlier:], now, zone)
	}
	return still, nil
}
