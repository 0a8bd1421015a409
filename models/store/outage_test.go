package store_test

import (
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// What can't be a key never reaches the database, so it is refused even when
// there is none; what may be a key is then not refused, but told to come back.
func TestAuthenticateWithoutDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, secret := f.Issue(f.Alice, models.NewKey{})
		f.Store.Close()
		text := secret.Reveal()
		for _, nonsense := range []string{"", " ", "API-", "null", text[:29], text + "A", " " + text, text + "\n", "api" + text[3:], "API-\x00" + text[5:], "API-ÄÄÄÄÄÄÄÄÄÄÄÄÄ"} {
			_, _, err := f.Store.Authenticate(nobody, nonsense)
			wantKind(t, err, models.Unauthenticated)
		}
		_, _, err := f.Store.Authenticate(nobody, text)
		wantKind(t, err, models.Unavailable)
		if models.Refusal(err).RetryAfter == 0 || strings.Contains(err.Error(), text[8:]) {
			t.Errorf("refusal = %+v", models.Refusal(err))
		}
	})
}

// A database that has gone away is everybody's Unavailable, never an internal
// error.
func TestWithoutDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx := f.As(f.Admin)
		key, _ := f.Issue(f.Admin, models.NewKey{})
		f.Store.Close()
		_, list := f.Store.APIKeysOf(ctx, f.Admin.ID, models.KeyFilter{Page: models.Page{Take: 1}})
		_, _, issue := f.Store.IssueAPIKey(ctx, f.Admin.ID, models.NewKey{Purpose: "p"})
		_, revoke := f.Store.RevokeAPIKey(ctx, f.Admin.ID, key.ID)
		_, signIn := f.Store.SignIn(ctx, "alice", storetest.Password)
		_, _, session := f.Store.Session(ctx, models.ActorFrom(ctx).SessionDigest)
		_, settings := f.Store.AuthSettings(ctx)
		f.Store.Seen(key.ID, "", "curl/8.5", f.Clock.Now())
		for name, err := range map[string]error{
			"list": list, "issue": issue, "revoke": revoke, "sign in": signIn, "session": session,
			"settings": settings, "flush": f.Store.FlushSeen(ctx), "ping": f.Store.Ping(ctx),
		} {
			if got := models.KindOf(err); got != models.Unavailable {
				t.Errorf("%s: error = %v (kind %d), want unavailable", name, err, got)
			}
		}
	})
}
