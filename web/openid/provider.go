// Package openid asks an OpenID Connect provider who somebody is: authorization
// code flow with PKCE, state and nonce. It knows nothing of users, sessions or
// pages; what it returns is what the provider vouches for, checked.
package openid

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/keyport/keyport/models"
)

// Options say who the provider is and as whom Keyport speaks to it.
type Options struct {
	Issuer       string // as the provider writes it, to the letter
	ClientID     string
	ClientSecret string // "" for a client without one, which PKCE protects alone
	RedirectURL  string // where answers come to
	Scopes       []string
	GroupsClaim  string // "" when groups don't matter
	Log          *slog.Logger
}

// Provider is an OpenID provider. It is asked for its endpoints at the first
// sign-on and not before, so that Keyport starts without it.
type Provider struct {
	Options
	client *http.Client

	asking sync.Mutex // one question at a time
	mu     sync.Mutex
	known  *endpoints
	failed time.Time // when it last gave no answer
}

// New makes a provider. It asks nothing yet.
func New(o Options) *Provider {
	return &Provider{Options: o, client: newClient()}
}

// Begin returns the address to send the browser to. With again, the provider is
// asked to let the person prove once more who they are, and not to go by an
// earlier sign-in.
func (p *Provider) Begin(ctx context.Context, secret models.SignOnSecret, again bool) (address string, err error) {
	e, err := p.endpoints(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(secret.Nonce()), oauth2.S256ChallengeOption(secret.Verifier())}
	if again {
		options = append(options, oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.oauth(e).AuthCodeURL(secret.State(), options...), nil
}

// Finish turns the provider's answer into what it vouches for. The caller has
// checked that the answer's state is the one of the secret, and that it is the
// first answer.
func (p *Provider) Finish(ctx context.Context, secret models.SignOnSecret, answer url.Values) (models.Assertion, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), finishTime)
	defer cancel()
	e, err := p.endpoints(ctx)
	if err != nil {
		return models.Assertion{}, err
	}
	code, err := p.code(e, answer)
	if err != nil {
		return models.Assertion{}, err
	}
	token, err := p.oauth(e).Exchange(ctx, code, oauth2.VerifierOption(secret.Verifier()))
	if err != nil {
		return models.Assertion{}, p.refuse("exchange of the code", err)
	}
	return p.assertion(ctx, e, token, secret.Nonce())
}

// code takes the code out of an answer that is ours. The issuer in it tells
// apart the answers of two providers (RFC 9207).
func (p *Provider) code(e *endpoints, answer url.Values) (string, error) {
	for _, name := range []string{"code", "error", "iss"} {
		if len(answer[name]) > 1 {
			return "", p.refuse("answer", errRepeated)
		}
	}
	issuer, failure, code := answer.Get("iss"), answer.Get("error"), answer.Get("code")
	switch {
	case issuer != "" && issuer != p.Issuer, issuer == "" && e.sendsIssuer:
		return "", p.refuse("answer", errOtherIssuer)
	case failure == "access_denied":
		return "", models.Denied("You were not signed in: the single sign-on service refused, or you cancelled there. Start again when you want to.")
	case failure != "":
		return "", p.refuse("answer", providerError(failure))
	case code == "":
		return "", p.refuse("answer", errNoCode)
	}
	return code, nil
}

func (p *Provider) oauth(e *endpoints) *oauth2.Config {
	endpoint := e.provider.Endpoint()
	endpoint.AuthStyle = e.authStyle // known, so that a code is never sent twice to find it out
	if p.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: endpoint, RedirectURL: p.RedirectURL, Scopes: p.Scopes}
}
