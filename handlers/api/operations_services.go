package api

// serviceOperations are about the APIs that accept Keyport's keys.
var serviceOperations = []Operation{
	{Method: "GET", Path: "/api/services", Tag: "Services", Summary: "Services by name", Text: "Needs ConfigureServer.", Query: with(paging, byPart), Answer: collection[serviceResource]{}, Ours: true},
	{Method: "POST", Path: "/api/services", Tag: "Services", Summary: "Register a service", Text: "Needs ConfigureServer. ReadOnly says which calls a read-only key may make: in a path, * is one segment and /** at the end whatever is below; without rules, it may make GET, HEAD and OPTIONS.",
		Body: sentService{}, BodyRequired: true, Answer: serviceResource{}, Status: 201, Ours: true,
		Example: `{"Name": "billing", "Description": "Invoices and payments", "RatePerMinute": 600, "ReadOnly": [{"Methods": ["GET", "HEAD"], "Path": "/**"}, {"Methods": ["POST"], "Path": "/search"}]}`},
	{Method: "GET", Path: "/api/services/:id", Tag: "Services", Summary: "One service", Answer: serviceResource{}, Ours: true},
	{Method: "PUT", Path: "/api/services/:id", Tag: "Services", Summary: "Change a service", Text: "Its name stays. With a Version, a change that somebody else made meanwhile is refused with 409.", Body: sentService{}, BodyRequired: true, Answer: serviceResource{}, Ours: true},
	{Method: "DELETE", Path: "/api/services/:id", Tag: "Services", Summary: "Remove a service", Text: "Keys that may be used only there open nothing any more.", Answer: none{}, Ours: true},
}
