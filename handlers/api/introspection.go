package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// Where services ask what a key is worth.
const (
	IntrospectPath      = "/introspect"
	IntrospectBatchPath = "/introspect/batch"
)

// maxIntrospected is how many keys one call may ask about.
const maxIntrospected = 100

// Introspection tells services what a key is worth (RFC 7662).
type Introspection struct {
	Store *store.Store
	Wrong WrongKeys
}

// WrongKeys holds those who ask to a number of wrong keys. An asker is named by
// the id of its own key.
type WrongKeys interface {
	Check(asker string) error // refuses an asker who is at the limit
	Count(asker string, n int)
}

// sentCall is a key that a service was shown, and what it knows of the call.
type sentCall struct {
	Token  string `json:"token"`
	Hint   string `json:"token_type_hint"`
	Method string `json:"method"`
	URI    string `json:"uri"`
	IP     string `json:"ip"`
}

type sentIntrospection struct {
	sentCall
	Service string `json:"service"`
}

type sentIntrospections struct {
	Service string     `json:"service"`
	Calls   []sentCall `json:"calls"`
}

// introspected is the answer. Of a key that opens nothing it has Active alone,
// and Denied where the key is good, but not for this call.
type introspected struct {
	Active    bool     `json:"active"`
	Denied    string   `json:"denied,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Username  string   `json:"username,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	Expires   int64    `json:"exp,omitempty"`
	Issued    int64    `json:"iat,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	KeyID     string   `json:"key_id,omitempty"`
	IsService bool     `json:"is_service,omitempty"`
}

type introspections struct {
	Results []introspected `json:"results"`
}

// Create answers about one key.
func (h *Introspection) Create(c echo.Context) error {
	var sent sentIntrospection
	err := readIntrospection(c, &sent)
	if err != nil {
		return err
	}
	results, err := h.answer(c.Request().Context(), sent.Service, []sentCall{sent.sentCall})
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, results[0])
}

// CreateBatch answers about several keys, in their order.
func (h *Introspection) CreateBatch(c echo.Context) error {
	var sent sentIntrospections
	if err := read(c, &sent); err != nil {
		return err
	}
	if len(sent.Calls) == 0 || len(sent.Calls) > maxIntrospected {
		return models.InvalidField("calls", "Send as calls a list of 1 to "+strconv.Itoa(maxIntrospected)+" objects, each with a token.")
	}
	results, err := h.answer(c.Request().Context(), sent.Service, sent.Calls)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, introspections{results})
}

// readIntrospection reads a form, as the RFC has it, or JSON.
func readIntrospection(c echo.Context, sent *sentIntrospection) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		c.Request().Body = io.NopCloser(bytes.NewReader(body))
		return read(c, sent)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !utf8.Valid(body) {
		return models.InvalidField("", "The request is neither a form nor a JSON object.")
	}
	for name, into := range map[string]*string{"token": &sent.Token, "token_type_hint": &sent.Hint, "service": &sent.Service, "method": &sent.Method, "uri": &sent.URI, "ip": &sent.IP} {
		if len(form[name]) > 1 {
			return models.InvalidField(name, "Send "+name+" once. To ask about several keys, use "+IntrospectBatchPath+".")
		}
		*into = form.Get(name)
	}
	return nil
}

// answer judges the calls of a service, whose key may not ask about wrong ones
// without end.
func (h *Introspection) answer(ctx context.Context, named string, sent []sentCall) ([]introspected, error) {
	actor := models.ActorFrom(ctx)
	name, err := models.IntrospectedService(actor, named)
	if err != nil {
		return nil, err
	}
	if err := h.Wrong.Check(actor.Key.ID); err != nil {
		return nil, err
	}
	service, err := h.Store.ServiceNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	wrong := 0
	results, err := h.judgeAll(ctx, service, sent, &wrong)
	if wrong > 0 {
		h.Wrong.Count(actor.Key.ID, wrong)
	}
	return results, err
}

// judgeAll judges calls in their order and counts wrong keys. If one can't be
// judged, none is: a service must not take "nobody could look" for "no".
func (h *Introspection) judgeAll(ctx context.Context, service models.Service, sent []sentCall, wrong *int) ([]introspected, error) {
	results := make([]introspected, 0, len(sent))
	for _, one := range sent {
		call, err := one.call()
		if err != nil {
			return nil, err
		}
		result, err := h.judge(ctx, service, one.Token, call)
		if isWrong(one.Token, err) {
			*wrong++
		}
		if err != nil && models.KindOf(err) != models.Unauthenticated {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// isWrong tells a key that might have been one from what can't be, which costs
// nothing to refuse.
func isWrong(presented string, refusal error) bool {
	_, possible := models.ParseSecret(presented)
	return possible && models.KindOf(refusal) == models.Unauthenticated
}

// call reads what the service knows of a call.
func (s sentCall) call() (models.ServiceCall, error) {
	call := models.ServiceCall{Method: s.Method}
	if s.Token == "" {
		return call, models.InvalidField("token", "Send as token the key that the service was shown.")
	}
	call.Path, _, _ = strings.Cut(s.URI, "?")
	if s.IP == "" {
		return call, nil
	}
	address, err := netip.ParseAddr(s.IP)
	if err != nil {
		return call, models.InvalidField("ip", "Send as ip the address that the call came from, such as 192.0.2.7.")
	}
	call.From = address
	return call, nil
}

// judge judges one call. The error is Unauthenticated when the key opens nothing.
func (h *Introspection) judge(ctx context.Context, service models.Service, presented string, call models.ServiceCall) (introspected, error) {
	user, key, err := h.Store.Authenticate(ctx, presented)
	if err != nil {
		return introspected{}, err
	}
	switch denial := service.Denies(key.Access, call); denial {
	case "":
	case models.DeniedNetwork: // a thief must not learn that the key is worth trying elsewhere
		return introspected{}, nil
	default:
		return introspected{Denied: string(denial)}, nil
	}
	h.Store.Seen(key.ID, addressText(call.From), "", h.Store.Now())
	return activeKey(user, key), nil
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func activeKey(user models.User, key models.APIKey) introspected {
	scope := "read write"
	if key.Reads() {
		scope = "read"
	}
	return introspected{Active: true, Scope: scope, ClientID: key.ID, Username: user.Username, TokenType: "Bearer", Expires: key.ExpiresAt.Unix(), Issued: key.CreatedAt.Unix(),
		Subject: user.PublicID(), Audience: key.Services, KeyID: key.ID, IsService: user.IsService}
}
