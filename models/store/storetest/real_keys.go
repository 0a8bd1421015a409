//go:build unix

package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyport/keyport/models"
)

// RealKey is a key that opens something, with its secret.
type RealKey struct {
	models.APIKey
	Secret string
}

// RealKeys adds n keys that work to a PostgreSQL database, past the store and so
// without events: quickly enough for very many. The n-th has the purpose and the
// owner that those functions say.
func RealKeys(t testing.TB, url string, ring *models.Keyring, now time.Time, n int, purpose func(n int) string, owner func(n int) int64) []RealKey {
	t.Helper()
	now = now.UTC().Truncate(time.Microsecond)
	keys := make([]RealKey, n)
	for i := range keys {
		secret := models.NewSecret()
		digest := ring.Digest(secret)
		key := models.APIKey{ID: models.NewKeyID(), UserID: owner(i), Purpose: purpose(i), PurposeFold: strings.ToLower(purpose(i)), Prefix: secret.Prefix(),
			PepperID: digest.PepperID, Digest: digest.Sum[:], CreatedAt: now, ExpiresAt: now.Add(100 * 24 * time.Hour), Access: models.Access{Level: models.FullAccess}}
		key.Seal = ring.Seal(key.PepperID, key.SealedBytes())
		keys[i] = RealKey{key, secret.Reveal()}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.CopyFrom(t.Context(), pgx.Identifier{"api_keys"},
		[]string{"id", "user_id", "purpose", "purpose_fold", "prefix", "pepper_id", "digest", "seal", "created_at", "expires_at"},
		pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			k := keys[i].APIKey
			return []any{k.ID, k.UserID, k.Purpose, k.PurposeFold, k.Prefix, k.PepperID, k.Digest, k.Seal, k.CreatedAt, k.ExpiresAt}, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
