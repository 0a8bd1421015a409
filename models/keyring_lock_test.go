package models_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/keyport/keyport/models"
)

func TestLock(t *testing.T) {
	old, both, other := ring(t, "a"), ring(t, "b", "a"), ring(t, "c")
	place := models.RowPlace("totp_secrets", "secret", 7)
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("secret"), 1000)} {
		locked := old.Lock(plain, place)
		if len(plain) > 5 && bytes.Contains(locked, plain[:6]) {
			t.Error("the secret can be read in what is stored")
		}
		if bytes.Equal(locked, old.Lock(plain, place)) {
			t.Error("the same secret is locked to the same bytes twice")
		}
		for name, r := range map[string]*models.Keyring{"same ring": old, "newer ring": both} {
			if got, err := r.Open(locked, place); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s: %v, %v, want what was locked", name, got, err)
			}
		}
		if id, ok := models.LockedBy(locked); !ok || id != old.IDs()[0] {
			t.Errorf("LockedBy = %d, want %d", id, old.IDs()[0])
		}
		if _, err := other.Open(locked, place); !errors.Is(err, models.ErrLocked) {
			t.Errorf("another master key: error = %v, want ErrLocked", err)
		}
	}
	if id, _ := models.LockedBy(both.Lock(nil, place)); id != both.IDs()[0] {
		t.Error("a new secret is not locked with the newest master key")
	}
}

// A text opens only where it was locked, and only as it is.
func TestLockedTextCannotBeMovedOrChanged(t *testing.T) {
	r := ring(t, "a", "b")
	place := models.Place{Table: "ab", Column: "c", Row: "1"}
	locked := r.Lock([]byte("secret"), place)
	for _, elsewhere := range []models.Place{{"ab", "c", "2"}, {"ab", "d", "1"}, {"x", "c", "1"}, {"a", "bc", "1"}, {"ab", "c1", ""}, {}} {
		if _, err := r.Open(locked, elsewhere); !errors.Is(err, models.ErrLocked) {
			t.Errorf("at %+v: error = %v, want ErrLocked", elsewhere, err)
		}
	}
	for i := range locked {
		changed := bytes.Clone(locked)
		changed[i] ^= 1
		if _, err := r.Open(changed, place); !errors.Is(err, models.ErrLocked) {
			t.Errorf("byte %d changed: error = %v, want ErrLocked", i, err)
		}
		if _, err := r.Open(locked[:i], place); !errors.Is(err, models.ErrLocked) {
			t.Errorf("cut to %d bytes: error = %v, want ErrLocked", i, err)
		}
	}
}

func TestDeviceSignature(t *testing.T) {
	old, both, other := ring(t, "a"), ring(t, "b", "a"), ring(t, "c")
	signature := old.SignDevice("7-x")
	if !old.DeviceSigned("7-x", signature) || !both.DeviceSigned("7-x", signature) {
		t.Error("our own signature is refused")
	}
	if old.DeviceSigned("8-x", signature) || other.DeviceSigned("7-x", signature) || old.DeviceSigned("7-x", nil) {
		t.Error("a signature of something else, or of nobody, is taken")
	}
}

func TestCodeDigestsAndCounterNames(t *testing.T) {
	r := ring(t, "a", "b")
	digests := r.CodeDigests(7, "AAAA-BBBB-CCCC")
	if len(digests) != 2 || bytes.Equal(digests[0], digests[1]) || bytes.Equal(digests[0], r.CodeDigests(8, "AAAA-BBBB-CCCC")[0]) {
		t.Error("want a digest for each master key, other ones for each user")
	}
	names := map[string]bool{}
	for _, parts := range [][]string{{"a", "b"}, {"ab", ""}, {"", "ab"}, {"ab"}, {}} {
		names[string(r.CounterName(parts...))] = true
	}
	if len(names) != 5 {
		t.Errorf("%d names for 5 things that are counted", len(names))
	}
}
