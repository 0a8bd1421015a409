package models_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

const keys = 100_000

// What Octopus's clients and the usual scanner for leaked secrets look for.
var secretForm = regexp.MustCompile(`^API-[A-Z0-9]{26}$`)

func TestNewSecret(t *testing.T) {
	seen := make(map[string]bool, keys)
	for range keys {
		s := models.NewSecret()
		text := s.Reveal()
		if !secretForm.MatchString(text) {
			t.Fatalf("wrong form: %s", text)
		}
		if seen[text] {
			t.Fatalf("twice: %s", text)
		}
		seen[text] = true
		again, ok := models.ParseSecret(text)
		if !ok || again != s {
			t.Fatalf("%s is not read back", text)
		}
		if want := text[:7]; s.Prefix() != want {
			t.Fatalf("prefix: got %s, want %s", s.Prefix(), want)
		}
	}
}

// The characters are the digits of a random number below 2^134, so they spread
// evenly, but for the first: 2^134 is 26.9 times 36^25, so the first digit is
// one of the lower 27, and the 27th comes a little less often.
func TestNewSecretSpread(t *testing.T) {
	var count [26][36]int
	for range keys {
		for i, c := range models.NewSecret().Reveal()[len(models.SecretPrefix):] {
			count[i][strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)]++
		}
	}
	for digit, n := range count[0] {
		if (digit > 26) != (n == 0) {
			t.Errorf("first character: digit %d comes %d times", digit, n)
		}
	}
	for i := 1; i < len(count); i++ {
		const expected = float64(keys) / 36
		var chi float64
		for _, n := range count[i] {
			chi += (float64(n) - expected) * (float64(n) - expected) / expected
		}
		// 35 degrees of freedom: above 100 once in ten million positions.
		if chi > 100 {
			t.Errorf("character %d: chi-square %.1f", i+1, chi)
		}
	}
}

func TestParseSecretRefuses(t *testing.T) {
	key := models.NewSecret().Reveal()
	wide := strings.Map(func(r rune) rune { return r + 0xfee0 }, key)
	tests := []struct{ name, in string }{
		{"empty", ""},
		{"prefix alone", "API-"},
		{"words", "undefined"},
		{"small letters", strings.ToLower(key)},
		{"small prefix", "api-" + key[4:]},
		{"mixed prefix", "Api-" + key[4:]},
		{"blank before", " " + key},
		{"blank after", key + " "},
		{"line end", key + "\n"},
		{"blank for a character", key[:29] + " "},
		{"one more character", key + "A"},
		{"twice", key + key},
		{"full-width", wide},
		{"full-width digit", key[:27] + "０"},
		{"NUL inside", key[:10] + "\x00" + key[11:]},
		{"NUL after", key + "\x00"},
		{"invalid UTF-8", key[:10] + "\xff" + key[11:]},
		{"Kelvin sign", strings.Replace("API-KKKKKKKKKKKKKKKKKKKKKKKKKK", "KKK", "\u212a", 1)},
		{"hyphen", key[:10] + "-" + key[11:]},
		{"largest number of 26 digits", "API-" + strings.Repeat("Z", 26)},
		{"smallest number above 134 bits", "API-" + base36(new(big.Int).Lsh(big.NewInt(1), 134))},
		{"zero", "API-" + strings.Repeat("0", 26)},
		{"a megabyte", "API-" + strings.Repeat("A", 1<<20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := models.ParseSecret(tt.in); ok {
				t.Errorf("accepted %.40q", tt.in)
			}
		})
	}
	for n := range len(key) {
		if _, ok := models.ParseSecret(key[:n]); ok {
			t.Errorf("accepted the first %d characters", n)
		}
	}
}

// A number beyond 134 bits must not pass for the key that it shares them with.
func TestParseSecretRefusesTwins(t *testing.T) {
	limit, tried := new(big.Int).Lsh(big.NewInt(1), 134), 0
	for range 1000 {
		number, _ := new(big.Int).SetString(models.NewSecret().Reveal()[len(models.SecretPrefix):], 36)
		twin := models.SecretPrefix + base36(number.Add(number, limit))
		if len(twin) != models.SecretLength {
			continue // does not fit into 26 characters
		}
		tried++
		if _, ok := models.ParseSecret(twin); ok {
			t.Fatalf("accepted %s", twin)
		}
	}
	if tried == 0 {
		t.Error("no number was tried")
	}
}

// Nearly every slip of one character, and swap of two neighbours, is noticed
// without a database: 63 of 64.
func TestParseSecretNoticesSlips(t *testing.T) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var slips, refused int
	try := func(text string) {
		slips++
		if _, ok := models.ParseSecret(text); !ok {
			refused++
		}
	}
	for range 40 {
		key := []byte(models.NewSecret().Reveal())
		for i := len(models.SecretPrefix); i < len(key); i++ {
			old := key[i]
			for _, c := range []byte(digits) {
				if key[i] = c; c != old {
					try(string(key))
				}
			}
			key[i] = old
			if i+1 < len(key) && key[i+1] != old {
				key[i], key[i+1] = key[i+1], key[i]
				try(string(key))
				key[i], key[i+1] = key[i+1], key[i]
			}
		}
	}
	if share := float64(refused) / float64(slips); share < 0.97 {
		t.Errorf("refused %.4f of %d slips, want 0.97 or more", share, slips)
	}
}

// A key is one text of one number: what is accepted has 134 bits at the most
// and is how that number is written.
func FuzzParseSecret(f *testing.F) {
	key := models.NewSecret().Reveal()
	for _, s := range []string{key, strings.ToLower(key), key[:29], key + "A", "API-", "", "API-ZZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := models.ParseSecret(text)
		if !ok {
			if s != (models.Secret{}) {
				t.Error("a refused text gives a secret")
			}
			return
		}
		if s.Reveal() != text || !secretForm.MatchString(text) {
			t.Fatalf("accepted %q", text)
		}
		number, _ := new(big.Int).SetString(text[len(models.SecretPrefix):], 36)
		if number.BitLen() > 134 || models.SecretPrefix+base36(number) != text {
			t.Fatalf("%q is not how %s is written", text, number)
		}
	})
}

func base36(n *big.Int) string {
	return fmt.Sprintf("%026s", strings.ToUpper(n.Text(36)))
}

func TestParseSecretAllocatesNothing(t *testing.T) {
	key := models.NewSecret().Reveal()
	wrong := key[:29] + "!"
	for _, text := range []string{key, wrong, ""} {
		if got := testing.AllocsPerRun(100, func() { models.ParseSecret(text) }); got != 0 {
			t.Errorf("%.8s…: got %v allocations, want 0", text, got)
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	s := models.NewSecret()
	hint := s.Reveal()[:7] + "•••••••"
	if got := s.String(); got != hint {
		t.Errorf("String: got %q, want %q", got, hint)
	}
	wrapped := struct {
		Secret models.Secret
		List   []models.Secret
		Map    map[string]models.Secret
		At     *models.Secret
	}{s, []models.Secret{s}, map[string]models.Secret{"": s}, &s}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%10.5v", "%!"}
	printed := map[string]string{"slog": logged(s), "Sprint": fmt.Sprint(s, &s), "Errorf": fmt.Errorf("key %v", s).Error()}
	for _, verb := range verbs {
		printed[verb] = fmt.Sprintf(verb, s)
		printed[verb+" in a struct"] = fmt.Sprintf(verb, wrapped)
	}
	for _, v := range []any{s, wrapped} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		printed["json "+string(b)] = string(b)
	}
	for how, text := range printed {
		for i := 7; i+4 <= models.SecretLength; i++ {
			if strings.Contains(text, s.Reveal()[i:i+4]) {
				t.Errorf("%s shows a part of the secret", how)
				break
			}
		}
	}
	if b, err := json.Marshal(s); err != nil || string(b) != `"`+s.String()+`"` {
		t.Errorf("json: got %s, %v, want the hint", b, err)
	}
	if got := (models.Secret{}).Prefix(); got != "" {
		t.Errorf("prefix of no secret: got %q", got)
	}
}

func logged(s models.Secret) string {
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("made", "secret", s, "at", &s, slog.Group("g", "secret", s))
	}
	return b.String()
}
