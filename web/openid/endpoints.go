package openid

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// endpoints is what a provider says of itself.
type endpoints struct {
	provider    *oidc.Provider
	authStyle   oauth2.AuthStyle
	sendsIssuer bool // names itself in each answer
	at          time.Time
}

const (
	freshFor   = time.Hour       // then the provider is asked again
	retryAfter = 2 * time.Second // a provider that gave no answer is left alone that long
)

// endpoints returns what the provider says of itself, and asks it when that is
// unknown or old. What was known stays good while the provider is away.
func (p *Provider) endpoints(ctx context.Context) (*endpoints, error) {
	known, failed := p.state()
	if known != nil && time.Since(known.at) < freshFor {
		return known, nil
	}
	if time.Since(failed) < retryAfter {
		return known, p.unless(known, errAway)
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	if now, again := p.state(); now != known || again != failed {
		return now, p.unless(now, errAway) // somebody else has just asked
	}
	e, err := p.discover(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed = time.Now()
		return p.known, p.unless(p.known, err)
	}
	p.known, p.failed = e, time.Time{}
	return e, nil
}

func (p *Provider) state() (*endpoints, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known, p.failed
}

// unless drops an error when there is an older answer to go on with.
func (p *Provider) unless(known *endpoints, err error) error {
	if known != nil {
		return nil
	}
	return p.away(err)
}

// discover asks the provider. The question belongs to all who wait for it, so
// it does not end when the one who asked goes away.
func (p *Provider) discover(ctx context.Context) (*endpoints, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		JWKS        string   `json:"jwks_uri"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		SendsIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	endpoint := provider.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, more.JWKS} {
		if !secure(address) {
			return nil, fmt.Errorf("the endpoint %.200q is not an https address", address)
		}
	}
	if info := provider.UserInfoEndpoint(); info != "" && !secure(info) {
		return nil, fmt.Errorf("the endpoint %.200q is not an https address", info)
	}
	e := &endpoints{provider: provider, authStyle: oauth2.AuthStyleInHeader, sendsIssuer: more.SendsIssuer, at: time.Now()}
	if len(more.AuthMethods) > 0 && !slices.Contains(more.AuthMethods, "client_secret_basic") && slices.Contains(more.AuthMethods, "client_secret_post") {
		e.authStyle = oauth2.AuthStyleInParams
	}
	return e, nil
}

func secure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && CheckURL(u) == nil
}
