package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// newRotation is what a client may send to put a key in the place of another.
type newRotation struct {
	Expires     optionalTime
	OverlapDays *int    // how long the old key goes on, 0 to 30 days
	OldKeyEnds  *string // "OnFirstUse" instead: when the new key is first used
}

// onFirstUse is the value of OldKeyEnds.
const onFirstUse = "OnFirstUse"

func (n newRotation) wish(formID string) models.Rotation {
	wish := models.Rotation{Expires: n.Expires.wish(), FormID: formID}
	if n.OverlapDays != nil {
		days := min(max(*n.OverlapDays, -1), models.MaxOverlapDays+1) // no more than the rule needs to refuse it
		wish.Overlap = time.Duration(days) * 24 * time.Hour
	}
	if n.OldKeyEnds != nil {
		wish.UntilUsed = strings.EqualFold(*n.OldKeyEnds, onFirstUse)
		wish.BadlyWritten = !wish.UntilUsed || n.OverlapDays != nil
	}
	return wish
}

// Rotate makes a key in the place of another one and answers as Create does.
func (h *APIKeys) Rotate(c echo.Context) error {
	owner, err := ownerID(c)
	if err != nil {
		return err
	}
	return h.rotate(c, owner, c.Param("id"))
}

// RotateSelf puts another key in the place of the one that makes the call.
func (h *APIKeys) RotateSelf(c echo.Context) error {
	actor, err := byKey(c)
	if err != nil {
		return err
	}
	return h.rotate(c, actor.User.ID, actor.Key.ID)
}

// rotate takes a call without a body for one that leaves everything to the
// server: the default expiry, and an old key that ends at once.
func (h *APIKeys) rotate(c echo.Context, owner int64, keyID string) error {
	var sent newRotation
	if c.Request().ContentLength != 0 {
		if err := read(c, &sent); err != nil {
			return err
		}
	}
	once, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	wish := sent.wish(onceFor(c, owner, once))
	key, secret, err := h.Store.RotateAPIKey(c.Request().Context(), owner, keyID, wish)
	if err != nil {
		return h.rotatedBefore(c, err, owner, wish.FormID)
	}
	return write(c, http.StatusOK, h.links().apiKeyCreated(key, secret))
}

// rotatedBefore tells a call that was sent again which key it made the first
// time.
func (h *APIKeys) rotatedBefore(c echo.Context, refusal error, owner int64, formID string) error {
	if kind := models.KindOf(refusal); formID == "" || kind != models.Conflict && kind != models.Invalid {
		return refusal
	}
	made, err := h.Store.KeyMadeWith(c.Request().Context(), owner, formID)
	if err != nil { // it was refused for another reason
		return refusal
	}
	return models.Conflicted("The key " + made.ID + " was made with this Idempotency-Key before, and its secret was in the first answer only. If you did not receive that, revoke the key and rotate once more, with another Idempotency-Key.")
}
