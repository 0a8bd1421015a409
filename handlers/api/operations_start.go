package api

// startOperations are where clients begin, and what they ask of the server
// itself.
var startOperations = []Operation{
	{Method: "GET", Path: "/api", Tag: "Start", Summary: "The root document, with links to everything", Answer: rootResource{}, Open: true},
	{Method: "GET", Path: "/api/", Tag: "Start", Summary: "The root document, with links to everything", Answer: rootResource{}, Open: true},
	{Method: "GET", Path: "/api/openapi.json", Tag: "Start", Summary: "This description", Answer: map[string]any{}, Open: true, Ours: true},
	{Method: "GET", Path: "/api/authentication", Tag: "Start", Summary: "How people sign in, and the limits of API keys", Answer: authenticationResource{}, Open: true},
	{Method: "GET", Path: "/api/users/authentication", Tag: "Start", Summary: "How you can sign in", Answer: userAuthenticationResource{}},
	{Method: "GET", Path: "/api/users/authentication/:user", Tag: "Start", Summary: "How a user can sign in", Answer: userAuthenticationResource{}},
	{Method: "GET", Path: "/api/serverstatus", Tag: "Start", Summary: "That the server is up, and its version", Answer: serverStatusResource{}},
	{Method: "GET", Path: "/api/serverstatus/timezones", Tag: "Start", Summary: "The time zones to choose from", Answer: []timeZoneResource{}},

	{Method: "GET", Path: "/api/spaces", Tag: "Spaces", Summary: "The one space, as a list", Query: with(paging, byIDs, byPart), Answer: collection[spaceResource]{}},
	{Method: "POST", Path: "/api/spaces", Tag: "Spaces", Summary: "Refused: there is one space for everything", Body: none{}, Refuses: true},
	{Method: "GET", Path: "/api/spaces/all", Tag: "Spaces", Summary: "The one space, as a bare list", Answer: []spaceResource{}},
	{Method: "GET", Path: "/api/spaces/:space", Tag: "Spaces", Summary: "The space by id, name or slug", Answer: spaceResource{}},
	{Method: "PUT", Path: "/api/spaces/:space", Tag: "Spaces", Summary: "Refused: the space can't be changed", Body: none{}, Refuses: true},
	{Method: "DELETE", Path: "/api/spaces/:space", Tag: "Spaces", Summary: "Refused: the space can't be removed", Refuses: true},
	{Method: "GET", Path: "/api/spaces-1", Tag: "Spaces", Summary: "The home document of the space, with its links", Answer: spaceHome{}},
}
