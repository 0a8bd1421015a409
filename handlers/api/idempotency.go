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

// onceFor is what is stored of an Idempotency-Key: two callers who chose the
// same one don't get into each other's way.
func onceFor(c echo.Context, key string) string {
	if key == "" {
		return ""
	}
	caller := models.ActorFrom(c.Request().Context()).User.ID
	sum := sha256.Sum256([]byte(strconv.FormatInt(caller, 10) + " " + key))
	return hex.EncodeToString(sum[:])
}

// alreadyMade words the refusal of a call that was sent again. The key exists
// by then, and its secret is gone: it is in the first answer only.
func alreadyMade(err error, key string) error {
	if key == "" || models.KindOf(err) != models.Conflict {
		return err
	}
	return models.Conflicted("A key was made with this Idempotency-Key before. It is in the list of keys, and its secret was in the first answer only. If you did not receive that, revoke the key and make another one, with another Idempotency-Key.")
}
