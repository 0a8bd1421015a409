package web

import (
	"net/http"
	"strings"
)

// The headers in which a key may come, as Go writes their names.
var keyHeaders = [...]string{"X-Octopus-Apikey", "X-Api-Key"}

const (
	authorization = "Authorization"
	userAgent     = "User-Agent"
)

// verifiable returns the one credential of a call, or what is wrong with how it
// came. It is stricter than the REST API: a proxy or the service behind it may
// read another one of two, so two are none.
func verifiable(r *http.Request) (presented, problem string) {
	if len(r.TransferEncoding) > 0 {
		return "", "a body in pieces" // where two proxies may see different ends of a request
	}
	found := 0
	for name, values := range r.Header {
		switch {
		case strings.IndexByte(name, '_') >= 0 && isTwin(name):
			return "", "a header's look-alike"
		case name != keyHeaders[0] && name != keyHeaders[1] && name != authorization || len(values) == 0:
		case len(values) > 1:
			return "", "more than one credential"
		case name != authorization:
			presented, found = values[0], found+1
		default:
			if scheme, token, _ := strings.Cut(values[0], " "); strings.EqualFold(scheme, "Bearer") {
				presented, found = token, found+1
			}
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
		if separates[s[i]] {
			return false
		}
	}
	return true
}

// separates are those bytes. A table is looked up in less time than is compared.
var separates = func() (table [256]bool) {
	for c := range table {
		table[c] = c <= ' ' || c >= 0x7f || c == ',' || c == ';' || c == '"'
	}
	return table
}()

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
