package store

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

// Statements are logged at debug level without their values.
func TestStatementLogHoldsNoValues(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "keyport.db"), Keyring: ring(t), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := models.WithActor(t.Context(), &models.Actor{Via: models.ViaConsole})
	if _, err := s.CreateUser(ctx, models.NewUser{Username: "maya-the-user"}, false); err != nil {
		t.Fatal(err)
	}
	s.write.Exec("SELECT no_such_column FROM users WHERE username = ?", "maya-the-user")
	if got := out.String(); strings.Contains(got, "maya-the-user") || !strings.Contains(got, "INSERT INTO") || strings.Contains(got, "level=ERROR") {
		t.Errorf("log = %s", got)
	}
}
