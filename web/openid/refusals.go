package openid

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/keyport/keyport/models"
)

// What can be wrong with an answer, in words for the log.
var (
	errRepeated     = errors.New("a parameter is repeated")
	errOtherIssuer  = errors.New("the answer is from another issuer, or names none")
	errNoCode       = errors.New("there is no code")
	errNoSubject    = errors.New("the token has no subject")
	errNonce        = errors.New("the token was made for another sign-on")
	errParty        = errors.New("the token was made for another client")
	errFuture       = errors.New("the token was issued in the future")
	errOtherSubject = errors.New("the answer is about another subject")
	errAway         = errors.New("the provider gave no answer a moment ago")
)

// providerError is the code of an error that the provider answered with.
type providerError string

func (e providerError) Error() string {
	return fmt.Sprintf("the provider answered with the error %.60q", string(e))
}

// refuse logs what is wrong with an answer and words it for the person, who
// can't tell one cause from another and need not.
func (p *Provider) refuse(what string, cause error) error {
	if away(cause) {
		return p.away(fmt.Errorf("%s: %w", what, cause))
	}
	p.Log.Warn("single sign-on was refused", "what", what, "cause", brief(cause))
	return models.Denied("The answer of the single sign-on service could not be used, so you are not signed in. Start again; if it happens again, tell your administrator.")
}

// away says that the provider can't be asked now.
func (p *Provider) away(cause error) error {
	p.Log.Warn("the single sign-on service can't be used", "issuer", p.Issuer, "cause", brief(cause))
	return models.Busy("The single sign-on service can't be reached at the moment. Try again in a few minutes.", time.Minute)
}

func away(err error) bool {
	var network net.Error
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return refused.Response != nil && refused.Response.StatusCode >= 500
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return true
	}
	return false
}

// brief keeps what a provider sends from filling the log, and a token or code
// that it might repeat out of it.
func brief(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		return fmt.Sprintf("status %d, error %.60q", refused.Response.StatusCode, refused.ErrorCode)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if text != "" && text[0] >= '1' && text[0] <= '9' { // "401 Unauthorized: " and what was sent with it
		text, _, _ = strings.Cut(text, ":")
	}
	return fmt.Sprintf("%.300s", text)
}
