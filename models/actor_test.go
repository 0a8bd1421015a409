package models_test

import (
	"context"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestActor(t *testing.T) {
	viewer := models.User{ID: 7, Permissions: models.PermissionsOf(models.UserView)}
	made := time.Date(2026, 11, 23, 12, 30, 15, 0, time.FixedZone("", 2*3600))
	tests := []struct {
		name         string
		actor        *models.Actor
		may, is      bool
		identifiedBy string
	}{
		{"nobody", nil, false, false, ""},
		{"session", &models.Actor{User: viewer, Via: models.ViaSession}, true, true, "Session cookie"},
		{"key", &models.Actor{User: viewer, Via: models.ViaKey, Key: &models.ActorKey{Purpose: "CI", Created: made}}, true, true, "API key 'CI' created Mon, 23 Nov 2026 10:30:15 UTC"},
		{"key without facts", &models.Actor{User: viewer, Via: models.ViaKey}, true, true, ""},
		{"console", &models.Actor{Via: models.ViaConsole}, true, false, "Server console"},
		{"other user", &models.Actor{User: models.User{ID: 8}, Via: models.ViaSession}, false, false, "Session cookie"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.actor.May(models.UserView); got != tt.may {
				t.Errorf("May: got %v, want %v", got, tt.may)
			}
			if got := tt.actor.Is(7); got != tt.is {
				t.Errorf("Is: got %v, want %v", got, tt.is)
			}
			if got := tt.actor.IdentifiedBy(); got != tt.identifiedBy {
				t.Errorf("IdentifiedBy: got %q, want %q", got, tt.identifiedBy)
			}
		})
	}
	if (&models.Actor{Via: models.ViaConsole}).Is(0) {
		t.Error("the console is not the user without an id")
	}
}

func TestContext(t *testing.T) {
	ctx := context.Background()
	if got := models.ActorFrom(ctx); got != nil {
		t.Errorf("actor of an empty context: got %v", got)
	}
	if got := models.RequestFrom(ctx); got != (models.Request{}) {
		t.Errorf("request of an empty context: got %v", got)
	}
	actor, request := &models.Actor{Via: models.ViaConsole}, models.Request{ID: "r", Address: "::1", UserAgent: "curl"}
	ctx = models.WithRequest(models.WithActor(ctx, actor), request)
	if models.ActorFrom(ctx) != actor || models.RequestFrom(ctx) != request {
		t.Error("a context loses its actor or request")
	}
}
