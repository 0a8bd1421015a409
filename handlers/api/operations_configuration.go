package api

// configurationOperations are about the settings.
var configurationOperations = []Operation{
	{Method: "GET", Path: "/api/replicas", Tag: "Configuration", Summary: "The processes that serve Keyport", Text: "Needs ConfigureServer. One that is silent has missed its signs of life; after five minutes it is off the list.", Answer: []replicaResource{}, Ours: true},
	{Method: "GET", Path: "/api/configuration", Tag: "Configuration", Summary: "The sections of the settings", Text: "Needs ConfigureServer.", Query: paging, Answer: collection[configurationSection]{}},
	{Method: "GET", Path: "/api/configuration/authentication", Tag: "Configuration", Summary: "The section of authentication", Answer: configurationSection{}},
	{Method: "GET", Path: "/api/configuration/authentication/values", Tag: "Configuration", Summary: "The limits of API keys", Answer: authenticationValues{}},
	{Method: "PUT", Path: "/api/configuration/authentication/values", Tag: "Configuration", Summary: "Change the limits of API keys", Text: "What is left out keeps its value.", Body: sentAuthenticationValues{}, BodyRequired: true, Answer: authenticationValues{},
		Example: `{"ApiKeyDefaultExpiryDays": 90, "ApiKeyMaxExpiryDays": 180}`},
	{Method: "GET", Path: "/api/configuration/authentication/metadata", Tag: "Configuration", Summary: "What the settings mean", Answer: configurationMetadata{}},
	{Method: "GET", Path: "/api/configuration/authentication/receipt", Tag: "Configuration", Summary: "At which replicas the limits of API keys that were saved last are in force", Ours: true,
		Text:   "Needs ConfigureServer. As for a revoked key; IsRefusing says that the replica has heard of the limits, and so refuses what is beyond them. A silent one reads them whenever it makes a key.",
		Answer: policyReceiptResource{}},
	{Method: "GET", Path: "/api/configuration/eventretention", Tag: "Configuration", Summary: "The section of the audit trail", Answer: configurationSection{}},
	{Method: "GET", Path: "/api/configuration/eventretention/values", Tag: "Configuration", Summary: "How long events are kept", Answer: retentionValues{}},
	{Method: "PUT", Path: "/api/configuration/eventretention/values", Tag: "Configuration", Summary: "Change how long events are kept", Text: "From 1 to 3,660 days.", Body: sentRetentionValues{}, BodyRequired: true, Answer: retentionValues{},
		Example: `{"EventRetentionDays": 365}`},
	{Method: "GET", Path: "/api/configuration/eventretention/metadata", Tag: "Configuration", Summary: "What the setting means", Answer: configurationMetadata{}},
	{Method: "GET", Path: "/api/smtpconfiguration", Tag: "Configuration", Summary: "The mail server", Text: "Needs ConfigureServer. The password is never shown.", Answer: smtpResource{}},
	{Method: "PUT", Path: "/api/smtpconfiguration", Tag: "Configuration", Summary: "Change the mail server", Text: "Needs ConfigureServer. What is left out keeps its value, and so does the password unless NewValue brings one; HasValue false removes it. Another host or port wants the password again. Timeout is how many milliseconds a letter may take, 1000 to 120000. EnableSsl means TLS from the start on port 465 and STARTTLS on any other. An empty SmtpHost ends all mail. Refused when the mail server is set where Keyport is started.",
		Body: sentSMTP{}, BodyRequired: true, Answer: smtpResource{},
		Example: `{"SmtpHost": "smtp.example.com", "SmtpPort": 587, "EnableSsl": true, "SmtpLogin": "keyport", "SmtpPassword": {"HasValue": true, "NewValue": "YOUR-PASSWORD"}, "SendEmailFrom": "keys@example.com"}`},
	{Method: "GET", Path: "/api/smtpconfiguration/isconfigured", Tag: "Configuration", Summary: "Whether mail can be sent", Answer: smtpIsConfigured{}},
	{Method: "GET", Path: "/api/configuration/feature-toggles", Tag: "Configuration", Summary: "Feature toggles by name: none is on", Query: []Parameter{{"Name", "string", "Names, with commas between them."}}, Answer: featureToggles{}},
	{Method: "GET", Path: "/api/configuration/enabled-feature-toggles", Tag: "Configuration", Summary: "Feature toggles by name: none is on", Query: []Parameter{{"Name", "string", "Names, with commas between them."}}, Answer: featureToggles{}},
}

const exchangeText = "By RFC 8693: grant_type urn:ietf:params:oauth:grant-type:token-exchange, audience (the service account's id, as its list of OIDC identities shows it), subject_token, and subject_token_type urn:ietf:params:oauth:token-type:jwt. JSON or a form."

// tokenOperations are about jobs elsewhere that act as service accounts.
var tokenOperations = []Operation{
	{Method: "GET", Path: "/api/serviceaccounts/:account/oidcidentities/v1", Tag: "OIDC identities", Summary: "Whose tokens a service account trusts", Query: paging, Answer: oidcIdentityList{}},
	{Method: "POST", Path: "/api/serviceaccounts/:account/oidcidentities/create/v1", Tag: "OIDC identities", Summary: "Trust the tokens of a subject", Body: sentOIDCIdentity{}, BodyRequired: true, Answer: identityCreated{}, Status: 201,
		Example: `{"Name": "Deploy job", "Issuer": "https://token.actions.githubusercontent.com", "Subject": "repo:example/app:ref:refs/heads/main"}`},
	{Method: "GET", Path: "/api/serviceaccounts/:account/oidcidentities/:oidc/v1", Tag: "OIDC identities", Summary: "One OIDC identity", Answer: oidcIdentityResource{}},
	{Method: "PUT", Path: "/api/serviceaccounts/:account/oidcidentities/:oidc/v1", Tag: "OIDC identities", Summary: "Change an OIDC identity", Body: sentOIDCIdentity{}, BodyRequired: true, Answer: none{}},
	{Method: "DELETE", Path: "/api/serviceaccounts/:account/oidcidentities/:oidc/v1", Tag: "OIDC identities", Summary: "Remove an OIDC identity", Answer: none{}},
	{Method: "GET", Path: DiscoveryPath, Tag: "OIDC identities", Summary: "Where tokens are exchanged", Answer: discoveryDocument{}, Open: true},
	{Method: "GET", Path: KeySetPath, Tag: "OIDC identities", Summary: "The keys that access tokens are signed with", Answer: keySet{}, Open: true},
	{Method: "GET", Path: "/api" + KeySetPath, Tag: "OIDC identities", Summary: "The keys that access tokens are signed with", Answer: keySet{}, Open: true},
	{Method: "POST", Path: ExchangePath, Tag: "OIDC identities", Summary: "Exchange a token for an access token of one hour", Text: exchangeText, Body: exchange{}, Form: true, Answer: exchanged{}, Open: true, Refusal: tokenError{}},
	{Method: "POST", Path: "/api" + ExchangePath, Tag: "OIDC identities", Summary: "Exchange a token for an access token of one hour", Text: exchangeText, Body: exchange{}, Form: true, Answer: exchanged{}, Open: true, Refusal: tokenError{}},
}
