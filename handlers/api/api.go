// Package api serves the REST API in Octopus Deploy's shapes: the same
// operations as the pages, read from and written as JSON. Only this package
// knows the names and forms on the wire; a column that is renamed changes
// nothing here, and a digest has no way out.
package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/models"
)

// errorBody is Octopus's error resource. Errors is left out when empty: the
// official Go client drops the message when it sees an empty list.
type errorBody struct {
	ErrorMessage string
	Errors       []string `json:",omitempty"`
}

// statusOf is the status of each kind on the REST API. Octopus's clients expect
// 400 where a page answers 422.
var statusOf = map[models.Kind]int{
	models.Invalid: http.StatusBadRequest, models.Unauthenticated: http.StatusUnauthorized,
	models.Forbidden: http.StatusForbidden, models.NotFound: http.StatusNotFound, models.Conflict: http.StatusConflict,
	models.TooMany: http.StatusTooManyRequests, models.Unavailable: http.StatusServiceUnavailable,
}

// StatusKey is where the edge notes, in the request's echo context, the status
// of an error that no kind covers, such as 405.
const StatusKey = "status"

// WriteError answers a refusal. There is always a JSON body: the official
// clients take an error without one for a success.
func WriteError(c echo.Context, refusal *models.Error) error {
	status, ok := statusOf[refusal.Kind]
	if !ok {
		status = http.StatusInternalServerError
	}
	if edge, ok := c.Get(StatusKey).(int); ok {
		status = edge
	}
	body := errorBody{ErrorMessage: refusal.Message}
	for _, p := range refusal.Problems {
		body.Errors = append(body.Errors, p.Message)
	}
	if status == http.StatusBadRequest && len(body.Errors) == 0 {
		body.Errors = []string{refusal.Message} // that client prints nothing else of a 400
	}
	if status == http.StatusUnauthorized {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="keyport"`)
	}
	return write(c, status, body)
}

// write sends a resource. Nothing is escaped for HTML: the answer is never one.
func write(c echo.Context, status int, resource any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(resource); err != nil {
		return err
	}
	return c.Blob(status, "application/json; charset=utf-8", body.Bytes())
}

// read decodes a request's body, whatever content type it claims: PowerShell
// scripts send JSON as a form. Names match in any case, as in Octopus, and
// unknown members are ignored, because its clients send whole resources back.
func read(c echo.Context, into any) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return models.InvalidField("", "The request has no body. Send a JSON object.")
	}
	if !utf8.Valid(body) {
		return models.InvalidField("", "The request is not UTF-8 text.")
	}
	if err := checkShape(body); err != nil {
		return err
	}
	return decodeProblem(json.Unmarshal(body, into))
}

// decodeProblem words what the decoder found, without repeating what was sent:
// somebody may have put a key where a name belongs.
func decodeProblem(err error) error {
	var wrong *json.UnmarshalTypeError
	var refusal *models.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &wrong) && wrong.Field != "":
		return models.InvalidField(wrong.Field, wrong.Field+" has the wrong type: a "+article(wrong.Value)+" can't stand there.")
	}
	return notJSON()
}

func notJSON() error {
	return models.InvalidField("", "The request is not a JSON object.")
}

// article names a JSON type as the decoder calls it, without the value.
func article(value string) string {
	for i, r := range value {
		if r == ' ' {
			return value[:i]
		}
	}
	return value
}
