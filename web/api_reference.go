package web

import (
	"strconv"
	"strings"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/views"
)

// apiReference makes the page about the REST API of its table of operations.
func (s *Server) apiReference() *handlers.APIReference {
	page := views.APIReference{ServerURL: publicRoot(s.PublicURL), DocumentPath: basePath(s.PublicURL) + "/api/openapi.json", ExpiringHeader: api.ExpiringHeader}
	for _, o := range api.Operations() {
		last := len(page.Groups) - 1
		if last < 0 || page.Groups[last].Name != o.Tag {
			page.Groups = append(page.Groups, views.APIGroup{ID: "group-" + strconv.Itoa(last+1), Name: o.Tag})
			last++
		}
		page.Groups[last].Operations = append(page.Groups[last].Operations, describeOperation(o))
	}
	return &handlers.APIReference{Page: page}
}

func describeOperation(o api.Operation) views.APIOperation {
	paths := o.Paths()
	v := views.APIOperation{ID: operationAnchor(o), Method: o.Method, Path: o.Template(paths[0]), Summary: o.Summary, Text: o.Text, Ours: o.Ours, Curl: o.Curl()}
	for _, alias := range paths[1:] {
		v.Aliases = append(v.Aliases, o.Template(alias))
	}
	for _, list := range [][]api.Parameter{o.Query, o.Headers} {
		for _, p := range list {
			v.Parameters = append(v.Parameters, views.APIParameter{Name: p.Name, Text: p.Text})
		}
	}
	return v
}

func operationAnchor(o api.Operation) string {
	return strings.ToLower(o.Method) + strings.NewReplacer("/", "-", ":", "", ".", "-").Replace(o.Path)
}
