package models_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestNewKeyID(t *testing.T) {
	form := regexp.MustCompile(`^apikeys-[a-z2-7]{25}$`)
	seen := map[string]bool{}
	for range 10_000 {
		id := models.NewKeyID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("wrong form or twice: %s", id)
		}
		seen[id] = true
	}
}

func TestNewToken(t *testing.T) {
	if a, b := models.NewToken(), models.NewToken(); a == b || len(a) != 26 {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestCleanKeyIDs(t *testing.T) {
	a, b := models.NewKeyID(), models.NewKeyID()
	if a > b {
		a, b = b, a
	}
	if got, problem := models.CleanKeyIDs([]string{b, strings.ToUpper(a), a, b}); problem != "" || !slices.Equal(got, []string{a, b}) {
		t.Errorf("got %v, %q; want both once, sorted", got, problem)
	}
	for name, ids := range map[string][]string{
		"none": {}, "empty": {""}, "short": {a[:len(a)-1]}, "long": {a + "a"}, "another thing": {"users-" + a[8:]}, "NUL": {a[:len(a)-1] + "\x00"},
		"not ASCII": {a[:len(a)-2] + "é"}, "one of them": {a, "x"}, "too many": slices.Repeat([]string{a}, models.MaxKeyIDs+1),
	} {
		if got, problem := models.CleanKeyIDs(ids); problem == "" || got != nil {
			t.Errorf("%s: got %v, %q; want a problem", name, got, problem)
		}
	}
}
