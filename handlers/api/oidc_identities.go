package api

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// OIDCIdentities serves /api/serviceaccounts/{account}/oidcidentities.
type OIDCIdentities struct {
	Store     *store.Store
	BasePath  string
	ServerURL string // where people and scripts reach this server
}

// oidcIdentityResource is an OIDC identity as listed and read. An audience that
// nobody chose is left out, as Octopus's clients leave it out.
type oidcIdentityResource struct {
	Id               string
	ServiceAccountId string
	Name             string
	Issuer           string
	Subject          string
	Audience         string `json:",omitempty"`
	Links            Links
}

// oidcIdentityList is Octopus's answer and, around the same identities, the
// envelope of its other lists: its Go client reads both.
type oidcIdentityList struct {
	ServerUrl      string
	ExternalId     string
	OidcIdentities []oidcIdentityResource
	Count          int
	collection[oidcIdentityResource]
}

// sentOIDCIdentity is what clients send of an identity. The account is the one
// in the path.
type sentOIDCIdentity struct {
	Name, Issuer, Subject, Audience *string
}

func (h *OIDCIdentities) links() linker { return linker{h.BasePath} }

func oidcIdentitiesPath(account int64) string {
	return "/api/serviceaccounts/" + models.UserID(account) + "/oidcidentities"
}

func (l linker) oidcIdentity(i models.OIDCIdentity) oidcIdentityResource {
	return oidcIdentityResource{
		Id: i.PublicID(), ServiceAccountId: models.UserID(i.UserID), Name: i.Name, Issuer: i.Issuer, Subject: i.Subject, Audience: i.Audience,
		Links: l.all(Links{"Self": oidcIdentitiesPath(i.UserID) + "/" + i.PublicID() + "/v1"}),
	}
}

// Index lists a service account's identities, with the id by which issuers and
// clients name the account.
func (h *OIDCIdentities) Index(c echo.Context) error {
	account, err := accountID(c)
	if err != nil {
		return err
	}
	page, err := readPage(c)
	if err != nil {
		return err
	}
	list, err := h.Store.OIDCIdentities(c.Request().Context(), account, page)
	if err != nil {
		return err
	}
	items := make([]oidcIdentityResource, 0, len(list.Identities))
	for _, i := range list.Identities {
		items = append(items, h.links().oidcIdentity(i))
	}
	path := h.links().to(oidcIdentitiesPath(account) + "/v1")
	return write(c, http.StatusOK, oidcIdentityList{ServerUrl: h.ServerURL, ExternalId: list.ExternalID, OidcIdentities: items, Count: list.Total,
		collection: newCollection("ServiceAccountOidcIdentity", items, list.Total, page, path, url.Values{})})
}

// Show reads one identity.
func (h *OIDCIdentities) Show(c echo.Context) error {
	account, id, err := identityIDs(c)
	if err != nil {
		return err
	}
	found, err := h.Store.OIDCIdentity(c.Request().Context(), account, id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, h.links().oidcIdentity(found))
}

type identityCreated struct{ Id string }

// Create adds an identity and answers its id.
func (h *OIDCIdentities) Create(c echo.Context) error {
	account, err := accountID(c)
	if err != nil {
		return err
	}
	wish, err := h.wish(c)
	if err != nil {
		return err
	}
	made, err := h.Store.AddOIDCIdentity(c.Request().Context(), account, wish)
	if err != nil {
		return err
	}
	return write(c, http.StatusCreated, identityCreated{made.PublicID()})
}

// Update changes an identity. Clients send it whole, so an audience that is
// missing is none.
func (h *OIDCIdentities) Update(c echo.Context) error {
	account, id, err := identityIDs(c)
	if err != nil {
		return err
	}
	wish, err := h.wish(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.ChangeOIDCIdentity(c.Request().Context(), account, id, wish); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

// Delete removes an identity.
func (h *OIDCIdentities) Delete(c echo.Context) error {
	account, id, err := identityIDs(c)
	if err != nil {
		return err
	}
	if err := h.Store.RemoveOIDCIdentity(c.Request().Context(), account, id); err != nil {
		return err
	}
	return write(c, http.StatusOK, struct{}{})
}

func (h *OIDCIdentities) wish(c echo.Context) (models.NewOIDCIdentity, error) {
	var sent sentOIDCIdentity
	if err := read(c, &sent); err != nil {
		return models.NewOIDCIdentity{}, err
	}
	return models.NewOIDCIdentity{Name: text(sent.Name), Issuer: text(sent.Issuer), Subject: text(sent.Subject), Audience: text(sent.Audience), Server: h.ServerURL}, nil
}

// accountID reads which service account the path is about. A text that is no id
// is answered like the id of nobody.
func accountID(c echo.Context) (int64, error) {
	id, ok := models.ParseUserID(c.Param("account"))
	if !ok {
		return 0, models.Missing("service account")
	}
	return id, nil
}

func identityIDs(c echo.Context) (account, identity int64, err error) {
	if account, err = accountID(c); err != nil {
		return 0, 0, err
	}
	// What is no id is nobody's: the store is asked anyway, for whether the actor
	// may know that.
	identity, _ = models.ParseOIDCIdentityID(c.Param("oidc"))
	return account, identity, nil
}
