package api

import (
	"encoding/base64"
	"math/big"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models/store"
)

// The addresses that belong to access tokens. Octopus's clients find the first
// one by themselves and the others there.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	KeySetPath    = "/.well-known/jwks"
	ExchangePath  = "/token/v1"
)

// Discovery says where tokens are exchanged, and with which keys access tokens
// can be checked. It is open to everybody.
type Discovery struct {
	Store     *store.Store
	ServerURL string
}

type discoveryDocument struct {
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
	KeySet        string   `json:"jwks_uri"`
	Grants        []string `json:"grant_types_supported"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// Show answers the document. Keyport signs nobody in by it, so it has no
// response types.
func (h *Discovery) Show(c echo.Context) error {
	return write(c, http.StatusOK, discoveryDocument{
		Issuer: h.ServerURL, TokenEndpoint: h.ServerURL + ExchangePath, KeySet: h.ServerURL + KeySetPath,
		Grants: []string{exchangeGrant}, AuthMethods: []string{"none"}, ResponseTypes: []string{}, SubjectTypes: []string{"public"}, Algorithms: []string{"PS256"},
	})
}

// webKey is the public part of a signing key (RFC 7517).
type webKey struct {
	ID        string `json:"kid"`
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

type keySet struct {
	Keys []webKey `json:"keys"`
}

// Keys answers the key set. Before the first exchange it is empty.
func (h *Discovery) Keys(c echo.Context) error {
	keys, err := h.Store.SigningKeys(c.Request().Context())
	if err != nil {
		return err
	}
	set := make([]webKey, 0, len(keys))
	for _, k := range keys {
		set = append(set, webKey{ID: k.ID, Type: "RSA", Use: "sig", Algorithm: "PS256", Modulus: base64.RawURLEncoding.EncodeToString(k.Public().N.Bytes()),
			Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.Public().E)).Bytes())})
	}
	return write(c, http.StatusOK, keySet{set})
}
