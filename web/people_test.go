package web_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web/webtest"
)

// browserOf returns a browser in which the user is signed in. It skips the
// password, which costs time on purpose; sign-in has tests of its own.
func browserOf(f *storetest.Fixture, site *webtest.Site, u models.User) *webtest.Client {
	id := make([]byte, 32)
	rand.Read(id)
	cookie := base64.RawURLEncoding.EncodeToString(id)
	startSession(f, u, cookie)
	client := site.Client()
	client.SetCookie("keyport", cookie)
	return client
}

// sessionIDOf starts a session of the user and returns the id by which it can
// be ended.
func sessionIDOf(f *storetest.Fixture, u models.User) string {
	return base64.RawURLEncoding.EncodeToString(startSession(f, u, rand.Text()))
}

func startSession(f *storetest.Fixture, u models.User, cookie string) []byte {
	digest, now := sha256.Sum256([]byte(cookie)), f.Store.Now()
	err := f.Store.StartSession(context.Background(), models.Session{Digest: digest[:], UserID: u.ID, CreatedAt: now, SeenAt: now, SignedInAt: now, EndsAt: now.Add(models.SessionAbsolute)})
	if err != nil {
		panic(err)
	}
	return digest[:]
}

// usable returns a key of the user that works for another month.
func usable(t *testing.T, f *storetest.Fixture, u models.User) (models.APIKey, string) {
	t.Helper()
	key, secret := f.Issue(u, models.NewKey{Expires: models.ExpiresAt(f.Store.Now().Add(30 * 24 * time.Hour))})
	return key, secret.Reveal()
}
