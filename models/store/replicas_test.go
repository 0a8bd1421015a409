package store_test

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// joined waits until so many replicas have registered.
func joined(t *testing.T, f *storetest.Fixture, n int) []models.Replica {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		list := must[[]models.Replica](t)(f.Store.Replicas(storetest.Console()))
		if len(list) == n {
			return list
		}
		if time.Now().After(until) {
			t.Fatalf("%d replicas have registered, want %d", len(list), n)
		}
	}
}

// answered asks for a receipt until all replicas have answered, or nobody should
// wait any longer.
func answered(t *testing.T, ask func() (models.ChangeReceipt, error)) models.ChangeReceipt {
	t.Helper()
	for {
		r := must[models.ChangeReceipt](t)(ask())
		if !r.Waiting() {
			return r
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func keyReceipt(s *store.Store, k models.APIKey) func() (models.ChangeReceipt, error) {
	return func() (models.ChangeReceipt, error) {
		_, r, err := s.KeyReceipt(storetest.Console(), k.UserID, k.ID)
		return r, err
	}
}

// wantReceipt fails unless n of n replicas have heard, in a time that was measured.
// A replica writes at most once in a second; slow machines take longer.
func wantReceipt(t *testing.T, what string, r models.ChangeReceipt, n int) {
	t.Helper()
	took, measured := r.Took()
	if r.Heard() != n || len(r.Answers) != n || !measured || took > 10*time.Second {
		t.Errorf("%s: %d of %d replicas have heard, measured %t, after %v: %+v", what, r.Heard(), len(r.Answers), measured, took, r)
	}
}

// Each way to end keys has a receipt: all replicas have heard of it, and when.
func TestReceipts(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	others := []*store.Store{f.Reopen(1), f.Reopen(1)}
	f.Store.Join("one", "1.2.3")
	for i, s := range others {
		s.Join([]string{"two", "three"}[i], "1.2.3")
	}
	list := joined(t, f, 3)
	if list[0].Host != "one" || list[0].Version != "1.2.3" || list[0].Silent() || list[0].ID == list[1].ID || time.Since(list[0].StartedAt) > time.Minute {
		t.Errorf("the first replica is %+v", list[0])
	}
	key, _ := f.Issue(f.Alice, models.NewKey{})
	must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, key.ID))
	wantReceipt(t, "a key", answered(t, keyReceipt(f.Store, key)), 3)

	must[models.UserSummary](t)(f.Store.SetUserActive(f.As(f.Admin), f.Bob.ID, false))
	wantReceipt(t, "a user", answered(t, func() (models.ChangeReceipt, error) {
		_, r, err := others[0].UserReceipt(storetest.Console(), f.Bob.ID)
		return r, err
	}), 3)

	settings := must[models.AuthSettings](t)(f.Store.AuthSettings(nobody))
	settings.APIKeyMaximumDays = 200
	must[models.AuthSettings](t)(f.Store.SaveAuthSettings(f.As(f.Admin), settings))
	wantReceipt(t, "the policy", answered(t, func() (models.ChangeReceipt, error) { return f.Store.PolicyReceipt(nobody) }), 3)

	fillLive(t, f, 150)
	r := must[models.Revocation](t)(f.Store.StartRevocation(f.As(f.Admin), wishFor(t, f, "pipeline")))
	_, _, err := f.Store.RevocationReceipt(storetest.Console(), r.ID)
	wantKind(t, err, models.NotFound) // it is not over
	wantKind(t, f.Store.WorkOffRevocations(nobody), 0)
	many := answered(t, func() (models.ChangeReceipt, error) {
		_, many, err := f.Store.RevocationReceipt(storetest.Console(), r.ID)
		return many, err
	})
	wantReceipt(t, "many keys", many, 3)

	for _, s := range others {
		wantNoError(t, s.Close())
	}
	joined(t, f, 1) // those that end well leave no trace
}

// A replica that is cut off is named as silent, and never as one that refuses.
// What it heard before it was cut, it has heard.
func TestReceiptOfASilentReplica(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	replica, cut, heal := silenced(t, f)
	f.Store.Join("here", "1")
	replica.Join("there", "1")
	joined(t, f, 2)
	before, _ := f.Issue(f.Alice, models.NewKey{})
	after, secret := f.Issue(f.Alice, models.NewKey{})
	must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, before.ID))
	wantReceipt(t, "before the cut", answered(t, keyReceipt(f.Store, before)), 2)
	warm(t, replica, secret)
	cut()
	must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, after.ID))
	r := answered(t, keyReceipt(f.Store, after))
	if r.Heard() != 1 || len(r.Answers) != 2 || r.Answers[1].Host != "there" || r.Answers[1].Heard || r.Complete() {
		t.Errorf("after the cut: %+v", r)
	}
	if r.Age < models.ReceiptPatience {
		t.Errorf("nobody waits any more after %v", r.Age)
	}
	wantReceipt(t, "the key from before the cut", answered(t, keyReceipt(f.Store, before)), 2)
	heal()
	for until := time.Now().Add(10 * time.Second); !must[models.ChangeReceipt](t)(keyReceipt(f.Store, after)()).Complete(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the replica has heard nothing of what it missed")
		}
	}
	f.Exec("UPDATE replicas SET beat_at = now() - INTERVAL '6 minutes', id = 'dead' WHERE host = 'there'")
	wantKind(t, f.Store.SweepReplicas(nobody), 0)
	if n := f.Count("SELECT count(*) FROM replicas WHERE id = 'dead'"); n != 0 {
		t.Error("a dead replica was not swept")
	}
}

// Who has nothing to tell writes every few seconds, and who has, once a second.
func TestReplicasWriteSeldom(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	f.Store.Join("one", "1")
	joined(t, f, 1)
	began := time.Now()
	for time.Since(began) < 1500*time.Millisecond {
		key, _ := f.Issue(f.Alice, models.NewKey{})
		must[models.APIKey](t)(f.Store.RevokeAPIKey(storetest.Console(), f.Alice.ID, key.ID))
	}
	if n := f.Count("SELECT count(*) FROM replica_heard"); n < 2 || n > 3 {
		t.Errorf("%d writes in %v, want at most one in a second", n, time.Since(began))
	}
}

// On SQLite the one process answers for itself, at once, and a command is none.
func TestReceiptOnSQLite(t *testing.T) {
	f := storetest.New(t, storetest.SQLite)
	key, _ := f.Issue(f.Alice, models.NewKey{})
	_, _, err := f.Store.KeyReceipt(f.As(f.Alice), f.Alice.ID, key.ID)
	wantKind(t, err, models.NotFound)
	must[models.APIKey](t)(f.Store.RevokeAPIKey(f.As(f.Alice), f.Alice.ID, key.ID))
	if r := answered(t, keyReceipt(f.Store, key)); len(r.Answers) != 0 {
		t.Errorf("before anybody joined: %+v", r)
	}
	f.Store.Join("one", "1")
	if r := answered(t, keyReceipt(f.Store, key)); r.Heard() != 1 || !r.Complete() {
		t.Errorf("got %+v", r)
	}
	_, _, err = f.Store.KeyReceipt(f.As(f.Bob), f.Alice.ID, key.ID)
	wantKind(t, err, models.NotFound)
	_, err = f.Store.Replicas(f.As(f.Bob))
	wantKind(t, err, models.Forbidden)
}
