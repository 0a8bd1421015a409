package models_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

var (
	settings = models.AuthSettings{APIKeyDefaultDays: 180, APIKeyMaximumDays: 366, UserAPIKeys: true}

	alice   = models.User{ID: 1, Username: "alice", IsActive: true}
	bob     = models.User{ID: 2, Username: "bob", IsActive: true, Permissions: models.PermissionsOf(models.UserView, models.UserEdit)}
	charlie = models.User{ID: 3, Username: "charlie", IsActive: true, Permissions: models.PermissionsOf(models.UserView)}
	admin   = models.User{ID: 4, Username: "admin", IsActive: true, Permissions: models.AllPermissions}
	robot   = models.User{ID: 5, Username: "robot", IsActive: true, IsService: true}
	strong  = models.User{ID: 6, Username: "strong", IsActive: true, IsService: true, Permissions: models.PermissionsOf(models.ConfigureServer)}

	console = &models.Actor{Via: models.ViaConsole}
)

func bySession(u models.User) *models.Actor { return &models.Actor{User: u, Via: models.ViaSession} }

func byKey(u models.User, expires time.Time) *models.Actor {
	return &models.Actor{User: u, Via: models.ViaKey, Key: &models.ActorKey{ID: "apikeys-parent", Expires: expires, Access: models.WholeAccess()}}
}

func inactive(u models.User) models.User { u.IsActive = false; return u }

func TestIssueKey(t *testing.T) {
	at := now.Add(10 * day)
	got, err := models.IssueKey(models.NewKey{Purpose: "  Deploy ÜBER all "}, models.KeyGrant{Owner: alice, Settings: settings, Actor: byKey(alice, at), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if got.UserID != alice.ID || got.Purpose != "Deploy ÜBER all" || got.PurposeFold != "deploy über all" || !got.CreatedAt.Equal(now) {
		t.Errorf("got %+v", got)
	}
	if got.ParentID != "apikeys-parent" || !got.ExpiresAt.Equal(at) {
		t.Errorf("parent: got %q until %s, want apikeys-parent until %s", got.ParentID, got.ExpiresAt, at)
	}
	if got.ID != "" || got.Digest != nil || got.Prefix != "" {
		t.Errorf("the rule makes no secret, but got %+v", got)
	}
}

func TestIssueKeyRefusesInput(t *testing.T) {
	past := models.ExpiresAt(now)
	tests := []struct {
		name             string
		wish             models.NewKey
		purpose, expires string
	}{
		{"no purpose", models.NewKey{}, "State the purpose of this key.", ""},
		{"blank purpose", models.NewKey{Purpose: " \t\n"}, "State the purpose of this key.", ""},
		{"control character", models.NewKey{Purpose: "a\x00b"}, "The purpose holds an invisible control character. Remove it, or type the text again.", ""},
		{"both wrong", models.NewKey{Expires: past}, "State the purpose of this key.", "The expiry is in the past. Choose a date and time after 2026-11-23T10:30:15Z."},
		{"expiry wrong", models.NewKey{Purpose: "CI", Expires: past}, "", "The expiry is in the past. Choose a date and time after 2026-11-23T10:30:15Z."},
		{"unreadable expiry", models.NewKey{Purpose: "CI", Expires: models.UnreadableExpiry("Choose a date.")}, "", "Choose a date."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := models.IssueKey(tt.wish, models.KeyGrant{Owner: alice, Settings: settings, Actor: bySession(alice), Now: now})
			if err == nil {
				t.Fatalf("got a key: %+v", key)
			}
			if got := problem(t, err, "Purpose"); got != tt.purpose {
				t.Errorf("Purpose: got %q, want %q", got, tt.purpose)
			}
			if got := problem(t, err, "Expires"); got != tt.expires {
				t.Errorf("Expires: got %q, want %q", got, tt.expires)
			}
		})
	}
}

func TestIssueKeyDecides(t *testing.T) {
	const granted = models.Kind(-1)
	off := settings
	off.UserAPIKeys = false
	tomorrow := now.Add(day)
	tests := []struct {
		name     string
		actor    *models.Actor
		owner    models.User
		settings models.AuthSettings
		want     models.Kind
	}{
		{"nobody", nil, alice, settings, models.Unauthenticated},
		{"nobody for an inactive person", nil, inactive(alice), settings, models.Unauthenticated},
		{"person for self", bySession(alice), alice, settings, granted},
		{"person for self by key", byKey(alice, tomorrow), alice, settings, granted},
		{"by a key that ends now", byKey(alice, now), alice, settings, models.Unauthenticated},
		{"by a key that ended", byKey(alice, now.Add(-1)), alice, settings, models.Unauthenticated},
		{"by a key without an end", byKey(alice, time.Time{}), alice, settings, models.Unauthenticated},
		{"inactive person for self", bySession(inactive(alice)), inactive(alice), settings, models.Forbidden},
		{"person for another", bySession(alice), bob, settings, models.NotFound},
		{"who only sees users, for another", bySession(charlie), alice, settings, models.NotFound},
		{"administrator of users for a person", bySession(bob), alice, settings, models.Forbidden},
		{"administrator for a person", bySession(admin), alice, settings, models.Forbidden},
		{"administrator for another administrator", byKey(admin, tomorrow), bob, settings, models.Forbidden},
		{"administrator of users for a service account", bySession(bob), robot, settings, granted},
		{"administrator of users for a stronger service account", bySession(bob), strong, settings, models.Forbidden},
		{"administrator for a stronger service account", bySession(admin), strong, settings, granted},
		{"administrator for an inactive service account", bySession(admin), inactive(robot), settings, models.Forbidden},
		{"person for a service account", bySession(alice), robot, settings, models.NotFound},
		{"service account for self", byKey(robot, tomorrow), robot, settings, granted},
		{"service account for another", byKey(robot, tomorrow), strong, settings, models.NotFound},
		{"service account for a person", byKey(robot, tomorrow), alice, settings, models.NotFound},
		{"console for a person", console, alice, settings, granted},
		{"console for a service account", console, strong, settings, granted},
		{"console for an inactive person", console, inactive(alice), settings, models.Forbidden},

		{"switched off: person for self", bySession(alice), alice, off, models.Forbidden},
		{"switched off: person for self by an older key", byKey(alice, tomorrow), alice, off, models.Forbidden},
		{"switched off: administrator for self", bySession(admin), admin, off, models.Forbidden},
		{"switched off: administrator for a person", bySession(admin), alice, off, models.Forbidden},
		{"switched off: console for a person", console, alice, off, models.Forbidden},
		{"switched off: service account for self", byKey(robot, tomorrow), robot, off, granted},
		{"switched off: administrator for a service account", bySession(admin), robot, off, granted},
		{"switched off: console for a service account", console, robot, off, granted},

		{"a stranger can't tell who is inactive", bySession(alice), inactive(bob), settings, models.NotFound},
		{"a stranger can't tell persons from service accounts", bySession(alice), bob, off, models.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := models.IssueKey(models.NewKey{Purpose: "CI"}, models.KeyGrant{Owner: tt.owner, Settings: tt.settings, Actor: tt.actor, Now: now})
			got := granted
			if err != nil {
				got = models.KindOf(err)
			}
			if got != tt.want {
				t.Errorf("got kind %v (%v), want %v", got, err, tt.want)
			}
			if err != nil && (key.Purpose != "" || !key.ExpiresAt.IsZero()) {
				t.Errorf("a refusal comes with a key: %+v", key)
			}
		})
	}
}

func TestMayRevokeAndSee(t *testing.T) {
	key := models.APIKey{UserID: alice.ID}
	tests := []struct {
		name        string
		actor       *models.Actor
		revoke, see bool
	}{
		{"nobody", nil, false, false},
		{"owner", bySession(alice), true, true},
		{"owner by key", byKey(alice, now.Add(day)), true, true},
		{"administrator of users", bySession(bob), true, true},
		{"who sees users", bySession(charlie), false, true},
		{"administrator", bySession(admin), true, true},
		{"who edits but doesn't see users", bySession(models.User{ID: 9, Permissions: models.PermissionsOf(models.UserEdit)}), true, false},
		{"service account", byKey(robot, now.Add(day)), false, false},
		{"console", console, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for what, check := range map[string]struct {
				err  error
				want bool
			}{"revoke": {models.MayRevoke(key, tt.actor, false), tt.revoke}, "see": {models.MaySeeKeysOf(alice.ID, tt.actor, false), tt.see}} {
				if got := check.err == nil; got != check.want {
					t.Errorf("%s: got %v, want %v", what, got, check.want)
				}
				if check.err != nil && models.KindOf(check.err) != models.NotFound {
					t.Errorf("%s: got %v, want the same as for what does not exist", what, check.err)
				}
			}
		})
	}
}

// However keys make keys, for themselves or for service accounts, with whatever
// wish and under changing settings, none outlives the one that made it.
func TestChainsNeverOutliveTheirParents(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 5))
	zones := models.Zones()
	made := 0
	for range 10_000 {
		actor, at, ceiling := bySession(admin), now, time.Time{}
		for depth := 0; depth <= 5; depth++ {
			owner := actor.User
			if random.IntN(3) == 0 {
				owner = strong
			}
			maximum := 1 + random.IntN(models.CeilingDays)
			s := models.AuthSettings{APIKeyMaximumDays: maximum, APIKeyDefaultDays: 1 + random.IntN(maximum), UserAPIKeys: true}
			wish := models.NewKey{Purpose: "chain", Expires: randomWish(t, random, at, zones)}
			key, err := models.IssueKey(wish, models.KeyGrant{Owner: owner, Settings: s, Actor: actor, Now: at})
			if err != nil {
				continue
			}
			made++
			if !key.ExpiresAt.After(at) || key.ExpiresAt.After(at.Add(time.Duration(maximum)*day+50*time.Hour)) {
				t.Fatalf("a key made at %s under a maximum of %d days ends at %s", at, maximum, key.ExpiresAt)
			}
			if !ceiling.IsZero() && key.ExpiresAt.After(ceiling) {
				t.Fatalf("depth %d: ends at %s, its parent at %s", depth, key.ExpiresAt, ceiling)
			}
			if (key.ParentID == "") != ceiling.IsZero() {
				t.Fatalf("depth %d: parent %q", depth, key.ParentID)
			}
			actor, ceiling = byKey(owner, key.ExpiresAt), key.ExpiresAt
			at = at.Add(time.Duration(random.Int64N(int64(30 * day))).Truncate(time.Microsecond))
		}
	}
	if made < 15_000 {
		t.Errorf("only %d keys were made; the test proves little", made)
	}
}

func randomWish(t *testing.T, random *rand.Rand, at time.Time, zones []string) models.Wish {
	t.Helper()
	n := random.IntN(models.CeilingDays+20) - 10
	switch random.IntN(6) {
	case 0:
		return models.MaximumExpiry()
	case 1:
		return models.ExpiresAt(at.Add(time.Duration(random.Int64N(int64(400 * day)))))
	case 2:
		loc := zone(t, zones[random.IntN(len(zones))])
		return models.ExpiresOn(models.DateIn(at, loc).AddDays(n), loc)
	case 3:
		return models.ExpiresInDays(n, zone(t, zones[random.IntN(len(zones))]))
	}
	return models.DefaultExpiry()
}
