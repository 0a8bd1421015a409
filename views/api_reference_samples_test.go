package views

func apiReference() APIReference {
	return APIReference{Shell: profileShell("REST API", "/account/rest-api"), ServerURL: "https://keyport.example.com", DocumentPath: "/api/openapi.json", ExpiringHeader: "X-Keyport-Key-Expires",
		Groups: []APIGroup{{ID: "group-1", Name: "API keys", Operations: []APIOperation{
			{ID: "get-api-apikeys", Method: "GET", Path: "/api/apikeys", Summary: "The API keys of all users", Text: "Needs UserView.", Ours: true, Aliases: []string{"/api/spaces-1/apikeys", "/api/spaces/{space}/apikeys"},
				Parameters: []APIParameter{{"take", "How many rows to answer."}, {"owner", "Part of a name."}}, Curl: "curl --header \"X-Octopus-ApiKey: $KEYPORT_API_KEY\" \\\n  \"$KEYPORT_URL/api/apikeys\""},
			{ID: "delete-api-apikeys-self", Method: "DELETE", Path: "/api/apikeys/self", Summary: "Revoke the key that makes the call", Curl: "curl --request DELETE"},
		}}}}
}
