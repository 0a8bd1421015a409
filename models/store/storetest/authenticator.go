//go:build unix

package storetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
)

// Authenticator is a device with passkeys, as WebAuthn describes one. It answers
// challenges as a browser at Origin would hand them to it.
type Authenticator struct {
	Origin   string
	Verifies bool   // it checks that its owner is there
	Counter  uint32 // of uses; stays 0 where passkeys are synchronised

	keys []deviceKey
	t    testing.TB
}

type deviceKey struct {
	id, handle []byte
	rp         string
	private    *ecdsa.PrivateKey
}

// NewAuthenticator returns a device without passkeys, at a portal's origin.
func NewAuthenticator(t testing.TB, origin string) *Authenticator {
	return &Authenticator{Origin: origin, Verifies: true, t: t}
}

var urlBase64 = base64.RawURLEncoding

// options are the parts of a challenge that a device looks at.
type options struct {
	Challenge        string `json:"challenge"`
	RPID             string `json:"rpId"`
	RP               struct{ ID string }
	User             struct{ ID string }
	AllowCredentials []struct{ ID string } `json:"allowCredentials"`
}

func (a *Authenticator) read(from any) options {
	a.t.Helper()
	var o options
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		a.t.Fatalf("options: %v", err)
	}
	return o
}

// Make makes a passkey and returns the browser's answer.
func (a *Authenticator) Make(from any) string {
	a.t.Helper()
	o := a.read(from)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	handle, err := urlBase64.DecodeString(o.User.ID)
	if err != nil {
		a.t.Fatalf("user handle: %v", err)
	}
	key := deviceKey{id: []byte(rand.Text()), handle: handle, rp: o.RP.ID, private: private}
	a.keys = append(a.keys, key)
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(key.id))), key.id, a.publicKey(private))
	data := a.data(key.rp, 0x40, attested)
	object := slices.Concat([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), binary.BigEndian.AppendUint16(nil, uint16(len(data))), data)
	return a.answer(key, map[string]any{"clientDataJSON": a.client("webauthn.create", o), "attestationObject": urlBase64.EncodeToString(object), "transports": []string{"internal"}})
}

// Use answers with a passkey that the challenge allows, "" when there is none.
func (a *Authenticator) Use(from any) string {
	a.t.Helper()
	o := a.read(from)
	for _, key := range a.keys {
		allowed := len(o.AllowCredentials) == 0
		for _, c := range o.AllowCredentials {
			allowed = allowed || c.ID == urlBase64.EncodeToString(key.id)
		}
		if allowed && key.rp == o.RPID {
			return a.use(key, o)
		}
	}
	return ""
}

func (a *Authenticator) use(key deviceKey, o options) string {
	if a.Counter > 0 {
		a.Counter++
	}
	client := a.client("webauthn.get", o)
	clientText, _ := urlBase64.DecodeString(client)
	clientDigest := sha256.Sum256(clientText)
	data := a.data(key.rp, 0, nil)
	digest := sha256.Sum256(append(slices.Clone(data), clientDigest[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, key.private, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(key, map[string]any{"clientDataJSON": client, "authenticatorData": urlBase64.EncodeToString(data),
		"signature": urlBase64.EncodeToString(signature), "userHandle": urlBase64.EncodeToString(key.handle)})
}

// data is what the device vouches for: present, verified, and the counter.
func (a *Authenticator) data(rp string, flags byte, attested []byte) []byte {
	flags |= 0x01
	if a.Verifies {
		flags |= 0x04
	}
	digest := sha256.Sum256([]byte(rp))
	return slices.Concat(digest[:], []byte{flags}, binary.BigEndian.AppendUint32(nil, a.Counter), attested)
}

func (a *Authenticator) client(kind string, o options) string {
	text, _ := json.Marshal(map[string]any{"type": kind, "challenge": o.Challenge, "origin": a.Origin, "crossOrigin": false})
	return urlBase64.EncodeToString(text)
}

// publicKey is a COSE key: ES256 over P-256.
func (a *Authenticator) publicKey(private *ecdsa.PrivateKey) []byte {
	point, err := private.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	return slices.Concat([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), point[1:33], []byte("\x22\x58\x20"), point[33:])
}

func (a *Authenticator) answer(key deviceKey, response map[string]any) string {
	id := urlBase64.EncodeToString(key.id)
	text, _ := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform"})
	return string(text)
}
