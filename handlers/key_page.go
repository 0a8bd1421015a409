package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/views"
)

// Show shows one key: its facts, and from where it was used lately.
func (h *Keys) Show(c echo.Context) error {
	owner, err := h.ownerOf(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	key, err := h.Store.APIKey(ctx, owner.ID, c.Param("id"))
	if err != nil {
		return err
	}
	uses, err := h.Store.KeyUses(ctx, owner.ID, key.ID)
	if err != nil {
		return err
	}
	props := h.keyPage(c, owner, key, uses)
	if err := h.relatives(c, owner, key, &props); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.KeyDetails(props))
}

func (h *Keys) keyPage(c echo.Context, owner keyOwner, key models.APIKey, uses []models.KeyUse) views.KeyPage {
	now, zone := h.Store.Now(), zoneOf(c)
	props := views.KeyPage{Shell: owner.shell(c, key.Purpose), Crumbs: owner.below(), Key: owner.row(key, now, zone), Owner: owner.name, Zone: zone.String(),
		History: history(c, models.ParamKey, key.ID), Sentence: key.Sentence(now, zone), Limits: limits(key.Access)}
	if key.RevokedAt != nil {
		props.Receipt = owner.path + "/" + key.ID + "/receipt"
	}
	props.Clients = clients(uses, now, zone)
	return props
}

// clients shows from where a key was used.
func clients(uses []models.KeyUse, now time.Time, zone *time.Location) (list []views.KeyClient) {
	for _, use := range uses {
		program := use.UserAgent
		if program == "" {
			program = "Unknown program"
		}
		list = append(list, views.KeyClient{Address: use.Address, Program: program, Last: atMinute(use.UsedAt, zone), LastRelative: ago(use.UsedAt, now, zone)})
	}
	return list
}

// limits lists what a key is limited to.
func limits(a models.Access) (pairs []views.Pair) {
	for _, limit := range []views.Pair{{Name: "Services", Value: strings.Join(a.Services, ", ")}, {Name: "Only from", Value: strings.Join(a.Allowed.Texts(), ", ")},
		{Name: "Never from", Value: strings.Join(a.Denied.Texts(), ", ")}} {
		if limit.Value != "" {
			pairs = append(pairs, limit)
		}
	}
	return pairs
}
