package api

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// idempotencyKey reads the header by which a call that was lost can be sent
// again without a second effect.
func idempotencyKey(c echo.Context) (string, error) {
	values := c.Request().Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := strings.Trim(strings.TrimSpace(values[0]), `"`)
	if len(values) > 1 || key == "" || len(key) > maxIdempotencyKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", models.InvalidField("Idempotency-Key", "Send one Idempotency-Key of 1 to 200 visible ASCII characters, such as a random UUID, or none.")
	}
	return key, nil
}

const maxIdempotencyKey = 200

// onceFor is what is stored of an Idempotency-Key, for as long as the API key
// itself: two callers who chose the same one don't get into each other's way,
// nor does one script that makes keys for several accounts.
func onceFor(c echo.Context, owner int64, key string) string {
	if key == "" {
		return ""
	}
	caller := models.ActorFrom(c.Request().Context()).User.ID
	sum := sha256.Sum256([]byte(strconv.FormatInt(caller, 10) + " " + strconv.FormatInt(owner, 10) + " " + key))
	return hex.EncodeToString(sum[:])
}

// alreadyMade words the refusal of a call that was sent again. The key exists
// by then, and its secret is gone: it is in the first answer only. Another call
// with the same Idempotency-Key is a mistake that a 409 would hide.
func (h *APIKeys) alreadyMade(c echo.Context, err error, owner int64, wish models.NewKey) error {
	if wish.FormID == "" || models.KindOf(err) != models.Conflict {
		return err
	}
	made, err := h.Store.KeyMadeWith(c.Request().Context(), owner, wish.FormID)
	if err != nil {
		return err
	}
	if !wish.Describes(made) {
		return models.InvalidField("Idempotency-Key", "This Idempotency-Key was used before, to make the different key "+made.ID+". Use another one for each key.")
	}
	return models.Conflicted("The key " + made.ID + " was made with this Idempotency-Key before, and its secret was in the first answer only. If you did not receive that, revoke the key and make another one, with another Idempotency-Key.")
}
