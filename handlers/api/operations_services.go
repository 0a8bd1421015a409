package api

const introspectText = "Token introspection (RFC 7662), for services that were shown a key. The service asks by a key of its own service account, in a header; one that is for some services answers for those alone. " +
	"Send method, uri and ip of the call too, so that the key is judged by its access; what is left out counts against a key that is limited in it. " +
	"A key that is unknown, over, revoked, switched off or from a wrong network is not active, and nothing more is said. Of a key that is good, but not for this call, denied says service or read-only. " +
	"With one asking key, 60,000 wrong keys a minute may be asked about; then all its questions are answered 429 with Retry-After until it has waited."

// serviceOperations are about the APIs that accept Keyport's keys.
var serviceOperations = []Operation{
	{Method: "GET", Path: "/api/services", Tag: "Services", Summary: "Services by name", Text: "Needs ConfigureServer.", Query: with(paging, byPart), Answer: collection[serviceResource]{}, Ours: true},
	{Method: "POST", Path: "/api/services", Tag: "Services", Summary: "Register a service", Text: "Needs ConfigureServer. ReadOnly says which calls a read-only key may make: in a path, * is one segment and /** at the end whatever is below; without rules, it may make GET, HEAD and OPTIONS.",
		Body: sentService{}, BodyRequired: true, Answer: serviceResource{}, Status: 201, Ours: true,
		Example: `{"Name": "billing", "Description": "Invoices and payments", "RatePerMinute": 600, "ReadOnly": [{"Methods": ["GET", "HEAD"], "Path": "/**"}, {"Methods": ["POST"], "Path": "/search"}]}`},
	{Method: "GET", Path: "/api/services/:id", Tag: "Services", Summary: "One service", Answer: serviceResource{}, Ours: true},
	{Method: "PUT", Path: "/api/services/:id", Tag: "Services", Summary: "Change a service", Text: "Its name stays. With a Version, a change that somebody else made meanwhile is refused with 409.", Body: sentService{}, BodyRequired: true, Answer: serviceResource{}, Ours: true},
	{Method: "POST", Path: IntrospectPath, Tag: "Services", Summary: "Ask what a key is worth", Text: introspectText, Body: sentIntrospection{}, Form: true, Answer: introspected{}, Ours: true},
	{Method: "POST", Path: IntrospectBatchPath, Tag: "Services", Summary: "Ask what several keys are worth", Text: "Like " + IntrospectPath + ", for up to 100 calls of one service. The results are in the order of the calls.", Body: sentIntrospections{}, BodyRequired: true, Answer: introspections{}, Ours: true,
		Example: `{"service": "billing", "calls": [{"token": "API-…", "method": "GET", "uri": "/invoices", "ip": "192.0.2.7"}]}`},
	{Method: "DELETE", Path: "/api/services/:id", Tag: "Services", Summary: "Remove a service", Text: "Keys that may be used only there open nothing any more.", Answer: none{}, Ours: true},
}
