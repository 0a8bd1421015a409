package store_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

const (
	thisServer = "https://keys.example.com"
	anIssuer   = "https://issuer.example"
)

// trusted lets the robot trust a job, and returns what the job claims and the
// robot's external id.
func trusted(t *testing.T, f *storetest.Fixture) (models.OIDCIdentity, models.SubjectClaims, string) {
	t.Helper()
	identity := must[models.OIDCIdentity](t)(f.Store.AddOIDCIdentity(storetest.Console(), f.Robot.ID, models.NewOIDCIdentity{Name: "CI", Issuer: anIssuer, Subject: "job-*"}))
	list := must[models.OIDCIdentityList](t)(f.Store.OIDCIdentities(storetest.Console(), f.Robot.ID, models.Page{}))
	return identity, models.SubjectClaims{Issuer: anIssuer, Subject: "job-7", Audience: []string{list.ExternalID}}, list.ExternalID
}

func exchange(t *testing.T, s *store.Store, guid string, claims models.SubjectClaims) string {
	t.Helper()
	token, _, err := s.ExchangeToken(nobody, guid, thisServer, claims)
	wantKind(t, err, 0)
	return token
}

// asToken returns a context in which the robot acts by a token.
func asToken(t *testing.T, s *store.Store, token string) context.Context {
	t.Helper()
	actor, err := s.AuthenticateToken(nobody, token, thisServer)
	wantKind(t, err, 0)
	return models.WithActor(context.Background(), actor)
}

// Of replicas that need the first key at the same time, one makes it, and all
// believe what any of them signs.
func TestReplicasMakeOneSigningKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, claims, guid := trusted(t, f)
		replicas := []*store.Store{f.Store, f.Reopen(1), f.Reopen(1), f.Reopen(1)}
		for period := range 2 {
			tokens := make([]string, len(replicas))
			var wg sync.WaitGroup
			for i, replica := range replicas {
				wg.Go(func() { tokens[i] = exchange(t, replica, guid, claims) })
			}
			wg.Wait()
			if got, want := f.Count("SELECT count(*) FROM signing_keys"), period+1; got != want {
				t.Errorf("period %d: %d keys were made, want %d", period, got, want)
			}
			for _, token := range tokens {
				for _, replica := range replicas {
					asToken(t, replica, token)
				}
			}
			f.Clock.Advance(models.SigningPeriod)
		}
	})
}

func TestSigningKeysRotate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, claims, guid := trusted(t, f)
		if keys := must[[]models.SigningKey](t)(f.Store.SigningKeys(nobody)); len(keys) != 0 {
			t.Errorf("%d keys before anybody asked for a token", len(keys))
		}
		kid := func() string {
			id, ok := models.TokenKey(exchange(t, f.Store, guid, claims))
			if !ok {
				t.Fatal("the token names no key")
			}
			return id
		}
		first := kid()
		f.Clock.Advance(models.SigningPeriod - time.Hour)
		if got := kid(); got != first {
			t.Error("another key before its time")
		}
		last := exchange(t, f.Store, guid, claims)
		f.Clock.Advance(time.Hour)
		second := kid()
		if second == first {
			t.Error("the same key after 90 days")
		}
		_, err := f.Store.AuthenticateToken(nobody, last, thisServer)
		wantKind(t, err, models.Unauthenticated) // an hour old
		keys := must[[]models.SigningKey](t)(f.Store.SigningKeys(nobody))
		if len(keys) != 2 || keys[0].ID != second || keys[1].ID != first {
			t.Errorf("the keys are %v, want the second and the first", keys)
		}
		f.Clock.Advance(models.SigningPeriod)
		if keys := must[[]models.SigningKey](t)(f.Store.SigningKeys(nobody)); len(keys) != 1 || keys[0].ID != second {
			t.Errorf("after 180 days %d keys, want the second", len(keys))
		}
		kid()
		if got := f.Count("SELECT count(*) FROM signing_keys"); got != 2 {
			t.Errorf("%d rows are left, want those of the two keys that count", got)
		}
	})
}

// A token that is signed shortly before the key changes is good for its hour.
func TestTokenSurvivesTheChangeOfKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, claims, guid := trusted(t, f)
		exchange(t, f.Store, guid, claims)
		f.Clock.Advance(models.SigningPeriod - time.Minute)
		token := exchange(t, f.Store, guid, claims)
		f.Clock.Advance(2 * time.Minute)
		exchange(t, f.Store, guid, claims)
		asToken(t, f.Store, token)
		asToken(t, f.Reopen(1), token) // which has seen no key yet
	})
}

// A private key is stored encrypted, and a row that was changed signs and checks
// nothing.
func TestSigningKeyIsLocked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, claims, guid := trusted(t, f)
		token := exchange(t, f.Store, guid, claims)
		key := must[[]models.SigningKey](t)(f.Store.SigningKeys(nobody))[0]
		text, err := x509.MarshalPKCS8PrivateKey(key.Private())
		wantKind(t, err, 0)
		db := storetest.SQL(t, f.URL)
		var stored []byte
		if err := db.QueryRow("SELECT private_key FROM signing_keys").Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if secret := key.Private().D.Bytes(); bytes.Contains(stored, secret[:16]) || bytes.Contains(stored, text[:64]) {
			t.Error("the private key is stored as it is")
		}
		for name, tamper := range map[string]string{
			"a later beginning": "UPDATE signing_keys SET created_at = ?", "another id": "UPDATE signing_keys SET id = 'x', created_at = ?", "no key": "UPDATE signing_keys SET private_key = id, created_at = ?",
		} {
			if name == "no key" && f.Engine == storetest.PostgreSQL {
				tamper = "UPDATE signing_keys SET private_key = 'x'::bytea, created_at = ?"
			}
			f.Exec(tamper, f.Clock.Now().Add(day))
			fresh := f.Reopen(1)
			if keys := must[[]models.SigningKey](t)(fresh.SigningKeys(nobody)); len(keys) != 0 {
				t.Errorf("%s: the key is published", name)
			}
			_, err = fresh.AuthenticateToken(nobody, token, thisServer)
			wantKind(t, err, models.Unauthenticated)
		}
		after := exchange(t, f.Reopen(1), guid, claims) // by a new key
		asToken(t, f.Store, after)
	})
}

// An old master key can retire: keys that sign move to the newest one.
func TestSigningKeysFollowTheMasterKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, claims, guid := trusted(t, f)
		token := exchange(t, f.Store, guid, claims)
		both := f.Reopen(2, 1)
		wantKind(t, both.CheckKeyring(nobody), 0)
		newest := f.Reopen(2)
		wantKind(t, newest.CheckKeyring(nobody), 0)
		asToken(t, newest, token)
		if got := f.Count("SELECT count(*) FROM signing_keys"); got != 1 {
			t.Errorf("%d keys, want the one", got)
		}
	})
}

// What was true when the call began may be over when something is written.
func TestTokenIsReadAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		tests := []struct {
			name string
			end  func(a *models.Actor, i models.OIDCIdentity)
			want models.Kind
		}{
			{"nothing happens", func(*models.Actor, models.OIDCIdentity) {}, 0},
			{"removed identity", func(_ *models.Actor, i models.OIDCIdentity) {
				wantKind(t, f.Store.RemoveOIDCIdentity(storetest.Console(), f.Robot.ID, i.ID), 0)
			}, models.Unauthenticated},
			{"changed identity", func(_ *models.Actor, i models.OIDCIdentity) {
				must[models.OIDCIdentity](t)(f.Store.ChangeOIDCIdentity(storetest.Console(), f.Robot.ID, i.ID, models.NewOIDCIdentity{Name: "CI", Issuer: anIssuer, Subject: "other-*"}))
			}, models.Unauthenticated},
			{"renamed identity", func(_ *models.Actor, i models.OIDCIdentity) {
				must[models.OIDCIdentity](t)(f.Store.ChangeOIDCIdentity(storetest.Console(), f.Robot.ID, i.ID, models.NewOIDCIdentity{Name: "CI 2", Issuer: anIssuer, Subject: "job-*"}))
			}, 0},
			{"no token at all", func(a *models.Actor, _ models.OIDCIdentity) { a.Token = nil }, models.Unauthenticated},
			{"a token of a year", func(a *models.Actor, _ models.OIDCIdentity) { a.Token.Expires = f.Store.Now().Add(365 * day) }, models.Unauthenticated},
			{"another's token", func(a *models.Actor, _ models.OIDCIdentity) { a.User = f.Alice }, models.Unauthenticated},
			{"another account's id", func(a *models.Actor, _ models.OIDCIdentity) { a.Token.Account = "x" }, models.Unauthenticated},
			{"inactive account", func(*models.Actor, models.OIDCIdentity) {
				f.Exec("UPDATE users SET is_active = ? WHERE id = ?", false, f.Robot.ID)
			}, models.Unauthenticated},
			{"expired token", func(*models.Actor, models.OIDCIdentity) { f.Clock.Advance(time.Hour) }, models.Unauthenticated},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				f.Exec("UPDATE users SET is_active = ? WHERE id = ?", true, f.Robot.ID)
				identity, claims, guid := trusted(t, f)
				ctx := asToken(t, f.Store, exchange(t, f.Store, guid, claims))
				actor := models.ActorFrom(ctx)
				identity.ID = actor.Token.IdentityID
				tt.end(actor, identity)
				_, _, err := f.Store.IssueAPIKey(ctx, f.Robot.ID, models.NewKey{Purpose: "p"})
				wantKind(t, err, tt.want)
			})
		}
	})
}

// The external id is made once, whoever asks first, and is the same for ever.
func TestExternalIDIsStable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		replicas := []*store.Store{f.Store, f.Reopen(1), f.Reopen(1)}
		got := make([]string, 12)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				list, err := replicas[i%len(replicas)].OIDCIdentities(storetest.Console(), f.Robot.ID, models.Page{})
				if err != nil {
					t.Error(err)
				}
				got[i] = list.ExternalID
			})
		}
		wg.Wait()
		for _, id := range got {
			if id != got[0] || len(id) != 36 {
				t.Fatalf("the ids are %v", got)
			}
		}
	})
}

// Each change of an identity is in the audit trail, with what was before.
func TestOIDCIdentityEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		ctx, wish := f.As(f.Admin), models.NewOIDCIdentity{Name: "CI", Issuer: anIssuer, Subject: "job-*"}
		var made models.OIDCIdentity
		events := newEvents(t, f, func() { made = must[models.OIDCIdentity](t)(f.Store.AddOIDCIdentity(ctx, f.Robot.ID, wish)) })
		events = append(events, newEvents(t, f, func() {
			must[models.OIDCIdentity](t)(f.Store.ChangeOIDCIdentity(ctx, f.Robot.ID, made.ID, wish)) // nothing changes
			wish.Subject, wish.Audience = "job-7", "api://keyport"
			must[models.OIDCIdentity](t)(f.Store.ChangeOIDCIdentity(ctx, f.Robot.ID, made.ID, wish))
		})...)
		events = append(events, newEvents(t, f, func() { wantKind(t, f.Store.RemoveOIDCIdentity(ctx, f.Robot.ID, made.ID), 0) })...)
		want := []models.Category{models.Created, models.Modified, models.Deleted}
		if len(events) != len(want) {
			t.Fatalf("%d events, want %d", len(events), len(want))
		}
		for i, e := range events {
			if e.Category != want[i] || e.DocumentType != models.DocumentOIDCIdentities || e.DocumentID != made.PublicID() || e.RelatedUserID == nil || *e.RelatedUserID != f.Robot.ID || e.Username != "admin" ||
				!strings.HasPrefix(e.Message, `OIDC identity "CI" `) || len(e.References) != 2 {
				t.Errorf("event %d: %+v", i, e)
			}
		}
		if d := events[1].Differences; len(d) != 2 || d[0] != (models.Difference{Path: "Subject", Before: "job-*", After: "job-7"}) || d[1].Path != "Audience" {
			t.Errorf("differences: %+v", d)
		}
	})
}

// What can't be ours never reaches the database; what may be is told to come
// back when the database can't be asked.
func TestTokensWithoutDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, f *storetest.Fixture) {
		_, claims, guid := trusted(t, f)
		token := exchange(t, f.Store, guid, claims)
		f.Store.Close()
		for _, nonsense := range []string{"", "eyJ.a.b", "eyJhbGciOiJub25lIn0.e30.", token[:50], "API-AAAA"} {
			_, err := f.Store.AuthenticateToken(nobody, nonsense, thisServer)
			wantKind(t, err, models.Unauthenticated)
		}
		_, err := f.Store.AuthenticateToken(nobody, token, thisServer)
		wantKind(t, err, models.Unavailable)
		_, _, err = f.Store.ExchangeToken(nobody, guid, thisServer, claims)
		wantKind(t, err, models.Unavailable)
		wantKind(t, f.Store.TrustsSubject(nobody, guid, claims), models.Unavailable)
	})
}
