package handlers

import (
	"net/http"
	"strings"

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
	return render(c, http.StatusOK, views.KeyDetails(h.keyPage(c, owner, key, uses)))
}

func (h *Keys) keyPage(c echo.Context, owner keyOwner, key models.APIKey, uses []models.KeyUse) views.KeyPage {
	now, zone := h.Store.Now(), zoneOf(c)
	row := keyRow(key, now, zone, owner.path)
	if !owner.MayRevoke {
		row.RevokePath = ""
	}
	props := views.KeyPage{Shell: owner.shell(c, key.Purpose), Crumbs: owner.below(), Key: row, Owner: owner.name, Zone: zone.String(),
		History: history(c, models.ParamKey, key.ID), Sentence: key.Sentence(now, zone), Limits: limits(key.Access)}
	if key.RevokedAt != nil {
		props.Receipt = owner.path + "/" + key.ID + "/receipt"
	}
	for _, use := range uses {
		program := use.UserAgent
		if program == "" {
			program = "Unknown program"
		}
		props.Clients = append(props.Clients, views.KeyClient{Address: use.Address, Program: program, Last: atMinute(use.UsedAt, zone), LastRelative: ago(use.UsedAt, now, zone)})
	}
	return props
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
