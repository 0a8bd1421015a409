package models_test

import (
	"regexp"
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
