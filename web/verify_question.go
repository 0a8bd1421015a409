package web

import (
	"net/http"
	"strings"
)

// question is what a proxy asks about.
type question struct {
	service  string
	likeCall bool   // the question has the method and the path of the call
	path     string // that path, with its escapes
}

// askedAbout reads what is behind /verify/: a service, or a service, a dash and
// the path of the call. No name of a service begins with a dash.
func askedAbout(r *http.Request, rest string) question {
	service, behind, found := strings.Cut(rest, "/-")
	if !found || behind != "" && behind[0] != '/' {
		return question{service: rest}
	}
	// The escapes count: %2e%2e may be one path here, and another at the service.
	_, path, _ := strings.Cut(r.URL.EscapedPath(), verifyPath+"/"+service+"/-")
	return question{service: service, likeCall: true, path: path}
}

// forwardedCall is the method and the path of the call that is being verified,
// "" for what nobody whom we trust has said, or what was said twice.
func (s *Server) forwardedCall(r *http.Request, q question) (method, path string) {
	if !s.fromProxy(r) {
		return "", ""
	}
	if q.likeCall {
		return r.Method, q.path
	}
	path, _, _ = strings.Cut(onlyOf(r.Header["X-Forwarded-Uri"], r.Header["X-Original-Uri"]), "?")
	return onlyOf(r.Header["X-Forwarded-Method"], r.Header["X-Original-Method"]), path
}

// onlyOf returns the only value of two headers that mean the same, "" when there
// is none or more than one.
func onlyOf(a, b []string) string {
	switch {
	case len(a) == 1 && len(b) == 0:
		return a[0]
	case len(a) == 0 && len(b) == 1:
		return b[0]
	}
	return ""
}

// firstOf returns the first value of a header, "" when there is none.
func firstOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
