package api

// eventOperations are about the audit trail.
var eventOperations = []Operation{
	{Method: "GET", Path: "/api/events", Tag: "Events", Summary: "The audit trail, newest first", Text: "Needs EventView. Lists have commas between their entries.", Spaced: true, Table: true,
		Query: with(paging, byIDs,
			Parameter{"regarding", "string", "Ids of documents or users that an event must all be about."}, Parameter{"regardingAny", "string", "Ids of documents or users, of which it must be about one."},
			Parameter{"user", "string", "Id of who acted."}, Parameter{"users", "string", "Ids of who acted."}, Parameter{"eventCategories", "string", "Ids of categories."}, Parameter{"eventGroups", "string", "Ids of groups."},
			Parameter{"eventAgents", "string", "Server, Portal, or the User-Agent of a client."}, Parameter{"documentTypes", "string", "Ids of document types."},
			Parameter{"from", "string", "The first moment, as a date or a date and time with offset."}, Parameter{"to", "string", "The last moment."},
			Parameter{"fromAutoId", "integer", "The least number in the id."}, Parameter{"toAutoId", "integer", "The greatest number in the id."},
			Parameter{"excludeDifference", "boolean", "Leave out what was changed."}, Parameter{"asCsv", "boolean", "Answer all that match as a table."},
			Parameter{"spaces", "string", "Accepted; events belong to the whole server."}, Parameter{"includeSystem", "boolean", "Accepted."}, Parameter{"internal", "boolean", "Accepted."}),
		Answer: collection[eventResource]{}},
	{Method: "GET", Path: "/api/events/:id", Tag: "Events", Summary: "One event", Answer: eventResource{}, Spaced: true},
	{Method: "GET", Path: "/api/events/categories", Tag: "Events", Summary: "The categories of events", Query: []Parameter{{"appliesTo", "string", "Accepted."}}, Answer: []namedResource{}, Spaced: true},
	{Method: "GET", Path: "/api/events/groups", Tag: "Events", Summary: "The groups of categories", Query: []Parameter{{"appliesTo", "string", "Accepted."}}, Answer: []eventGroupResource{}, Spaced: true},
	{Method: "GET", Path: "/api/events/agents", Tag: "Events", Summary: "By what things are done", Answer: []namedResource{}, Spaced: true},
	{Method: "GET", Path: "/api/events/documenttypes", Tag: "Events", Summary: "What events can be about", Answer: []documentTypeResource{}, Spaced: true},
	{Method: "GET", Path: "/api/events/archives", Tag: "Events", Summary: "Files of old events: there are none", Query: paging, Answer: collection[archivedEventFile]{}, Spaced: true},
}

// subscriptionOperations are about who is told of events.
var subscriptionOperations = []Operation{
	{Method: "GET", Path: "/api/subscriptions", Tag: "Subscriptions", Summary: "Subscriptions by name", Text: "Needs SubscriptionView.", Query: with(paging, byIDs, byPart), Answer: collection[subscriptionResource]{}, Spaced: true},
	{Method: "POST", Path: "/api/subscriptions", Tag: "Subscriptions", Summary: "Create a subscription", Text: "Needs SubscriptionEdit and EventView.", Body: sentSubscription{}, BodyRequired: true, Answer: subscriptionResource{}, Status: 201, Spaced: true,
		Example: `{"Name": "Keys that end", "EventNotificationSubscription": {"Filter": {"EventGroups": ["ApiKeyExpiry"]}, "WebhookURI": "https://hooks.example.com/keyport"}}`},
	{Method: "GET", Path: "/api/subscriptions/all", Tag: "Subscriptions", Summary: "All subscriptions as a bare list", Answer: []subscriptionResource{}, Spaced: true},
	{Method: "GET", Path: "/api/subscriptions/:id", Tag: "Subscriptions", Summary: "One subscription", Answer: subscriptionResource{}, Spaced: true},
	{Method: "PUT", Path: "/api/subscriptions/:id", Tag: "Subscriptions", Summary: "Replace a subscription", Text: "Needs SubscriptionEdit and EventView. What is left out gets its default; WebhookHeaderValue keeps what is stored, unless the address changes.", Body: sentSubscription{}, BodyRequired: true, Answer: subscriptionResource{}, Spaced: true},
	{Method: "DELETE", Path: "/api/subscriptions/:id", Tag: "Subscriptions", Summary: "Remove a subscription", Answer: none{}, Spaced: true},
}
