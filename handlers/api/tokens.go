package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Tokens gives access tokens to jobs elsewhere: whoever holds a token that a
// service account trusts may exchange it (RFC 8693).
type Tokens struct {
	Store     *store.Store
	Issuers   Issuers
	ServerURL string // where scripts reach this server; it is also the issuer of its tokens
	Log       *slog.Logger
}

// Issuers checks tokens that others signed.
type Issuers interface {
	// Verify asks the issuer for its keys and returns what the token says.
	Verify(ctx context.Context, issuer, token string) (models.SubjectClaims, error)
}

// What an exchange is about, by RFC 8693.
const (
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeJWT         = "urn:ietf:params:oauth:token-type:jwt"
	typeIDToken     = "urn:ietf:params:oauth:token-type:id_token"
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
)

// exchange is what clients send.
type exchange struct {
	GrantType        string `json:"grant_type"`
	Audience         string `json:"audience"`
	SubjectToken     string `json:"subject_token"`
	SubjectTokenType string `json:"subject_token_type"`
	RequestedType    string `json:"requested_token_type"`
}

type exchanged struct {
	AccessToken     string `json:"access_token"`
	TokenType       string `json:"token_type"`
	IssuedTokenType string `json:"issued_token_type"`
	ExpiresIn       int    `json:"expires_in"`
}

// Create exchanges a token. Whatever is wrong with it, the answer is the same,
// so that nobody learns which accounts and identities there are; the log says
// more, under the reference in the answer.
func (h *Tokens) Create(c echo.Context) error {
	sent, err := readExchange(c)
	if err != nil {
		return err
	}
	if err := sent.check(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	claims, err := h.verify(ctx, sent)
	if err != nil {
		return h.refuse(ctx, sent, err)
	}
	text, token, err := h.Store.ExchangeToken(ctx, sent.Audience, h.ServerURL, claims)
	if err != nil {
		return h.refuse(ctx, sent, err)
	}
	c.Response().Header().Set("Pragma", "no-cache") // RFC 6749 asks for it
	return write(c, http.StatusOK, exchanged{text, "Bearer", typeAccessToken, int(token.Expires.Sub(token.Issued).Seconds())})
}

// check refuses what is no exchange of tokens.
func (e exchange) check() error {
	switch {
	case e.GrantType != exchangeGrant:
		return models.InvalidField("grant_type", "Send grant_type as "+exchangeGrant+".")
	case e.Audience == "":
		return models.InvalidField("audience", "Send as audience the id of the service account, as its list of OIDC identities shows it.")
	case e.SubjectToken == "":
		return models.InvalidField("subject_token", "Send as subject_token the token to exchange.")
	case e.SubjectTokenType != typeJWT && e.SubjectTokenType != typeIDToken:
		return models.InvalidField("subject_token_type", "Send subject_token_type as "+typeJWT+".")
	case e.RequestedType != "" && e.RequestedType != typeAccessToken:
		return models.InvalidField("requested_token_type", "Send requested_token_type as "+typeAccessToken+", or leave it out.")
	}
	return nil
}

// verify returns what the token to exchange proves. The issuer is asked only if
// a service account names it: otherwise anybody could make this server call any
// address.
func (h *Tokens) verify(ctx context.Context, sent exchange) (models.SubjectClaims, error) {
	claims, ok := models.ReadSubjectClaims(sent.SubjectToken)
	switch {
	case !ok:
		return claims, models.InvalidField("subject_token", "The subject_token is not a JSON web token with iss, sub and aud, or is too long.")
	case models.OwnIssuer(claims.Issuer, h.ServerURL):
		return claims, models.InvalidField("subject_token", "The subject_token is an access token of this server. It can be used as it is, and not exchanged for another.")
	}
	if err := h.Store.TrustsSubject(ctx, sent.Audience, claims); err != nil {
		return claims, err
	}
	proved, err := h.Issuers.Verify(ctx, claims.Issuer, sent.SubjectToken)
	if err != nil {
		return claims, unproved{err}
	}
	return proved, nil
}

// unproved is the error of a token whose signature could not be checked, or is
// wrong.
type unproved struct{ cause error }

func (u unproved) Error() string { return u.cause.Error() }

// refuse words the refusal of a token. What says nothing of accounts, and what
// is our own fault, passes as it is.
func (h *Tokens) refuse(ctx context.Context, sent exchange, err error) error {
	_, wrong := err.(unproved)
	if !wrong && models.KindOf(err) != models.Forbidden {
		return err
	}
	request := models.RequestFrom(ctx).ID
	claims, _ := models.ReadSubjectClaims(sent.SubjectToken)
	h.Log.Warn("a token was not exchanged", "request", request, "account", cut(sent.Audience), "issuer", cut(claims.Issuer),
		"subject", cut(claims.Subject), "cause", cut(err.Error()))
	return models.InvalidField("subject_token", "The token was not accepted: it is over, is not signed by its issuer, or no service account trusts it for this audience. "+
		"Compare issuer, subject and audience with the OIDC identities of the service account. An administrator finds more in the log under the reference "+request+".")
}

// cut keeps what callers send from filling the log.
func cut(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most]
	}
	return s
}

// readExchange reads JSON or a form, whatever the content type claims.
func readExchange(c echo.Context) (sent exchange, err error) {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return sent, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		c.Request().Body = io.NopCloser(bytes.NewReader(body))
		return sent, read(c, &sent)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !utf8.Valid(body) {
		return sent, models.InvalidField("", "The request is neither a form nor a JSON object.")
	}
	for name, into := range map[string]*string{"grant_type": &sent.GrantType, "audience": &sent.Audience, "subject_token": &sent.SubjectToken,
		"subject_token_type": &sent.SubjectTokenType, "requested_token_type": &sent.RequestedType} {
		if len(form[name]) > 1 {
			return sent, models.InvalidField(name, "Send "+name+" once.")
		}
		*into = form.Get(name)
	}
	return sent, nil
}

type tokenError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// WriteTokenError answers a refusal as OAuth wants it (RFC 6749, section 5.2).
// Clients look at the body only.
func WriteTokenError(c echo.Context, refusal *models.Error) error {
	status, code := http.StatusInternalServerError, "server_error"
	switch refusal.Kind {
	case models.Internal:
	case models.Unavailable:
		status, code = http.StatusServiceUnavailable, "temporarily_unavailable"
	default:
		status, code = http.StatusBadRequest, "invalid_request"
	}
	if edge, ok := c.Get(StatusKey).(int); ok {
		status = edge
	}
	return write(c, status, tokenError{code, refusal.Message})
}
