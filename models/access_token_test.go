package models_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

const server = "https://keys.example.com"

// aSigningKey is made once: it takes a while.
var aSigningKey = sync.OnceValue(func() models.SigningKey {
	key, err := models.MakeSigningKey(now)
	if err != nil {
		panic(err)
	}
	return key
})

func anAccessToken(t *testing.T) (string, models.AccessToken) {
	t.Helper()
	token := models.NewAccessToken("an account", models.OIDCIdentity{ID: 7, Version: 3}, now)
	text, err := aSigningKey().Sign(token, server)
	if err != nil {
		t.Fatal(err)
	}
	return text, token
}

func TestAccessTokenIsReadAsSigned(t *testing.T) {
	text, want := anAccessToken(t)
	got, err := aSigningKey().Read(text, server, now)
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if life := want.Expires.Sub(want.Issued); life != time.Hour || want.Expires.After(now.Add(time.Hour)) || want.Issued.After(now) {
		t.Errorf("the token lives from %s to %s, made at %s", want.Issued, want.Expires, now)
	}
	if id, ok := models.TokenKey(text); !ok || id != aSigningKey().ID {
		t.Errorf("its key: got %q, %v", id, ok)
	}
}

func TestAccessTokenCounts(t *testing.T) {
	text, token := anAccessToken(t)
	tests := []struct {
		name   string
		server string
		at     time.Time
		want   bool
	}{
		{"at once", server, now, true},
		{"a microsecond before its end", server, token.Expires.Add(-time.Microsecond), true},
		{"at its end", server, token.Expires, false},
		{"a year later", server, now.Add(366 * day), false},
		{"where the clock is a little behind", server, now.Add(-30 * time.Second), true},
		{"long before", server, now.Add(-time.Hour), false},
		{"at another server", "https://other.example.com", now, false},
		{"at a server of almost that name", server + "/", now, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := aSigningKey().Read(text, tt.server, tt.at); (err == nil) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSigningKeyRetires(t *testing.T) {
	key := aSigningKey()
	for at, want := range map[time.Duration][2]bool{0: {true, true}, 90*day - 1: {true, true}, 90 * day: {false, true}, 180*day - 1: {false, true}, 180 * day: {false, false}} {
		if got := [2]bool{key.Signs(now.Add(at)), key.Checks(now.Add(at))}; got != want {
			t.Errorf("after %v: signs and checks: got %v, want %v", at, got, want)
		}
	}
	old := models.RestoreSigningKey(key.ID, now.Add(-180*day), key.Private())
	text, _ := anAccessToken(t)
	if _, err := old.Read(text, server, now); err == nil {
		t.Error("a key that has retired checks a token")
	}
}

// No change of any character leaves a token good, nor does any of the tricks by
// which tokens are forged.
func TestForgedTokens(t *testing.T) {
	text, _ := anAccessToken(t)
	for i := range text {
		for _, c := range []byte{'A', 'B', '.', '='} {
			if changed := text[:i] + string(c) + text[i+1:]; changed != text {
				if _, err := aSigningKey().Read(changed, server, now); err == nil {
					t.Fatalf("character %d may be %c", i, c)
				}
			}
		}
	}
	parts := strings.Split(text, ".")
	segment := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	head := func(alg, typ string) string {
		return segment(map[string]string{"alg": alg, "kid": aSigningKey().ID, "typ": typ})
	}
	another, err := models.MakeSigningKey(now)
	if err != nil {
		t.Fatal(err)
	}
	stolen := models.RestoreSigningKey(aSigningKey().ID, now, another.Private())
	byAnother, err := stolen.Sign(models.NewAccessToken("an account", models.OIDCIdentity{ID: 7, Version: 3}, now), server)
	if err != nil {
		t.Fatal(err)
	}
	long := models.NewAccessToken("an account", models.OIDCIdentity{ID: 7, Version: 3}, now)
	long.Expires = now.Add(30 * day)
	tooLong, err := aSigningKey().Sign(long, server)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"no signature": parts[0] + "." + parts[1] + ".", "alg none": head("none", "at+jwt") + "." + parts[1] + ".", "alg None": head("None", "at+jwt") + "." + parts[1] + "." + parts[2],
		"alg HS256": head("HS256", "at+jwt") + "." + parts[1] + "." + parts[2], "alg RS256": head("RS256", "at+jwt") + "." + parts[1] + "." + parts[2], "an ID token": head("PS256", "JWT") + "." + parts[1] + "." + parts[2],
		"another key": byAnother, "a month": tooLong, "padded": text + "=", "with a blank": text + " ", "four parts": text + ".x", "two parts": parts[0] + "." + parts[1], "nothing": "", "dots": "..",
		"very long": text + strings.Repeat("A", 10_000), "no header": "." + parts[1] + "." + parts[2], "no claims": parts[0] + ".." + parts[2],
	} {
		if _, err := aSigningKey().Read(token, server, now); err == nil {
			t.Errorf("%s: the token counts", name)
		}
	}
}

func FuzzReadAccessToken(f *testing.F) {
	f.Add("eyJhbGciOiJQUzI1NiJ9.e30.x")
	f.Add("eyJ..")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := aSigningKey().Read(token, server, now); err == nil {
			t.Errorf("%q counts", token)
		}
	})
}

func TestLooksLikeToken(t *testing.T) {
	text, _ := anAccessToken(t)
	for in, want := range map[string]bool{text: true, "eyJ.a.b": true, "": false, "API-AAAA.B.C": false, "eyJ": false, "eyJ.a": false, "eyJ.a.b.c": false, "eyJ.a." + strings.Repeat("b", 5000): false} {
		if got := models.LooksLikeToken(in); got != want {
			t.Errorf("%.30q: got %v, want %v", in, got, want)
		}
	}
	if models.LooksLikeToken(models.NewSecret().Reveal()) {
		t.Error("an API key looks like a token")
	}
}

func TestTokenActor(t *testing.T) {
	a := &models.Actor{User: robot, Via: models.ViaToken, Token: &models.AccessToken{Expires: now}, IdentityName: "Main build"}
	if got, want := a.IdentifiedBy(), "Access token of OIDC identity 'Main build'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if ends, limited := a.Ceiling(); !limited || !ends.Equal(now) {
		t.Errorf("ceiling: got %v, %v", ends, limited)
	}
	for name, bad := range map[string]*models.Actor{"key without facts": {Via: models.ViaKey}, "token without facts": {Via: models.ViaToken}} {
		if ends, limited := bad.Ceiling(); !limited || !ends.IsZero() {
			t.Errorf("%s: got %v, %v, want one that has ended", name, ends, limited)
		}
	}
	for name, free := range map[string]*models.Actor{"session": bySession(alice), "console": console, "nobody": nil} {
		if _, limited := free.Ceiling(); limited {
			t.Errorf("%s is limited", name)
		}
	}
}
