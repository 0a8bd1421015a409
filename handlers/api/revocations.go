package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// newRevocation is what a client sends to revoke many keys: those of the filter
// in the query, or those that it names.
type newRevocation struct {
	Ids          []string
	ExpectedKeys *int
	Reason       string
}

// revocationWorkResource is how far a revocation of many keys is.
type revocationWorkResource struct {
	Id              string
	Reason          string
	StartedByUserId string // "" for the server's console
	StartedBy       string
	Started         timestamp
	Finished        *timestamp // null while it runs
	IsRunning       bool
	KeysChosen      int
	KeysRevoked     int
	KeysSkipped     int              // had ended, were no longer what was chosen, or were unknown
	Stopped         string           // why it ended before its end, "" if it did not
	Receipt         *receiptResource // which replicas refuse the keys, once it is over
	Links           Links
}

// revocationKeyResource is one key of a revocation. Of a key that is gone, or
// that never was, only the id is known.
type revocationKeyResource struct {
	KeyId   string
	UserId  string
	Purpose string
	Hint    string
	Outcome string
}

// outcomeNames are what became of a key, as the API calls it.
var outcomeNames = map[models.Outcome]string{
	models.OutcomeRevoked: "Revoked", models.OutcomeEnded: "Ended", models.OutcomeChanged: "Changed", models.OutcomeGone: "NotFound", "": "Waiting",
}

// Revoke starts to revoke many keys, for whom the page would.
func (h *AllKeys) Revoke(c echo.Context) error {
	ctx := c.Request().Context()
	if err := models.MaySeeAllKeys(models.ActorFrom(ctx)); err != nil {
		return err
	}
	if err := models.MayRevokeMany(models.ActorFrom(ctx)); err != nil {
		return err
	}
	var sent newRevocation
	if err := read(c, &sent); err != nil {
		return err
	}
	wish, err := h.revocationWish(c, sent)
	if err != nil {
		return err
	}
	started, err := h.Store.StartRevocation(ctx, wish)
	if err != nil {
		return err
	}
	if reason, _ := models.CleanText(wish.Reason, "", models.MaxReason); started.Query != wish.Query || started.Reason != reason {
		return models.InvalidField("Idempotency-Key", "This Idempotency-Key was used before, to start the different revocation "+started.PublicID()+". Use another one for each revocation.")
	}
	c.Response().Header().Set("Location", h.links().to(revocationPath(started)))
	return h.writeRevocation(c, http.StatusAccepted, started)
}

func revocationPath(r models.Revocation) string { return "/api/apikeys/revocations/" + r.PublicID() }

// revocationWish reads which keys are to go, and how many the caller expects. The
// query of a wish tells a call that was sent again from another one.
func (h *AllKeys) revocationWish(c echo.Context, sent newRevocation) (wish models.RevocationWish, err error) {
	once, err := idempotencyKey(c)
	if err != nil {
		return wish, err
	}
	if sent.ExpectedKeys == nil {
		return wish, models.InvalidField("ExpectedKeys", "Send ExpectedKeys, the number of keys that you mean to revoke: of a filter, TotalResults of GET /api/apikeys. More are never revoked.")
	}
	wish = models.RevocationWish{Reason: sent.Reason, Shown: *sent.ExpectedKeys, FormID: onceFor(c, 0, once)}
	filters := parameters(c)
	filters.Del("apikey") // the credential of old scripts
	switch {
	case sent.Ids == nil:
		return wish, h.chooseByFilter(c, filters, &wish)
	case len(filters) > 0:
		return wish, models.InvalidField("Ids", "Choose the keys by a filter in the query or by Ids, and not by both.")
	}
	return wish, h.chooseByIDs(sent.Ids, &wish)
}

// chooseByFilter takes the filters of the list. What the list passes over is
// refused here: a filter that is empty or misspelt would choose every key.
func (h *AllKeys) chooseByFilter(c echo.Context, filters url.Values, wish *models.RevocationWish) error {
	if len(filters) == 0 {
		return models.InvalidField("", "Say which keys: by a filter in the query, as for GET /api/apikeys, or by Ids. All usable keys are status=usable.")
	}
	search, zone, problems := readKeySearch(filters)
	search.Order = models.KeyOrder{}
	used := search.Values()
	used.Set(paramZone, zone.String())
	if search.Status == models.KeyUsable {
		used.Set(models.ParamStatus, string(models.KeyUsable))
	}
	for name, values := range filters {
		if len(problems) == 0 && (!used.Has(name) || len(values) > 1 || values[0] == "") {
			problems = append(problems, models.Problem{Message: "One member of the query chooses no keys: it is empty, misspelt, sent twice or no filter of GET /api/apikeys, such as take. Nothing was changed. Leave it out, or correct it."})
		}
	}
	if err := models.InvalidInput(problems); err != nil {
		return err
	}
	settings, err := h.Store.AuthSettings(c.Request().Context())
	wish.Query, wish.Selection = used.Encode(), search.Selection(h.Store.Now(), zone, settings.APIKeyMaximumDays)
	return err
}

// chooseByIDs takes the usable ones of the keys that are named.
func (h *AllKeys) chooseByIDs(ids []string, wish *models.RevocationWish) error {
	clean, problem := models.CleanKeyIDs(ids)
	if problem != "" {
		return models.InvalidField("Ids", problem)
	}
	sum := sha256.Sum256([]byte(strings.Join(clean, " ")))
	wish.KeyIDs, wish.Query = clean, "ids="+hex.EncodeToString(sum[:])
	wish.Selection = models.KeySelection{At: h.Store.Now(), Status: models.KeyUsable}
	return nil
}

// ShowRevocation tells how far a revocation is and, once it is over, which
// replicas refuse its keys.
func (h *AllKeys) ShowRevocation(c echo.Context) error {
	r, err := h.revocation(c)
	if err != nil {
		return err
	}
	return h.writeRevocation(c, http.StatusOK, r)
}

func (h *AllKeys) revocation(c echo.Context) (r models.Revocation, err error) {
	id, ok := models.ParseRevocationID(c.Param("id"))
	if !ok {
		return r, models.Missing("revocation")
	}
	return h.Store.Revocation(c.Request().Context(), id)
}

func (h *AllKeys) writeRevocation(c echo.Context, status int, r models.Revocation) error {
	path := revocationPath(r)
	resource := revocationWorkResource{Id: r.PublicID(), Reason: r.Reason, StartedBy: r.Username, Started: timestamp(r.StartedAt), Finished: timestampOf(r.FinishedAt), IsRunning: r.Running(),
		KeysChosen: r.Total, KeysRevoked: r.Revoked, KeysSkipped: r.Skipped, Stopped: r.Stopped,
		Links: h.links().all(Links{"Self": path, "Keys": path + "/keys{?skip,take}", "Receipt": path + "/receipt"})}
	if r.UserID != 0 {
		resource.StartedByUserId = models.UserID(r.UserID)
	}
	if !r.Running() && r.Revoked > 0 {
		_, receipt, err := h.Store.RevocationReceipt(c.Request().Context(), r.ID)
		if err != nil {
			return err
		}
		answers := receiptOf(receipt)
		resource.Receipt = &answers
	}
	return write(c, status, resource)
}

// RevocationKeys lists the keys of a revocation with what became of each, first
// those that were not revoked.
func (h *AllKeys) RevocationKeys(c echo.Context) error {
	r, err := h.revocation(c)
	if err != nil {
		return err
	}
	page, err := readPage(c)
	if err != nil {
		return err
	}
	keys, _, err := h.Store.RevocationKeys(c.Request().Context(), r.ID, page)
	if err != nil {
		return err
	}
	items := make([]revocationKeyResource, len(keys))
	for i, k := range keys {
		items[i] = revocationKeyResource{KeyId: k.ID, Outcome: outcomeNames[k.Outcome]}
		if k.UserID != 0 {
			items[i].UserId, items[i].Purpose, items[i].Hint = models.UserID(k.UserID), k.Purpose, k.Hint()
		}
	}
	return write(c, http.StatusOK, newCollection("RevocationKey", items, r.Total, page, h.links().to(revocationPath(r)+"/keys"), nil))
}
