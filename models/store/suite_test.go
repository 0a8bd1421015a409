package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// nobody is a context without an actor.
var nobody = context.Background()

const day = 24 * time.Hour

// wantKind fails the test unless err is a refusal of that kind; 0 means that
// there must be no error.
func wantKind(t *testing.T, err error, want models.Kind) {
	t.Helper()
	if want == 0 {
		if err != nil {
			t.Fatalf("error = %v, want none", err)
		}
		return
	}
	if got := models.KindOf(err); got != want {
		t.Fatalf("error = %v (kind %d), want kind %d", err, got, want)
	}
}

// wantProblem fails the test unless err is about that field.
func wantProblem(t *testing.T, err error, field string) {
	t.Helper()
	var refusal *models.Error
	if !errors.As(err, &refusal) || refusal.Problem(field) == "" {
		t.Fatalf("error = %v, want a problem with %s", err, field)
	}
}

// must returns the value of an operation that may not fail.
func must[V any](t *testing.T) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newEvents runs a change and returns the events that it left.
func newEvents(t *testing.T, f *storetest.Fixture, change func()) []models.Event {
	t.Helper()
	before := len(f.Events())
	change()
	return f.Events()[before:]
}

// opens reports whether a secret opens anything now.
func opens(t *testing.T, f *storetest.Fixture, secret models.Secret) bool {
	t.Helper()
	_, _, err := f.Store.Authenticate(nobody, secret.Reveal())
	if err != nil {
		wantKind(t, err, models.Unauthenticated)
	}
	return err == nil
}

// settings saves settings as the console.
func settings(t *testing.T, f *storetest.Fixture, defaultDays, maximumDays int, userKeys bool) {
	t.Helper()
	stored := must[models.AuthSettings](t)(f.Store.AuthSettings(nobody))
	stored.APIKeyDefaultDays, stored.APIKeyMaximumDays, stored.UserAPIKeys = defaultDays, maximumDays, userKeys
	must[models.AuthSettings](t)(f.Store.SaveAuthSettings(storetest.Console(), stored))
}
