package models

import (
	"slices"
	"strings"
)

// ReadRule says of some calls of a service that they only read. Read-only keys
// may make those and no others.
type ReadRule struct {
	Methods []string // in capitals
	Path    string   // pattern: * is one segment, and /** at the end whatever is below
}

// maxReadPath bounds a pattern, in bytes.
const maxReadPath = 200

// safeMethods only read, by their definition (RFC 9110, 9.2.1). TRACE is left
// out: it sends back what came in, and nothing needs it.
var safeMethods = []string{"GET", "HEAD", "OPTIONS"}

// knownMethods are those that a rule can name.
var knownMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// Reads reports whether a call of the service only reads: by its rules, or,
// when it has none, by the safe methods. path is as it was asked for, without
// the query. One that servers read in different ways matches no rule: what is
// judged here must be what is run there.
func (s Service) Reads(method, path string) bool {
	if len(s.ReadOnly) == 0 {
		return slices.Contains(safeMethods, method)
	}
	if !plainPath(path) {
		return false
	}
	return slices.ContainsFunc(s.ReadOnly, func(r ReadRule) bool {
		return slices.Contains(r.Methods, method) && r.matches(path)
	})
}

// plainPath reports whether a path means the same to every server: from the
// root, without dot segments, empty segments, backslashes, parameters or escapes.
func plainPath(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "\\;%?#") || strings.Contains(path, "//") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

func (r ReadRule) matches(path string) bool {
	pattern, below := strings.CutSuffix(r.Path, "/**")
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(got) < len(want) || len(got) > len(want) && !below {
		return false
	}
	for i, segment := range want {
		if segment != got[i] && (segment != "*" || got[i] == "") {
			return false
		}
	}
	return true
}

// String writes a rule as people type it: "GET,HEAD /reports/**".
func (r ReadRule) String() string { return strings.Join(r.Methods, ",") + " " + r.Path }

// ReadRuleLines writes rules as people type them.
func ReadRuleLines(rules []ReadRule) []string {
	lines := make([]string, len(rules))
	for i, r := range rules {
		lines[i] = r.String()
	}
	return lines
}

// ParseReadRules reads rules as people type them, one in a line. What is wrong
// with one is said when the wish is checked.
func ParseReadRules(text string) []ReadRule {
	rules := []ReadRule{}
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.ReplaceAll(line, ",", " "))
		if len(words) == 0 {
			continue
		}
		last := len(words) - 1
		rules = append(rules, ReadRule{Methods: words[:last], Path: words[last]})
	}
	return rules
}

// checkReadRules returns the rules in the form in which they are stored, and
// what is wrong with the first that can't be.
func checkReadRules(rules []ReadRule) (clean []ReadRule, problem string) {
	if len(rules) > MaxReadRules {
		return rules, "A service has up to 50 rules of what only reads. Join some of them by * and /**."
	}
	clean = []ReadRule{}
	for _, r := range rules {
		r, problem := r.check()
		if problem != "" {
			return rules, problem
		}
		clean = append(clean, r)
	}
	return clean, ""
}

func (r ReadRule) check() (ReadRule, string) {
	var methods []string
	for _, method := range r.Methods {
		method = strings.ToUpper(strings.TrimSpace(method))
		if !slices.Contains(knownMethods, method) {
			return r, "A rule of what only reads names a method that Keyport does not know. Use " + Listed(knownMethods) + "."
		}
		methods = append(methods, method)
	}
	slices.Sort(methods)
	r.Methods, r.Path = slices.Compact(methods), strings.TrimSpace(r.Path)
	switch {
	case len(r.Methods) == 0:
		return r, "A rule of what only reads has no method. Write methods and then a path, such as GET,HEAD /reports/**."
	case len(r.Path) > maxReadPath || !plainPath(r.Path) || !plainPattern(r.Path):
		return r, "A path of what only reads begins with / and has plain segments, such as /reports/* or /reports/**. Write it without escapes, dots alone or a query."
	}
	return r, ""
}

// plainPattern reports whether stars stand only where they mean something.
func plainPattern(path string) bool {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if strings.Contains(segment, "*") && segment != "*" && (segment != "**" || i < len(segments)-1) {
			return false
		}
	}
	return true
}
