package api

// rootLinks are the addresses in the root document, by Octopus's names. Its
// older clients send nothing for a link that is missing here, so every resource
// that is served must be named.
var rootLinks = Links{
	"Self":                   "/api",
	"Authentication":         "/api/authentication",
	"Configuration":          "/api/configuration{/id}",
	"CurrentUser":            "/api/users/me",
	"ArchivedEventFiles":     "/api/events/archives{?skip,take}",
	"EventAgents":            "/api/events/agents",
	"EventCategories":        "/api/events/categories{?appliesTo}",
	"EventDocumentTypes":     "/api/events/documenttypes",
	"EventGroups":            "/api/events/groups{?appliesTo}",
	"Events":                 "/api/events{/id}{?skip,regarding,regardingAny,user,users,projects,projectGroups,environments,eventGroups,eventCategories,eventAgents,tags,tenants,from,to,internal,fromAutoId,toAutoId,documentTypes,asCsv,take,ids,spaces,includeSystem,excludeDifference}",
	"ExternalUserSearch":     "/api/users/external-search{?partialName}",
	"EnabledFeatureToggles":  "/api/configuration/enabled-feature-toggles",
	"Invitations":            "/api/users/invitations",
	"Permissions":            "/api/permissions/all",
	"PermissionDescriptions": "/api/permissions/all",
	"Register":               "/api/users/register",
	"RevokeUserSessions":     "/api/users/{id}/revoke-sessions",
	"ScopedUserRoles":        "/api/scopeduserroles{/id}{?skip,take,ids}",
	"ServerStatus":           "/api/serverstatus",
	"SignIn":                 "/api/users/login{?returnUrl}",
	"SignOut":                "/api/users/logout",
	"SpaceHome":              "/api/{spaceId}",
	"SmtpConfiguration":      "/api/smtpconfiguration",
	"SmtpIsConfigured":       "/api/smtpconfiguration/isconfigured",
	"Spaces":                 "/api/spaces{/id}{?skip,ids,take,partialName}",
	"Subscriptions":          "/api/Spaces-1/subscriptions{/id}{?skip,take,ids,partialName,spaces}",
	"Teams":                  "/api/teams{/id}{?skip,take,ids,partialName,spaces,includeSystem}",
	"Timezones":              "/api/serverstatus/timezones",
	"UserAuthentication":     "/api/users/authentication{/userId}",
	"UserIdentityMetadata":   "/api/users/identity-metadata",
	"UserRoles":              "/api/userroles{/id}{?skip,take,ids,partialName}",
	"Users":                  "/api/users{/id}{?skip,take,ids,filter}",
	"Web":                    "/app",
}

// all returns the links below the path where the portal is published.
func (l linker) all(paths Links) Links {
	links := make(Links, len(paths))
	for name, path := range paths {
		links[name] = l.to(path)
	}
	return links
}
