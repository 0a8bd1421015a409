package api

// keyOperations are about API keys.
var keyOperations = []Operation{
	{Method: "GET", Path: "/api/users/:user/apikeys", Tag: "API keys", Summary: "The API keys of a user, newest first",
		Text:   "Revoked keys are not in it. The user is an id, or me. You see your own keys, those of service accounts that your team owns and, with UserView, all.",
		Query:  with(paging, Parameter{"partialPurpose", "string", "Only keys whose purpose contains this."}, Parameter{"partialKeyword", "string", "Only keys whose purpose contains this, or whose hint begins with it."}),
		Answer: collection[apiKeyResource]{}},
	{Method: "GET", Path: "/api/users/:user/apikeys/v1", Tag: "API keys", Summary: "The same list in the form of Octopus's newer routes",
		Query:  with(paging, Parameter{"partialPurpose", "string", "Only keys whose purpose contains this."}, Parameter{"partialKeyword", "string", "Only keys whose purpose contains this, or whose hint begins with it."}),
		Answer: apiKeysV1{}},
	{Method: "POST", Path: "/api/users/:user/apikeys", Tag: "API keys", Summary: "Make an API key",
		Text:    "The key itself is in this answer only, as ApiKey. Expires is a date and time with offset, like 2027-05-22T18:00:00+02:00; left out it is the default, and null the maximum. It can't end later than the key that makes the call, nor beyond the maximum in the settings. You make keys for yourself and, with the rights for it, for service accounts. Keyport's additions are AccessLevel (FullAccess or ReadOnly), Services (names; keyport is this API), AllowedNetworks and DeniedNetworks (like 192.0.2.0/24, up to 50 in all): what is left out is what the caller has, and never more than that is given.",
		Headers: []Parameter{{"Idempotency-Key", "string", "Keyport's addition: a text of your choice, 1 to 200 characters. The same call with the same one makes no second key and is answered 409 with the id of the key that there is; another call with it is answered 400. It counts for one caller and one user, as long as the key is kept."}},
		Body:    newAPIKey{}, BodyRequired: true, Answer: apiKeyCreated{}, Example: `{"Purpose": "Release pipeline"}`},
	{Method: "GET", Path: "/api/users/:user/apikeys/:id", Tag: "API keys", Summary: "One API key", Answer: apiKeyResource{}},
	{Method: "DELETE", Path: "/api/users/:user/apikeys/:id", Tag: "API keys", Summary: "Revoke an API key", Text: "It opens nothing from then on. It can't be undone.", Answer: none{}},
	{Method: "GET", Path: "/api/apikeys", Tag: "API keys", Summary: "The API keys of all users", Ours: true,
		Text: "Needs UserView. Usable keys unless status says otherwise, those that end soonest first. Follow Page.Next.",
		Query: []Parameter{paging[1], {"status", "string", "usable (without it), expires-soon, expired, revoked or all."}, {"owner", "string", "Part of a user name, display name or e-mail address, or a user id."},
			{"kind", "string", "person or service."}, {"purpose", "string", "Part of the purpose."}, {"created-from", "string", "First day on which a key was made, 2027-05-22."}, {"created-to", "string", "Last such day."},
			{"ends-from", "string", "First day on which a key ends."}, {"ends-to", "string", "Last such day."}, {"used-from", "string", "First day of the last use."}, {"used-to", "string", "Last such day."},
			{"used", "string", "never: only keys that were never used."}, {"over", "string", "maximum: only keys that end later than a new one could; or a number of days from today."},
			{"sort", "string", "expires, created, purpose, last-used or owner."}, {"dir", "string", "desc for the other direction."}, {"zone", "string", "The time zone of the days, UTC without it."}, {"cursor", "string", "Where the page begins; comes with Page.Next."}},
		Answer: keyPage{}},
	{Method: "GET", Path: "/api/apikeys/self", Tag: "API keys", Summary: "The key that makes the call: purpose, owner, expiry, access", Answer: ownedKeyResource{}, Ours: true},
	{Method: "DELETE", Path: "/api/apikeys/self", Tag: "API keys", Summary: "Revoke the key that makes the call", Answer: none{}, Ours: true},
}
