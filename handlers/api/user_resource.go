package api

import "github.com/keyport/keyport/models"

// userResource is a person or service account. It has no Password: that is
// written and never read.
type userResource struct {
	Id                  string
	Username            string
	DisplayName         string
	EmailAddress        *string
	IsActive            bool
	IsService           bool
	ServiceAccountType  *string // null for a person
	IsRequestor         bool
	CanPasswordBeEdited bool
	Created             timestamp
	Identities          []identityResource
	Links               Links
}

// identityResource is what a client says a user is called at a provider. It is
// read and written in the same form, to the letter.
type identityResource struct {
	IdentityProviderName string
	Claims               map[string]claimResource
}

type claimResource struct {
	Value              *string
	IsIdentifyingClaim bool
}

func (l linker) user(u models.UserRecord, actor *models.Actor) userResource {
	r := userResource{
		Id: u.PublicID(), Username: u.Username, DisplayName: u.Name(), IsActive: u.IsActive, IsService: u.IsService,
		IsRequestor: actor.Is(u.ID), CanPasswordBeEdited: !u.IsService, Created: timestamp(u.CreatedAt),
		Identities: identities(u.Identities), Links: l.userLinks(u.PublicID()),
	}
	if u.Email != "" {
		r.EmailAddress = &u.Email
	}
	if u.IsService {
		kind := standardAccount
		r.ServiceAccountType = &kind
	}
	return r
}

func (l linker) userLinks(id string) Links {
	self := l.to("/api/users/" + id)
	return Links{
		"Self": self, "ApiKeys": self + "/apikeys{/id}{?skip,take}", "RevokeSessions": self + "/revoke-sessions", "Spaces": self + "/spaces",
		"Permissions": self + "/permissions{?spaces,includeSystem}", "PermissionsConfiguration": self + "/permissions/configuration{?spaces,includeSystem}",
		"Teams": self + "/teams{?spaces,includeSystem}",
	}
}

func identities(list []models.RecordedIdentity) []identityResource {
	resources := make([]identityResource, 0, len(list))
	for _, identity := range list {
		r := identityResource{IdentityProviderName: identity.Provider, Claims: map[string]claimResource{}}
		for name, claim := range identity.Claims {
			r.Claims[name] = claimResource{Value: claim.Value, IsIdentifyingClaim: claim.Identifying}
		}
		resources = append(resources, r)
	}
	return resources
}

func recorded(list []identityResource) []models.RecordedIdentity {
	var identities []models.RecordedIdentity
	for _, r := range list {
		identity := models.RecordedIdentity{Provider: r.IdentityProviderName, Claims: map[string]models.RecordedClaim{}}
		for name, claim := range r.Claims {
			identity.Claims[name] = models.RecordedClaim{Value: claim.Value, Identifying: claim.IsIdentifyingClaim}
		}
		identities = append(identities, identity)
	}
	return identities
}
