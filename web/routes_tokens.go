package web

import (
	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/web/egress"
	"github.com/keyport/keyport/web/openid"
)

// maxIssuerAnswer bounds what an issuer says of itself and of its keys.
const maxIssuerAnswer = 256 << 10

// tokens maps the exchange of tokens. It is open to everybody and takes no
// notice of any credential: a job that has none yet comes to get one, and one
// that has none any more must not be kept from it.
func (s *Server) tokens(open *echo.Group) {
	server := publicRoot(s.PublicURL)
	discovery := &api.Discovery{Store: s.Store, ServerURL: server}
	open.GET(api.DiscoveryPath, discovery.Show)
	open.GET(api.KeySetPath, discovery.Keys)
	open.GET("/api"+api.KeySetPath, discovery.Keys)

	issuers := openid.NewIssuers(s.egress.Client(maxIssuerAnswer), s.Store.Now)
	tokens := &api.Tokens{Store: s.Store, Issuers: issuers, ServerURL: server, Log: s.Log}
	open.POST(api.ExchangePath, tokens.Create)
	open.POST("/api"+api.ExchangePath, tokens.Create)
}

// isExchange reports whether a route is the exchange of tokens, whose errors
// have a form of their own.
func isExchange(route string) bool {
	return route == api.ExchangePath || route == "/api"+api.ExchangePath
}

// isTokenPath reports whether a path outside of the REST API is for programs.
func isTokenPath(path string) bool {
	return path == api.ExchangePath || path == api.DiscoveryPath || path == api.KeySetPath || path == api.IntrospectPath || path == api.IntrospectBatchPath
}

func newGuard(o Options) *egress.Guard { return &egress.Guard{Allow: o.EgressAllow} }

// restOIDCIdentities maps whose tokens a service account trusts.
func (s *Server) restOIDCIdentities(known *echo.Group, base string) {
	identities := &api.OIDCIdentities{Store: s.Store, BasePath: base, ServerURL: publicRoot(s.PublicURL)}
	known.GET("/serviceaccounts/:account/oidcidentities/v1", identities.Index)
	known.POST("/serviceaccounts/:account/oidcidentities/create/v1", identities.Create)
	known.GET("/serviceaccounts/:account/oidcidentities/:oidc/v1", identities.Show)
	known.PUT("/serviceaccounts/:account/oidcidentities/:oidc/v1", identities.Update)
	known.DELETE("/serviceaccounts/:account/oidcidentities/:oidc/v1", identities.Delete)
}
