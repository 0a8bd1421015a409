package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// Operation describes one route for the people who call it. Operations are kept
// beside each other in operations_*.go; the shapes of what is sent and answered
// are read off the very types that the handlers use, so a description can't say
// something else than the program does.
type Operation struct {
	Method, Path string // as the router has them: /api/users/:user
	Tag          string // the group it is shown in
	Summary      string
	Text         string // more, "" for none
	Query        []Parameter
	Headers      []Parameter
	Body         any    // a value of the type that is read, nil for none
	BodyRequired bool   // an empty body is refused
	Form         bool   // the body may also be a form
	Answer       any    // a value of the type that is written
	Status       int    // of the answer, 200 when zero
	Table        bool   // the answer is, or with asCsv can be, a table
	TableOnly    bool   // it always is
	Open         bool   // needs no credential
	Spaced       bool   // is also served below the space
	Ours         bool   // Octopus does not have it
	Refuses      bool   // never succeeds
	Refusal      any    // what a refusal looks like, when it is not errorBody
	Example      string // a body, for the example
	ExampleQuery string // and a query
}

// Parameter is a part of the query, or a header.
type Parameter struct {
	Name string
	Type string // string, integer or boolean
	Text string
}

// Shorthands for the parameters that many lists have.
var (
	paging = []Parameter{
		{"skip", "integer", "How many rows to pass over."},
		{"take", "integer", "How many rows to answer, 30 without it. At most 200 come at once; follow Page.Next for the rest."},
	}
	byIDs  = Parameter{"ids", "string", "Only these ids, with commas between them."}
	byPart = Parameter{"partialName", "string", "Only those whose name contains this, in any case of letters."}
)

func with(more []Parameter, one ...Parameter) []Parameter {
	return append(slices.Clone(more), one...)
}

// Operations lists every route of the REST API, in the order of the page.
func Operations() []Operation {
	return slices.Concat(startOperations, keyOperations, userOperations, teamOperations, eventOperations, subscriptionOperations,
		serviceOperations, configurationOperations, tokenOperations)
}

// Paths returns the paths at which an operation is served.
func (o Operation) Paths() []string {
	paths := []string{o.Path}
	if o.Spaced {
		rest := strings.TrimPrefix(o.Path, "/api")
		paths = append(paths, "/api/spaces-1"+rest, "/api/spaces/:space"+rest)
	}
	return paths
}

// status is what a call that succeeds is answered with.
func (o Operation) status() int {
	if o.Status == 0 {
		return http.StatusOK
	}
	return o.Status
}

// Document serves the description of the REST API (OpenAPI 3.1). It is open to
// everybody: it says nothing of what is stored.
type Document struct {
	ServerURL string
	Version   string
}

// Show answers the document.
func (d *Document) Show(c echo.Context) error { return write(c, http.StatusOK, d.Build()) }

type object = map[string]any

// Build makes the document.
func (d *Document) Build() any {
	schemas := &schemas{all: object{}}
	paths := map[string]object{}
	for _, o := range Operations() {
		for i, path := range o.Paths() {
			template := openPath(path)
			if paths[template] == nil {
				paths[template] = object{}
			}
			paths[template][strings.ToLower(o.Method)] = o.describe(schemas, template, i)
		}
	}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "Keyport", "version": d.Version, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "The REST API of Keyport. Its routes and shapes are Octopus Deploy's, so that scripts written for those go on working; what Octopus does not have is marked with x-keyport-extension. Paths are matched without regard to case, and members of bodies are too."},
		"servers": []any{object{"url": d.ServerURL}},
		"tags":    tags(),
		"paths":   paths,
		"components": object{"schemas": schemas.all, "securitySchemes": object{
			"key":    object{"type": "apiKey", "in": "header", "name": "X-Octopus-ApiKey", "description": "An API key."},
			"bearer": object{"type": "http", "scheme": "bearer", "description": "An API key, or an access token."}}},
		"security": []any{object{"key": []string{}}, object{"bearer": []string{}}},
	}
}

func tags() []any {
	var list []any
	seen := map[string]bool{}
	for _, o := range Operations() {
		if !seen[o.Tag] {
			seen[o.Tag] = true
			list = append(list, object{"name": o.Tag})
		}
	}
	return list
}

// openPath writes a path of the router as OpenAPI does.
func openPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

func (o Operation) describe(s *schemas, template string, alias int) object {
	d := object{"tags": []string{o.Tag}, "summary": o.Summary, "operationId": operationID(o.Method, template), "responses": o.responses(s)}
	if o.Text != "" {
		d["description"] = o.Text
	}
	if parameters := o.parameters(template); len(parameters) > 0 {
		d["parameters"] = parameters
	}
	if o.Body != nil {
		d["requestBody"] = o.requestBody(s)
	}
	if o.Open {
		d["security"] = []any{}
	}
	if o.Ours {
		d["x-keyport-extension"] = true
	}
	if alias > 0 {
		d["x-keyport-alias-of"] = openPath(o.Path)
	}
	return d
}

// operationID makes a name of a method and a path.
func operationID(method, template string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "", "-", "_").Replace(template)
}

func (o Operation) parameters(template string) []any {
	var list []any
	for part := range strings.SplitSeq(template, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			list = append(list, object{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	for _, place := range []struct {
		in   string
		list []Parameter
	}{{"query", o.Query}, {"header", o.Headers}} {
		for _, p := range place.list {
			list = append(list, object{"name": p.Name, "in": place.in, "description": p.Text, "schema": object{"type": p.Type}})
		}
	}
	return list
}

func (o Operation) requestBody(s *schemas) object {
	schema := s.sent(o.Body)
	content := object{"application/json": object{"schema": schema}}
	if o.Form {
		content["application/x-www-form-urlencoded"] = object{"schema": schema}
	}
	return object{"required": o.BodyRequired, "content": content}
}

// responses are the answer of a call that succeeds and the refusals, which all
// have one shape.
func (o Operation) responses(s *schemas) object {
	refusal := s.answered(errorBody{})
	if o.Refusal != nil {
		refusal = s.answered(o.Refusal)
	}
	refused := object{"description": "A refusal, with what to do about it.", "content": object{"application/json": object{"schema": refusal}}}
	r := object{"4XX": refused, "5XX": object{"description": "Something went wrong in Keyport, or it can't answer now.", "content": refused["content"]}}
	if o.Refuses {
		return r
	}
	content := object{}
	if !o.TableOnly {
		content["application/json"] = object{"schema": s.answered(o.Answer)}
	}
	if o.Table || o.TableOnly {
		content["text/csv"] = object{"schema": object{"type": "string"}}
	}
	r[statusText(o.status())] = object{"description": http.StatusText(o.status()), "content": content, "headers": object{
		ExpiringHeader: object{"description": "When the key of the call ends, in its last 20 days (RFC 3339, UTC).", "schema": object{"type": "string", "format": "date-time"}}}}
	return r
}
