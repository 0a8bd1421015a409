package models_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestReads(t *testing.T) {
	const some = "GET,HEAD /reports/**\npost /search\n\nGET /users/*/name"
	tests := []struct {
		name, rules, method, path string
		want                      bool
	}{
		{"no rules, safe", "", "GET", "/x", true},
		{"no rules, head", "", "HEAD", "/x", true},
		{"no rules, options", "", "OPTIONS", "*", true},
		{"no rules, post", "", "POST", "/x", false},
		{"no rules, small letters", "", "get", "/x", false},
		{"no rules, trace", "", "TRACE", "/x", false},
		{"no rules, made up", "", "GETX", "/x", false},
		{"below", some, "GET", "/reports/2026/1", true},
		{"the folder itself", some, "GET", "/reports", true},
		{"the folder with a slash", some, "HEAD", "/reports/", true},
		{"a longer word", some, "GET", "/reportsx", false},
		{"another method", some, "POST", "/reports/1", false},
		{"a method that writes elsewhere", some, "POST", "/search", true},
		{"below an exact path", some, "POST", "/search/1", false},
		{"one segment", some, "GET", "/users/7/name", true},
		{"an empty segment", some, "GET", "/users//name", false},
		{"two segments", some, "GET", "/users/7/8/name", false},
		{"not named", some, "GET", "/", false},
		{"out by dots", some, "GET", "/reports/../admin", false},
		{"out by one dot", some, "GET", "/reports/./x", false},
		{"out by escapes", some, "GET", "/reports/%2e%2e/admin", false},
		{"an escaped slash", some, "GET", "/reports/..%2fadmin", false},
		{"a backslash", some, "GET", `/reports/..\admin`, false},
		{"a parameter", some, "GET", "/reports/..;/admin", false},
		{"two slashes", some, "GET", "//reports/1", false},
		{"a query", some, "GET", "/reports/1?x", false},
		{"a letter beyond ASCII", some, "GET", "/reports/é", false},
		{"empty", some, "GET", "", false},
		{"everything", "GET /**", "GET", "/", true},
		{"everything else", "GET /**", "GET", "/a/b", true},
		{"the root alone", "GET /", "GET", "/a", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			made, err := models.MakeService(models.NewService{Name: "a", ReadOnly: models.ParseReadRules(tt.rules)}, configurer())
			if err != nil {
				t.Fatal(err)
			}
			if got := made.Reads(tt.method, tt.path); got != tt.want {
				t.Errorf("%s %s: got %v, want %v", tt.method, tt.path, got, tt.want)
			}
		})
	}
}

func TestReadRulesAreWrittenAsTyped(t *testing.T) {
	made, err := models.MakeService(models.NewService{Name: "a", ReadOnly: models.ParseReadRules(" head, get,GET  /a/** \n\nPOST /b\r\n")}, configurer())
	if err != nil {
		t.Fatal(err)
	}
	lines := models.ReadRuleLines(made.ReadOnly)
	if want := []string{"GET,HEAD /a/**", "POST /b"}; !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
	if again := models.ReadRuleLines(models.ParseReadRules(strings.Join(lines, "\n"))); !slices.Equal(again, lines) {
		t.Errorf("read again: got %q, want %q", again, lines)
	}
}
