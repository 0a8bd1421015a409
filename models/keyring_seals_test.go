package models_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/keyport/keyport/models"
)

// sealBy works a seal out from what is written of it, without the keyring: rows
// that are in databases must go on matching.
func sealBy(t *testing.T, master, row []byte) []byte {
	t.Helper()
	key, err := hkdf.Key(sha256.New, master, nil, "keyport/row-seal", sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(row)
	return h.Sum(nil)
}

// sealedRow is a key and the bytes of its row.
func sealedRow() (models.APIKey, []byte) {
	k := models.APIKey{ID: "apikeys-a", UserID: 7, Digest: []byte{1, 2}, ParentID: "apikeys-b", CreatedAt: now, ExpiresAt: now.Add(day), Access: models.WholeAccess()}
	row := []byte("\x01\x00\x00\x00\x09apikeys-a\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x02\x01\x02\x00\x00\x00\x09apikeys-b")
	row = binary.BigEndian.AppendUint64(row, uint64(k.CreatedAt.UnixMicro()))
	row = binary.BigEndian.AppendUint64(row, uint64(k.ExpiresAt.UnixMicro()))
	return k, append(row, 0)
}

func TestKeyringSeals(t *testing.T) {
	newer, older, stranger := bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{3}, 32)
	ring, err := models.NewKeyring(newer, older)
	if err != nil {
		t.Fatal(err)
	}
	for i, master := range [][]byte{newer, older} {
		k, row := sealedRow()
		k.PepperID, k.Seal = ring.IDs()[i], sealBy(t, master, row)
		if !ring.Seals(&k) || !bytes.Equal(ring.Seal(k.PepperID, row), k.Seal) {
			t.Errorf("generation %d: the seal of an untouched row is refused", i)
		}
		k.UserID++
		if ring.Seals(&k) {
			t.Errorf("generation %d: a changed row is sealed", i)
		}
	}
	k, row := sealedRow()
	for name, seal := range map[string][]byte{"none": nil, "short": sealBy(t, newer, row)[:31], "another master key's": sealBy(t, stranger, row), "the older one's": sealBy(t, older, row)} {
		k.PepperID, k.Seal = ring.IDs()[0], seal
		if ring.Seals(&k) {
			t.Errorf("the seal %q is taken", name)
		}
	}
	k.PepperID, k.Seal = ring.IDs()[0]^1, nil
	if ring.Seals(&k) {
		t.Error("a row of a generation that is not on the ring is sealed")
	}
}

func TestKeyringSealsAllocations(t *testing.T) {
	ring, err := models.NewKeyring(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	k, row := sealedRow()
	k.PepperID = ring.IDs()[0]
	k.Seal = ring.Seal(k.PepperID, row)
	// The runtime may empty the pool now and then, so less than one, not none.
	if got := testing.AllocsPerRun(500, func() { ring.Seals(&k) }); got >= 1 {
		t.Errorf("%.0f allocations to check a seal, want none", got)
	}
}
