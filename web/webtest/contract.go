package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/keyport/keyport/handlers/api"
)

// contract is the published description of the REST API, read as anybody reads
// it. Every answer of every test is held against it.
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	text, err := json.Marshal((&api.Document{ServerURL: "http://keyport.example", Version: "0.0.1"}).Build())
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	return document, document.Validate(context.Background())
})

// Contract returns the description.
func Contract() (*openapi3.T, error) { return contract() }

// checkContract fails the test when an answer of the REST API is not as
// described: a status, a form or a member that nobody was told of.
func (s *Site) checkContract(r *http.Request, response *http.Response, body []byte) {
	s.t.Helper()
	method, path := effective(r), strings.TrimPrefix(r.URL.EscapedPath(), s.prefix)
	if folded := strings.ToLower(path); strings.HasPrefix(folded, "/api/") {
		path = folded
	}
	if !described(path) || method == http.MethodHead || method == http.MethodOptions {
		return
	}
	document, err := contract()
	if err != nil {
		s.t.Fatalf("the description of the REST API: %v", err)
	}
	if problem := Violation(document, method, path, response.StatusCode, response.Header.Get("Content-Type"), body); problem != "" {
		s.t.Errorf("%s %s: the answer %d is not as described: %s\n%.2000s", method, path, response.StatusCode, problem, body)
	}
}

// effective is the method that a request asks for.
func effective(r *http.Request) string {
	switch over := strings.ToUpper(r.Header.Get("X-HTTP-Method-Override")); {
	case r.Method != http.MethodPost:
	case over == http.MethodPut, over == http.MethodDelete, over == http.MethodPatch:
		return over
	}
	return r.Method
}

func described(path string) bool {
	return path == "/api" || strings.HasPrefix(path, "/api/") || path == api.DiscoveryPath || path == api.KeySetPath || path == api.ExchangePath || path == api.IntrospectPath || path == api.IntrospectBatchPath
}

// Violation says how an answer differs from the description, "" when it does not.
func Violation(document *openapi3.T, method, path string, status int, contentType string, body []byte) string {
	operation := Find(document, method, path)
	if operation == nil && status >= 400 && status < 500 {
		return ""
	}
	if operation == nil { // the router takes an id with a slash behind it for the id
		operation = Find(document, method, strings.TrimRight(path, "/"))
	}
	if operation == nil {
		return "no operation is described there"
	}
	answer := operation.Responses.Value(strconv.Itoa(status))
	if answer == nil {
		answer = operation.Responses.Value(strconv.Itoa(status/100) + "XX")
	}
	if answer == nil {
		return "the status is not described"
	}
	kind, _, _ := strings.Cut(contentType, ";")
	media := answer.Value.Content.Get(kind)
	switch {
	case media == nil:
		return "the content type " + contentType + " is not described"
	case kind != "application/json":
		return ""
	}
	var value any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&value); err != nil {
		return err.Error()
	}
	if err := media.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		return err.Error()
	}
	return ""
}

// Find returns the operation at a path: of several that match, the one with the
// most words that are the same.
func Find(document *openapi3.T, method, path string) *openapi3.Operation {
	var found *openapi3.Operation
	best := -1
	for template, item := range document.Paths.Map() {
		operation := item.GetOperation(method)
		if same := sameWords(template, path); operation != nil && same > best {
			found, best = operation, same
		}
	}
	return found
}

// sameWords counts the words that a template and a path share, -1 when the path
// is not of the template.
func sameWords(template, path string) int {
	words, parts, same := strings.Split(template, "/"), strings.Split(path, "/"), 0
	if len(words) != len(parts) {
		return -1
	}
	for i, word := range words {
		switch {
		case word == parts[i]:
			same++
		case !strings.HasPrefix(word, "{") || parts[i] == "":
			return -1
		}
	}
	return same
}
