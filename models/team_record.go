package models

// TeamRecord is a team with all its members. Everyone lists none.
type TeamRecord struct {
	Team
	MemberIDs []int64
}

// TeamPut is the wish to change a team; what is nil stays as it is. The
// permissions always do: Octopus's clients don't know ours.
type TeamPut struct {
	Name, Description *string
	MemberIDs         *[]int64
}

// Change returns the wish for the details, for a team as stored.
func (p TeamPut) Change(stored Team) TeamChange {
	wish := TeamChange{Version: stored.Version, NewTeam: NewTeam{Name: stored.Name, Description: stored.Description, Permissions: stored.Permissions}}
	if p.Name != nil {
		wish.Name = *p.Name
	}
	if p.Description != nil {
		wish.Description = *p.Description
	}
	return wish
}
