//go:build proxies

package proxytest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/keyport/keyport/models"
)

// session signs the administrator in and returns the cookie.
func (s *stand) session() string {
	s.t.Helper()
	id := make([]byte, 32)
	rand.Read(id)
	value := base64.RawURLEncoding.EncodeToString(id)
	digest, now := sha256.Sum256([]byte(value)), s.f.Store.Now()
	err := s.f.Store.StartSession(context.Background(), models.Session{Digest: digest[:], UserID: s.f.Admin.ID, CreatedAt: now, SeenAt: now, SignedInAt: now, EndsAt: now.Add(models.SessionAbsolute)})
	if err != nil {
		s.t.Fatal(err)
	}
	name := "keyport"
	if s.door != nil {
		name = "__Host-keyport" // as behind TLS
	}
	return strings.Join([]string{name, value}, "=")
}
