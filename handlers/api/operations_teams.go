package api

const rolesAreTeams = "Keyport gives permissions to teams directly, so each team that may do anything stands for one role."

// teamOperations are about teams, and what stands for Octopus's roles.
var teamOperations = []Operation{
	{Method: "GET", Path: "/api/teams", Tag: "Teams", Summary: "Teams by name", Text: "Needs TeamView.", Query: with(paging, byIDs, byPart, Parameter{"name", "string", "Only the team with this name."}), Answer: collection[teamResource]{}, Spaced: true},
	{Method: "POST", Path: "/api/teams", Tag: "Teams", Summary: "Create a team", Text: "Needs TeamEdit. It may do nothing until somebody gives it permissions on its page.", Body: sentTeam{}, BodyRequired: true, Answer: teamResource{}, Status: 201, Spaced: true, Example: `{"Name": "Release managers", "MemberUserIds": []}`},
	{Method: "GET", Path: "/api/teams/all", Tag: "Teams", Summary: "All teams as a bare list", Answer: []teamResource{}, Spaced: true},
	{Method: "GET", Path: "/api/teams/:id", Tag: "Teams", Summary: "One team", Answer: teamResource{}, Spaced: true},
	{Method: "PUT", Path: "/api/teams/:id", Tag: "Teams", Summary: "Change a team", Text: "Needs TeamEdit.", Body: sentTeam{}, BodyRequired: true, Answer: teamResource{}, Spaced: true},
	{Method: "DELETE", Path: "/api/teams/:id", Tag: "Teams", Summary: "Remove a team", Text: "Needs TeamEdit.", Answer: none{}, Spaced: true},
	{Method: "GET", Path: "/api/teams/:id/scopeduserroles", Tag: "Teams", Summary: "The role of a team", Text: rolesAreTeams, Query: paging, Answer: collection[scopedRoleResource]{}, Spaced: true},
	{Method: "GET", Path: "/api/scopeduserroles", Tag: "Teams", Summary: "Where the roles hold", Text: rolesAreTeams, Query: with(paging, byIDs), Answer: collection[scopedRoleResource]{}, Spaced: true},
	{Method: "POST", Path: "/api/scopeduserroles", Tag: "Teams", Summary: "Refused: choose permissions on the team's page", Body: none{}, Refuses: true, Spaced: true},
	{Method: "GET", Path: "/api/scopeduserroles/:id", Tag: "Teams", Summary: "Where one role holds", Answer: scopedRoleResource{}, Spaced: true},
	{Method: "PUT", Path: "/api/scopeduserroles/:id", Tag: "Teams", Summary: "Refused: choose permissions on the team's page", Body: none{}, Refuses: true, Spaced: true},
	{Method: "DELETE", Path: "/api/scopeduserroles/:id", Tag: "Teams", Summary: "Refused: choose permissions on the team's page", Refuses: true, Spaced: true},
	{Method: "GET", Path: "/api/userroles", Tag: "Teams", Summary: "The roles", Text: rolesAreTeams, Query: with(paging, byIDs, byPart), Answer: collection[userRoleResource]{}},
	{Method: "POST", Path: "/api/userroles", Tag: "Teams", Summary: "Refused: choose permissions on the team's page", Body: none{}, Refuses: true},
	{Method: "GET", Path: "/api/userroles/all", Tag: "Teams", Summary: "All roles as a bare list", Answer: []userRoleResource{}},
	{Method: "GET", Path: "/api/userroles/:id", Tag: "Teams", Summary: "One role", Answer: userRoleResource{}},
	{Method: "PUT", Path: "/api/userroles/:id", Tag: "Teams", Summary: "Refused: choose permissions on the team's page", Body: none{}, Refuses: true},
	{Method: "DELETE", Path: "/api/userroles/:id", Tag: "Teams", Summary: "Refused: choose permissions on the team's page", Refuses: true},
	{Method: "GET", Path: "/api/permissions/all", Tag: "Teams", Summary: "The permissions that there are", Answer: permissionDescriptions{}},
}
