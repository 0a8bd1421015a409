package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Invitations serves /api/users/invitations.
type Invitations struct {
	Store    *store.Store
	BasePath string
}

// invitationResource has its code only in the answer that makes it.
type invitationResource struct {
	Id             string
	InvitationCode *string
	AddToTeamIds   []string
	SpaceId        string
	Expires        timestamp
	Links          Links
}

func (l linker) invitation(i models.Invitation, code *string) invitationResource {
	teams := []string{}
	for _, id := range i.TeamIDs {
		teams = append(teams, models.Team{ID: id}.PublicID())
	}
	return invitationResource{Id: i.PublicID(), InvitationCode: code, AddToTeamIds: teams, SpaceId: spaceID, Expires: timestamp(i.ExpiresAt),
		Links: l.all(Links{"Self": "/api/users/invitations/" + i.PublicID()})}
}

// sentInvitation is what clients send of an invitation.
type sentInvitation struct{ AddToTeamIds *[]string }

// Create makes an invitation and answers its code, this once.
func (h *Invitations) Create(c echo.Context) error {
	var sent sentInvitation
	if err := read(c, &sent); err != nil {
		return err
	}
	if sent.AddToTeamIds == nil {
		return models.InvalidField("AddToTeamIds", "Name in AddToTeamIds the teams that the new user joins. Send an empty list for none.")
	}
	teams, err := readIDs(*sent.AddToTeamIds, models.ParseTeamID, "AddToTeamIds")
	if err != nil {
		return err
	}
	made, code, err := h.Store.Invite(c.Request().Context(), teams)
	if err != nil {
		return err
	}
	return write(c, http.StatusCreated, linker{h.BasePath}.invitation(made, &code))
}

// Show reads an invitation that can still be used.
func (h *Invitations) Show(c echo.Context) error {
	id, ok := models.ParseInvitationID(c.Param("id"))
	if !ok {
		return models.Missing("invitation")
	}
	found, err := h.Store.Invitation(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, linker{h.BasePath}.invitation(found, nil))
}

// maxIDs bounds the ids in one request.
const maxIDs = 1000

// readIDs reads ids in a body, all of which must be some.
func readIDs(list []string, parse func(string) (int64, bool), field string) ([]int64, error) {
	if len(list) > maxIDs {
		return nil, models.InvalidField(field, field+" holds too many ids.")
	}
	ids := make([]int64, 0, len(list))
	for _, one := range list {
		id, ok := parse(one)
		if !ok {
			return nil, models.InvalidField(field, field+" holds something that is not an id.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
