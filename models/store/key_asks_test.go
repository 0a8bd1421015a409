package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// Many keys that are presented at the same time are told apart, whether good,
// wrong, or the same one several times, and whether changes are heard of or not.
func TestVerifyManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ids, secrets := map[int]string{}, make([]models.Secret, 300)
		for i := range secrets {
			if secrets[i] = models.NewSecret(); i%3 > 0 {
				var key models.APIKey
				key, secrets[i] = f.Issue(f.Alice, models.NewKey{})
				ids[i] = key.ID
			}
		}
		_, first := f.Issue(f.Alice, models.NewKey{})
		ask := func() {
			var all sync.WaitGroup
			for n := range 2 * len(secrets) {
				i := n % len(secrets)
				all.Go(func() {
					v, err := f.Store.Verify(nobody, secrets[i].Reveal())
					switch id, good := ids[i]; {
					case good && (err != nil || v.KeyID != id || v.Username != f.Alice.Username):
						t.Errorf("key %d: got %+v, %v, want key %s of %s", i, v, err, id, f.Alice.Username)
					case !good && models.KindOf(err) != models.Unauthenticated:
						t.Errorf("wrong key %d: got %+v, %v", i, v, err)
					}
				})
			}
			all.Wait()
		}
		warm(t, f.Store, first)
		ask()
		f.Store.StopHearing()
		ask()
	})
}

// holdKeys keeps the table of keys from being read until release is called.
func holdKeys(t *testing.T, f *storetest.Fixture) (release func()) {
	t.Helper()
	tx, err := storetest.SQL(t, f.URL).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

// Whoever leaves while his key is looked up takes nobody along, and a database
// that is silent keeps nobody in line for longer than one who asks.
func TestVerifyInLine(t *testing.T) {
	f := storetest.New(t, storetest.PostgreSQL)
	_, secret := f.Issue(f.Alice, models.NewKey{})
	release := holdKeys(t, f)
	const callers = 100
	stayed, gone := make(chan error, callers), make(chan error, callers)
	left, leave := context.WithCancel(t.Context())
	call := func(ctx context.Context, key models.Secret, errs chan<- error) {
		_, err := f.Store.Verify(ctx, key.Reveal())
		errs <- err
	}
	for range callers {
		go call(left, secret, gone)
		go call(t.Context(), secret, stayed)
	}
	time.Sleep(100 * time.Millisecond)
	leave()
	time.Sleep(50 * time.Millisecond)
	release()
	answered := 0
	for range callers {
		if err := <-stayed; err != nil {
			t.Errorf("somebody who stayed: %v", errors.Join(err, errors.Unwrap(err)))
		}
		if err := <-gone; err == nil {
			answered++ // he asked for others as well
		} else if models.KindOf(err) != models.Unavailable {
			t.Errorf("somebody who left: %v", err)
		}
	}
	if answered == callers {
		t.Error("nobody has left, so nothing was tested")
	}
	release = holdKeys(t, f)
	defer release()
	other, began := models.NewSecret(), time.Now()
	for range callers {
		go call(t.Context(), other, stayed)
	}
	for range callers {
		if err := <-stayed; models.KindOf(err) != models.Unavailable {
			t.Errorf("while the database is silent: %v", err)
		}
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("the last one in line waited %v", took)
	}
}
