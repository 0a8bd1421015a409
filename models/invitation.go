package models

import (
	"strconv"
	"strings"
	"time"
)

// Invitation lets whoever has its code become a user and a member of teams. It
// works once. (The portal invites people by name instead, see LinkInvitation;
// this form is for Octopus's clients.)
type Invitation struct {
	ID        int64 `gorm:"primaryKey"`
	Digest    []byte
	TeamIDs   []int64 `gorm:"serializer:json"`
	MadeBy    int64
	KeyID     string // the key that made it, "" when a session did
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

// InvitationLife is how long an invitation works at the most.
const InvitationLife = 72 * time.Hour

const invitationIDPrefix = "Invitations-"

// PublicID returns the id as the REST API writes it: "Invitations-3".
func (i Invitation) PublicID() string { return invitationIDPrefix + strconv.FormatInt(i.ID, 10) }

// ParseInvitationID reads "Invitations-3" without regard to case.
func ParseInvitationID(s string) (id int64, ok bool) {
	if len(s) <= len(invitationIDPrefix) || !strings.EqualFold(s[:len(invitationIDPrefix)], invitationIDPrefix) {
		return 0, false
	}
	id, err := strconv.ParseInt(s[len(invitationIDPrefix):], 10, 64)
	return id, err == nil && id > 0 && len(Invitation{ID: id}.PublicID()) == len(s)
}

// Live reports whether the invitation can be used at now.
func (i Invitation) Live(now time.Time) bool { return i.UsedAt == nil && now.Before(i.ExpiresAt) }

// MakeInvitation is the rule by which invitations are made. One that a key or
// token makes ends with it: nothing that comes of it outlives it. Which teams it
// may name is for the store to check.
func MakeInvitation(teamIDs []int64, actor *Actor, now time.Time) (Invitation, error) {
	switch {
	case actor == nil:
		return Invitation{}, Unauthorized()
	case !actor.May(UserEdit):
		return Invitation{}, Denied("You can't invite people. Ask an administrator for the right to edit users.")
	}
	i := Invitation{TeamIDs: append([]int64{}, teamIDs...), MadeBy: actor.User.ID, CreatedAt: now, ExpiresAt: now.Add(InvitationLife)}
	if actor.Key != nil {
		i.KeyID = actor.Key.ID
	}
	if ends, limited := actor.Ceiling(); limited && ends.Before(i.ExpiresAt) {
		i.ExpiresAt = ends
	}
	return i, nil
}
