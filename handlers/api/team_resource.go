package api

import "github.com/keyport/keyport/models"

type teamResource struct {
	Id                     string
	Name                   string
	Description            string
	MemberUserIds          []string
	ExternalSecurityGroups []struct{} // always empty: single sign-on decides on teams in the configuration
	CanBeDeleted           bool
	CanBeRenamed           bool
	CanChangeRoles         bool
	CanChangeMembers       bool
	SpaceId                *string // null: teams belong to the whole server
	Links                  Links
}

func (l linker) team(t models.TeamRecord) teamResource {
	members := []string{}
	for _, id := range t.MemberIDs {
		members = append(members, models.UserID(id))
	}
	self := "/api/teams/" + t.PublicID()
	return teamResource{
		Id: t.PublicID(), Name: t.Name, Description: t.Description, MemberUserIds: members, ExternalSecurityGroups: []struct{}{},
		CanBeDeleted: t.BuiltIn == "", CanBeRenamed: t.BuiltIn == "", CanChangeRoles: t.BuiltIn != models.Administrators, CanChangeMembers: t.BuiltIn != models.Everyone,
		Links: Links{"Self": l.to(self), "ScopedUserRoles": l.to(self + "/scopeduserroles{?skip,take}")},
	}
}

// teamReference is a team as the resources of its members name it.
type teamReference struct {
	Id                     string
	Name                   string
	SpaceId                *string
	IsDirectlyAssigned     bool
	ExternalSecurityGroups []struct{}
}

func teamReferences(teams []models.Team) []teamReference {
	references := make([]teamReference, 0, len(teams))
	for _, t := range teams {
		references = append(references, teamReference{Id: t.PublicID(), Name: t.Name, IsDirectlyAssigned: t.BuiltIn != models.Everyone, ExternalSecurityGroups: []struct{}{}})
	}
	return references
}
