package store

import (
	"testing"

	"github.com/keyport/keyport/models"
)

// References count as JavaScript does.
func TestMessageReferences(t *testing.T) {
	m := said("🔑 of ").user(models.User{ID: 7, Username: "maya"}).text(": ").key(models.APIKey{ID: "apikeys-a", Purpose: "Ärger 😀", Prefix: "API-FSX"})
	if got, want := m.String(), `🔑 of maya: "Ärger 😀" (API-FSX•••••••)`; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
	want := []models.Reference{{DocumentID: "Users-7", Start: 6, Length: 4}, {DocumentID: "apikeys-a", Start: 12, Length: 10}}
	for i, got := range m.references {
		if got != want[i] {
			t.Errorf("reference %d = %+v, want %+v", i, got, want[i])
		}
	}
}
