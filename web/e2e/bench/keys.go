//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/keyport/keyport/models"
)

// keyMaker makes keys as a company has them after a while, the same ones for
// both databases: two fifths are usable, a tenth is revoked, a third was never
// used; each tenth user is a service account, and those have most of the keys.
// It is the shape of storetest.FillAllKeys, with secrets that open something.
type keyMaker struct {
	n, users, services int
	first              int64 // id of the first user
	now                time.Time
	ring               *models.Keyring
	secrets            []byte // of all keys, one after the other
}

// usersOf is how many users have so many keys.
func usersOf(keys int) int { return max(10, keys/200) }

func newKeyMaker(n int) *keyMaker {
	users := usersOf(n)
	m := &keyMaker{n: n, users: users, services: max(1, users/10), first: 1000, now: time.Now().UTC().Truncate(time.Microsecond), ring: keyring()}
	for range n {
		m.secrets = append(m.secrets, models.NewSecret().Reveal()...)
	}
	return m
}

var userColumns = []string{"id", "username", "username_fold", "display_name", "display_name_fold", "email", "email_fold", "is_service", "created_at"}

func (m *keyMaker) user(i int, moment func(time.Time) any) []any {
	n := strconv.Itoa(i)
	return []any{m.first + int64(i), "user-" + n, "user-" + n, "User " + n, "user " + n, "user-" + n + "@example.com", "user-" + n + "@example.com", i < m.services, moment(m.now)}
}

var keyColumns = []string{"id", "user_id", "purpose", "purpose_fold", "prefix", "pepper_id", "digest", "seal", "created_at", "expires_at", "last_used_at", "last_used_ip", "revoked_at"}

var (
	purposes = [...]string{"Deploy", "Backup", "Nightly", "Terraform", "Release", "Grafana", "Import", "Monitor"}
	places   = [...]string{" gate ", " runner ", " report ", " pipeline ", " worker "}
	lives    = [...]int{30, 30, 90, 90, 90, 180, 180, 180, 180, 366} // days
)

// facts works out the i-th key, as it would be found in the table.
func (m *keyMaker) facts(i int) (k models.APIKey, secret models.Secret) {
	secret, _ = models.ParseSecret(string(m.secrets[i*models.SecretLength : (i+1)*models.SecretLength]))
	digest := m.ring.Digest(secret)
	owner := i * 107 % m.users
	if i%10 < 6 {
		owner = i * 7919 % m.services
	}
	made := m.now.Add(-400*24*time.Hour + time.Duration(i)*(400*24*time.Hour/time.Duration(m.n))).Truncate(time.Microsecond)
	purpose := purposes[i%8] + places[i/8%5] + strconv.Itoa(i%4999)
	k = models.APIKey{ID: fmt.Sprintf("apikeys-%025d", i+1), UserID: m.first + int64(owner), Purpose: purpose, PurposeFold: strings.ToLower(purpose), Prefix: secret.Prefix(),
		PepperID: digest.PepperID, Digest: digest.Sum[:], CreatedAt: made, Access: models.WholeAccess(),
		ExpiresAt: made.AddDate(0, 0, lives[i*31/7%10]).Truncate(24*time.Hour).AddDate(0, 0, 1)}
	if i%3 > 0 {
		used := m.now.Add(-time.Duration(i*6700417%8640000) * time.Second)
		if used.Before(made) {
			used = made
		}
		k.LastUsedAt = &used
	}
	if i%10 == 7 {
		revoked := made.Add(time.Duration(i*613%86400) * time.Second)
		if revoked.After(m.now) {
			revoked = m.now
		}
		k.RevokedAt = &revoked
	}
	k.Seal = m.ring.Seal(k.PepperID, k.SealedBytes())
	return k, secret
}

func (m *keyMaker) key(i int, moment func(time.Time) any) []any {
	k, _ := m.facts(i)
	optional := func(t *time.Time) any {
		if t == nil {
			return nil
		}
		return moment(*t)
	}
	return []any{k.ID, k.UserID, k.Purpose, k.PurposeFold, k.Prefix, k.PepperID, k.Digest, k.Seal, moment(k.CreatedAt), moment(k.ExpiresAt), optional(k.LastUsedAt), "192.0.2.1", optional(k.RevokedAt)}
}

// writeSecrets writes those that will open something for the next day, in an
// order that has nothing to do with where they lie.
func (m *keyMaker) writeSecrets(path string) error {
	var usable bytes.Buffer
	for n := range m.n {
		i := int(int64(n) * 7_368_787 % int64(m.n)) // a prime, so that each comes once
		if k, secret := m.facts(i); k.Usable(m.now) && k.Usable(m.now.Add(24*time.Hour)) {
			usable.WriteString(secret.Reveal())
		}
	}
	return os.WriteFile(path, usable.Bytes(), 0o600)
}
