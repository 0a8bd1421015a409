package openid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/keyport/keyport/models"
)

// Issuers checks tokens that others signed, by asking the issuer for its keys.
// It is for issuers that somebody here has named: it asks whomever it is told
// to.
type Issuers struct {
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	known map[string]*issuer
}

// Limits of what is kept of issuers, and of the calls to them.
const (
	checkTime  = 15 * time.Second // for all calls that checking one token takes
	issuersMax = 1000
	goodFor    = 24 * time.Hour // what an issuer said, while it is away
	keysEvery  = 10 * time.Second
)

// NewIssuers makes a checker whose calls go through the client. It asks nothing
// yet.
func NewIssuers(client *http.Client, now func() time.Time) *Issuers {
	return &Issuers{client: client, now: now, known: map[string]*issuer{}}
}

// Verify returns what a token says, if the issuer signed it and it counts now.
// Whom it is for is not looked at. Errors say why for the log, and hold nothing
// of the token.
func (s *Issuers) Verify(ctx context.Context, address, token string) (models.SubjectClaims, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	verifier, err := s.find(address).verifier(ctx)
	if err != nil {
		return models.SubjectClaims{}, fmt.Errorf("ask the issuer: %w", err)
	}
	checked, err := verifier.Verify(ctx, token)
	switch {
	case err != nil:
		return models.SubjectClaims{}, err
	case checked.Issuer != address: // go-oidc knows an exception
		return models.SubjectClaims{}, errOtherIssuer
	case checked.Subject == "":
		return models.SubjectClaims{}, errNoSubject
	case checked.IssuedAt.After(s.now().Add(issuedAhead)):
		return models.SubjectClaims{}, errFuture
	}
	return models.SubjectClaims{Issuer: checked.Issuer, Subject: checked.Subject, Audience: checked.Audience}, nil
}

func (s *Issuers) find(address string) *issuer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[address]; ok {
		return known
	}
	if len(s.known) >= issuersMax {
		clear(s.known) // they are asked again
	}
	fresh := &issuer{address: address, client: s.client, now: s.now}
	s.known[address] = fresh
	return fresh
}

// issuer is what is known of one issuer.
type issuer struct {
	address string
	client  *http.Client
	now     func() time.Time

	mu     sync.Mutex // held while the issuer is asked: the others wait for the answer
	known  *oidc.IDTokenVerifier
	at     time.Time
	failed time.Time
}

// verifier asks the issuer where its keys are when that is unknown or old. What
// was known stays good for a while when it does not answer.
func (i *issuer) verifier(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	if i.known != nil && now.Sub(i.at) < freshFor {
		return i.known, nil
	}
	if now.Sub(i.failed) < retryAfter {
		return i.unless(now, errAway)
	}
	fresh, err := i.discover(ctx)
	if err != nil {
		i.failed = now
		return i.unless(now, err)
	}
	i.known, i.at = fresh, now
	return fresh, nil
}

func (i *issuer) unless(now time.Time, err error) (*oidc.IDTokenVerifier, error) {
	if i.known != nil && now.Sub(i.at) < goodFor {
		return i.known, nil
	}
	return nil, err
}

// discover reads what the issuer says of itself. The keys must come from where
// the issuer is believed, too.
func (i *issuer) discover(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.address)
	if err != nil {
		return nil, err
	}
	var more struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	if !secure(more.JWKS) {
		return nil, fmt.Errorf("the keys are at %.200q, which is not an https address", more.JWKS)
	}
	sparing := &http.Client{Transport: &sparing{next: i.client, now: i.now}, CheckRedirect: i.client.CheckRedirect}
	return provider.VerifierContext(oidc.ClientContext(ctx, sparing), &oidc.Config{SkipClientIDCheck: true, Now: i.now}), nil
}

// sparing lets calls pass only once in a while. go-oidc asks for the keys each
// time when a signature is wrong, so that whoever sends wrong ones would make
// us call the issuer all day.
type sparing struct {
	next *http.Client
	now  func() time.Time

	mu    sync.Mutex
	until time.Time // no call before
}

var errAskedLately = errors.New("no known key made the signature, and the keys were read a moment ago")

// RoundTrip makes the call, or fails.
func (s *sparing) RoundTrip(r *http.Request) (*http.Response, error) {
	if !s.pause(keysEvery, false) {
		return nil, errAskedLately
	}
	response, err := s.next.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		s.pause(retryAfter, true)
	}
	return response, err
}

// pause begins a pause, unless there is one already that still lasts.
func (s *sparing) pause(d time.Duration, anyway bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Before(s.until) && !anyway {
		return false
	}
	s.until = now.Add(d)
	return true
}
