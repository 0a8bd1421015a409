package store_test

import (
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

func TestKeyringRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, old := f.Issue(f.Alice, models.NewKey{}) // under master key 1
		rotated := f.Reopen(2, 1)
		wantKind(t, rotated.CheckKeyring(nobody), 0)
		if _, _, err := rotated.Authenticate(nobody, old.Reveal()); err != nil {
			t.Errorf("an old key under the rotated keyring: %v", err)
		}
		_, fresh, err := rotated.IssueAPIKey(storetest.Console(), f.Bob.ID, models.NewKey{Purpose: "new"})
		wantKind(t, err, 0)
		if _, _, err := rotated.Authenticate(nobody, fresh.Reveal()); err != nil {
			t.Errorf("a new key: %v", err)
		}
		if opens(t, f, fresh) {
			t.Error("a keyring without the new master key opened a new key")
		}
		// Revoking under the new keyring reseals with the old generation.
		must[models.APIKey](t)(rotated.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		if _, _, err := rotated.Authenticate(nobody, old.Reveal()); models.KindOf(err) != models.Unauthenticated {
			t.Errorf("the revoked key: error = %v", err)
		}
	})
}

func TestWrongMasterKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		wrong := f.Reopen(3)
		err := wrong.CheckKeyring(nobody)
		wantOpenError(t, err, "wrong master key")
		if got := f.Count("SELECT count(*) FROM key_generations"); got != 1 {
			t.Errorf("generations = %d, want 1: a refused one leaves no trace", got)
		}
		wantKind(t, f.Reopen(1).CheckKeyring(nobody), 0)
		wantKind(t, f.Reopen(3, 1).CheckKeyring(nobody), 0)
		// Once the last key has ended, its master key may retire.
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		wantKind(t, wrong.CheckKeyring(nobody), 0)
	})
}

// A key whose master key has left the keyring can still be revoked, for good.
func TestRevokeWithoutTheMasterKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		key, secret := f.Issue(f.Alice, models.NewKey{})
		must[models.APIKey](t)(f.Reopen(2).RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
		if opens(t, f, secret) {
			t.Error("a revoked key opens")
		}
	})
}
