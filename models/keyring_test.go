package models_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
)

func ring(t testing.TB, masters ...string) *models.Keyring {
	t.Helper()
	var raw [][]byte
	for _, m := range masters {
		raw = append(raw, bytes.Repeat([]byte(m), models.MasterKeySize)[:models.MasterKeySize])
	}
	r, err := models.NewKeyring(raw...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewKeyring(t *testing.T) {
	for _, masters := range [][][]byte{nil, {nil}, {make([]byte, 31)}, {make([]byte, 33)}, {make([]byte, 32), make([]byte, 16)}} {
		if _, err := models.NewKeyring(masters...); err == nil {
			t.Errorf("accepted %d master keys %v", len(masters), masters)
		}
	}
	if ids := ring(t, "a", "b", "c").IDs(); len(ids) != 3 || slices.Min(ids) < 0 || ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("ids: got %v, want three different ones, none negative", ids)
	}
}

func TestKeyringDigest(t *testing.T) {
	old, rotated := ring(t, "a"), ring(t, "b", "a")
	s, other := models.NewSecret(), models.NewSecret()
	if old.Digest(s) != ring(t, "a").Digest(s) {
		t.Error("the same master key gives another digest")
	}
	if old.Digest(s) == old.Digest(other) || old.Digest(s).Sum == rotated.Digest(s).Sum {
		t.Error("another secret, or another master key, gives the same digest")
	}
	if got, want := rotated.Digests(s), []models.Digest{rotated.Digest(s), old.Digest(s)}; !slices.Equal(got, want) {
		t.Error("a rotated ring must give the new digest and then the old one")
	}
	if got, want := rotated.Digest(s).PepperID, rotated.IDs()[0]; got != want {
		t.Errorf("pepper: got %d, want %d", got, want)
	}
}

func TestKeyringSeal(t *testing.T) {
	old, rotated := ring(t, "a"), ring(t, "b", "a")
	row, id := []byte("row"), old.IDs()[0]
	if got := rotated.Seal(id, row); !bytes.Equal(got, old.Seal(id, row)) || len(got) != 32 {
		t.Error("a rotated ring must keep the seals of the older generation")
	}
	if bytes.Equal(old.Seal(id, row), old.Seal(id, []byte("roe"))) || bytes.Equal(rotated.Seal(rotated.IDs()[0], row), old.Seal(id, row)) {
		t.Error("another row, or another generation, gives the same seal")
	}
	if old.Seal(rotated.IDs()[0], row) != nil {
		t.Error("a generation that is not on the ring gives a seal")
	}
}

func TestKeyringLinkDigest(t *testing.T) {
	r := ring(t, "a")
	token := models.NewToken()
	got := r.LinkDigest(token)
	if len(got) != 32 || bytes.Equal(got, r.LinkDigest(token+"A")) || bytes.Equal(got, r.Seal(r.IDs()[0], []byte(token))) {
		t.Error("a link's digest must depend on the token and differ from its seal")
	}
}

func TestParseMasterKeys(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xef}, 16)
	second := bytes.Repeat([]byte{7}, 32)
	asHex, as64 := hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw)
	tests := []struct {
		name, text string
		want       [][]byte // nil when refused
	}{
		{"hexadecimal", asHex, [][]byte{raw}},
		{"large hexadecimal", strings.ToUpper(asHex) + "\n", [][]byte{raw}},
		{"base64", as64 + "\r\n", [][]byte{raw}},
		{"base64 without padding", strings.TrimRight(as64, "="), [][]byte{raw}},
		{"newest first", "# new\n" + asHex + "\n\n# old\n " + hex.EncodeToString(second) + " \n", [][]byte{raw, second}},
		{"empty", "", nil},
		{"comments alone", "# one\n#two\n\n", nil},
		{"31 bytes", hex.EncodeToString(raw[:31]), nil},
		{"33 bytes", base64.StdEncoding.EncodeToString(append(raw[:32:32], 1)), nil},
		{"words", "change me", nil},
		{"second line wrong", asHex + "\nchange me", nil},
		{"two on a line", asHex + " " + asHex, nil},
		{"NUL", asHex + "\x00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := models.ParseMasterKeys(tt.text)
			if (err == nil) != (tt.want != nil) || !slices.EqualFunc(got, tt.want, bytes.Equal) {
				t.Errorf("got %x, %v, want %x", got, err, tt.want)
			}
			for _, line := range strings.Fields(tt.text) {
				if err != nil && len(line) > 6 && strings.Contains(err.Error(), line[:6]) {
					t.Errorf("the error shows the master key: %v", err)
				}
			}
		})
	}
}

// Digests and seals worked out at once are those worked out one by one.
func TestDigestsAtOnce(t *testing.T) {
	ring, err := models.NewKeyring(make([]byte, models.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	id := ring.IDs()[0]
	var secrets [50]models.Secret
	var digests [50]models.Digest
	var seals [50][]byte
	for i := range secrets {
		secrets[i] = models.NewSecret()
		digests[i], seals[i] = ring.Digest(secrets[i]), ring.Seal(id, []byte(secrets[i].Reveal()))
	}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i, s := range secrets {
				if got := ring.Digest(s); got != digests[i] {
					t.Errorf("digest %d = %v, want %v", i, got, digests[i])
				}
				if got := ring.Seal(id, []byte(s.Reveal())); !bytes.Equal(got, seals[i]) {
					t.Errorf("seal %d = %x, want %x", i, got, seals[i])
				}
			}
		})
	}
	workers.Wait()
	pepper, err := hkdf.Key(sha256.New, make([]byte, models.MasterKeySize), nil, "keyport/apikey-pepper", sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	plain := hmac.New(sha256.New, pepper)
	plain.Write([]byte(secrets[0].Reveal()))
	if got, want := digests[0].Sum[:], plain.Sum(nil); !bytes.Equal(got, want) {
		t.Errorf("digest = %x, want the HMAC %x that databases hold", got, want)
	}
}
