package web

import (
	"net/http"
	"strings"
)

// The headers in which a key may come, as Go writes their names.
var keyHeaders = [...]string{"X-Octopus-Apikey", "X-Api-Key"}

const authorization = "Authorization"

// verifiable returns the one credential of a call, or what is wrong with how it
// came. It is stricter than the REST API: a proxy or the service behind it may
// read another one of two, so two are none.
func verifiable(r *http.Request) (presented, problem string) {
	if len(r.TransferEncoding) > 0 {
		return "", "a body in pieces" // where two proxies may see different ends of a request
	}
	for name := range r.Header {
		if strings.ContainsRune(name, '_') && isTwin(name) {
			return "", "a header's look-alike"
		}
	}
	found := 0
	for _, name := range keyHeaders {
		if values := r.Header[name]; len(values) > 0 {
			presented, found = values[0], found+len(values)
		}
	}
	values := r.Header[authorization]
	if len(values) > 1 {
		return "", "more than one credential"
	}
	if len(values) == 1 {
		if scheme, token, _ := strings.Cut(values[0], " "); strings.EqualFold(scheme, "Bearer") {
			presented, found = token, found+1
		}
	}
	switch {
	case found > 1:
		return "", "more than one credential"
	case !isOneCredential(presented):
		return "", "no single credential"
	}
	return presented, ""
}

// isOneCredential finds what stands in no credential: spaces are left where
// lines were folded, commas where headers were joined.
func isOneCredential(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == ',' || c == ';' || c == '"' {
			return false
		}
	}
	return true
}

// deciding are other names that decide something: here, or at services that take
// one method or path for another.
var deciding = [...]string{authorization, "X-Forwarded-Method", "X-Original-Method", "X-Forwarded-Uri", "X-Original-Uri",
	"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Original-Url", "X-Rewrite-Url"}

// isTwin reports whether a name is one of ours to servers that take _ for -.
func isTwin(name string) bool {
	name = strings.ReplaceAll(name, "_", "-")
	for _, ours := range keyHeaders {
		if strings.EqualFold(name, ours) {
			return true
		}
	}
	for _, decides := range deciding {
		if strings.EqualFold(name, decides) {
			return true
		}
	}
	// Not every proxy can take these away before the service believes them.
	return len(name) >= len(identityPrefix) && strings.EqualFold(name[:len(identityPrefix)], identityPrefix)
}

// identityPrefix begins the names of all headers in identityHeaders.
const identityPrefix = "X-Keyport-"
