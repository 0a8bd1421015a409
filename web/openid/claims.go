package openid

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/keyport/keyport/models"
)

// issuedAhead is how far the provider's clock may run ahead of ours.
const issuedAhead = 5 * time.Minute

// assertion checks the ID token of an answer and reads what it says. What is
// missing there may be told by the UserInfo endpoint.
func (p *Provider) assertion(ctx context.Context, e *endpoints, token *oauth2.Token, nonce string) (models.Assertion, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := e.provider.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err == nil {
		err = p.check(id, token, nonce)
	}
	if err != nil {
		return models.Assertion{}, p.refuse("ID token", err)
	}
	said := claims{}
	if err := id.Claims(&said); err != nil {
		return models.Assertion{}, p.refuse("ID token", err)
	}
	if e.provider.UserInfoEndpoint() != "" && said.lacks("email", "email_verified", "name", "preferred_username", p.GroupsClaim) {
		if err := p.askMore(ctx, e, token, id.Subject, said); err != nil {
			return models.Assertion{}, p.refuse("UserInfo", err)
		}
	}
	if said.elsewhere(p.GroupsClaim) {
		return models.Assertion{}, models.Denied("The single sign-on service did not send your groups, because there are too many. Ask your administrator to let it send fewer to Keyport.")
	}
	return models.Assertion{
		Issuer: p.Issuer, Subject: id.Subject, Email: said.text("email"), EmailVerified: said.truth("email_verified"),
		Username: said.text("preferred_username"), DisplayName: said.text("name"), Groups: said.texts(p.GroupsClaim),
		SignedInAt: said.instant("auth_time"),
	}, nil
}

// check looks at what go-oidc leaves to its caller.
func (p *Provider) check(id *oidc.IDToken, token *oauth2.Token, nonce string) error {
	var more struct {
		Party string `json:"azp"`
	}
	if err := id.Claims(&more); err != nil {
		return err
	}
	switch {
	case id.Subject == "":
		return errNoSubject
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return errNonce
	case more.Party != "" && more.Party != p.ClientID, more.Party == "" && len(id.Audience) > 1:
		return errParty
	case id.IssuedAt.After(time.Now().Add(issuedAhead)):
		return errFuture
	case id.AccessTokenHash != "":
		return id.VerifyAccessToken(token.AccessToken)
	}
	return nil
}

// askMore fills in what the ID token does not say. What it says stays: it is
// signed.
func (p *Provider) askMore(ctx context.Context, e *endpoints, token *oauth2.Token, subject string, said claims) error {
	info, err := e.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return err
	}
	if info.Subject != subject {
		return errOtherSubject
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return err
	}
	if !said.lacks("email") && said.text("email") != more.text("email") {
		delete(more, "email_verified") // it speaks of another address
	}
	for name, value := range more {
		if _, there := said[name]; !there {
			said[name] = value
		}
	}
	return nil
}

// claims are what a provider says, read leniently: a claim of an unexpected type
// counts as not said.
type claims map[string]json.RawMessage

// lacks reports that one of the names is missing.
func (c claims) lacks(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, there := c[name]
		return name != "" && !there
	})
}

func (c claims) text(name string) (s string) {
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

// truth reads a boolean; some providers write it as text.
func (c claims) truth(name string) (b bool) {
	if json.Unmarshal(c[name], &b) == nil {
		return b
	}
	return c.text(name) == "true"
}

// instant reads seconds since 1970.
func (c claims) instant(name string) time.Time {
	var seconds float64
	if json.Unmarshal(c[name], &seconds) != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// texts reads a list; some providers write a list of one as text.
func (c claims) texts(name string) (list []string) {
	if name == "" || json.Unmarshal(c[name], &list) == nil {
		return list
	}
	if one := c.text(name); one != "" {
		return []string{one}
	}
	return nil
}

// elsewhere reports that a claim is only pointed at, as providers do that have
// too much to say.
func (c claims) elsewhere(name string) bool {
	var names map[string]json.RawMessage
	if name == "" || json.Unmarshal(c["_claim_names"], &names) != nil {
		return false
	}
	_, there := names[name]
	return there && c.lacks(name)
}
