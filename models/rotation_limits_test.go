package models_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// rotations is a chain of rotations: each key that comes of one makes the next,
// of itself or of another key.
type rotations struct {
	t      *testing.T
	random *rand.Rand
	actor  *models.Actor
	at     time.Time
	made   map[string]int // what happened, to show that the test is about something
}

// However keys are rotated, by whomever and with whatever, the new one opens
// what the old one opened, nothing that its maker does not open, and ends with
// its maker at the latest; and the old one never gains a day.
func TestRotationOpensNoMore(t *testing.T) {
	r := &rotations{t: t, random: rand.New(rand.NewPCG(2026, 6)), made: map[string]int{}}
	for range 10_000 {
		r.begin()
		for range 4 {
			r.step()
		}
	}
	for _, what := range []string{"by session", "by key", "by token", "of itself", "for an account", "until used", "cut", "dead", "over", "beyond", "wider"} {
		if r.made[what] < 200 {
			t.Errorf("%s: only %d; the test proves little", what, r.made[what])
		}
	}
}

// begin chooses who starts, and with what.
func (r *rotations) begin() {
	user := everybody[r.random.IntN(len(everybody))]
	r.at = now
	switch {
	case user.IsService && r.random.IntN(2) == 0:
		token := models.NewAccessToken("an account", models.OIDCIdentity{ID: 1, Version: 1}, r.at)
		r.actor = &models.Actor{User: user, Via: models.ViaToken, Token: &token}
	case user.IsService || r.random.IntN(2) == 0:
		r.actor = byKey(user, r.at.Add(r.upTo(200*day)))
		r.actor.Key.Access = smallAccess(r.random)
	default:
		r.actor = bySession(user)
	}
}

func (r *rotations) upTo(most time.Duration) time.Duration {
	return time.Duration(1 + r.random.Int64N(int64(most))).Truncate(time.Microsecond)
}

// old is the key that is to be rotated: often the one that the actor uses.
func (r *rotations) old() (key models.APIKey, owner models.User) {
	owner = r.actor.User
	key = models.APIKey{ID: "apikeys-old", Purpose: "chain", CreatedAt: r.at.Add(-r.upTo(100 * day)), ExpiresAt: r.at.Add(r.upTo(400*day) - 20*day), Access: smallAccess(r.random)}
	if maker := r.actor.Key; maker != nil && r.random.IntN(2) == 0 {
		key.ID, key.ExpiresAt, key.Access = maker.ID, maker.Expires, maker.Access
	} else if r.random.IntN(2) == 0 {
		owner = everybody[r.random.IntN(len(everybody))]
	}
	if r.random.IntN(10) == 0 {
		key.RevokedAt = &r.at
	}
	key.UserID = owner.ID
	return key, owner
}

func (r *rotations) wish() models.Rotation {
	wish := models.Rotation{Expires: models.DefaultExpiry(), Overlap: time.Duration(r.random.IntN(34)-1) * day, UntilUsed: r.random.IntN(4) == 0}
	switch r.random.IntN(3) {
	case 0:
		wish.Expires = models.MaximumExpiry()
	case 1:
		wish.Expires = models.ExpiresAt(r.at.Add(r.upTo(400 * day)))
	}
	return wish
}

func (r *rotations) step() {
	r.at = r.at.Add(r.upTo(20 * day))
	if r.actor.Via == models.ViaToken {
		r.at = now.Add(r.upTo(70 * time.Minute))
	}
	old, owner := r.old()
	wish := r.wish()
	grant := models.KeyGrant{Owner: owner, Actor: r.actor, InOwnerTeam: r.random.IntN(3) == 0, Now: r.at,
		Settings: models.AuthSettings{APIKeyMaximumDays: 366, APIKeyDefaultDays: 1 + r.random.IntN(366), UserAPIKeys: true}}
	key, ends, err := models.RotateKey(old, wish, grant)
	if err != nil {
		r.refused(old, err)
		return
	}
	r.check(old, owner, key)
	r.checkOld(old, wish, ends)
	r.actor = byKey(owner, key.ExpiresAt)
	r.actor.Key.ID, r.actor.Key.Access = "apikeys-next", key.Access
}

// refused counts what should be refused, by the limit that it ran into.
func (r *rotations) refused(old models.APIKey, err error) {
	ends, limited := r.actor.Ceiling()
	refusal := models.Refusal(err)
	switch {
	case limited && !r.at.Before(ends):
		r.made["over"]++
	case !old.Usable(r.at):
		r.made["dead"]++
	case refusal.Problem("Expires") != "":
		r.made["beyond"]++
	case refusal.Problem("Services") != "" || refusal.Problem("AllowedNetworks") != "":
		r.made["wider"]++
	}
}

func (r *rotations) check(old models.APIKey, owner models.User, key models.APIKey) {
	maker := r.actor.User
	ends, limited := r.actor.Ceiling()
	switch {
	case !old.Usable(r.at), limited && !r.at.Before(ends), r.actor.Access().Reads():
		r.t.Fatalf("a key was rotated that has ended, or by what can't make keys: %+v by %+v", old, r.actor.Key)
	case limited && key.ExpiresAt.After(ends):
		r.t.Fatalf("by rotating, what ends at %s made a key until %s", ends, key.ExpiresAt)
	case !key.ExpiresAt.After(r.at), key.ExpiresAt.After(r.at.Add(367 * day)):
		r.t.Fatalf("at %s a key was made until %s", r.at, key.ExpiresAt)
	case !key.Access.Within(r.actor.Access()):
		r.t.Fatalf("by rotating, %+v made %+v", r.actor.Access(), key.Access)
	case !key.Access.Within(old.Access) || !old.Access.Within(key.Access):
		r.t.Fatalf("%+v became %+v", old.Access, key.Access)
	case key.UserID != old.UserID || key.Purpose != old.Purpose || key.PredecessorID != old.ID:
		r.t.Fatalf("%+v is not in the place of %+v", key, old)
	case owner.ID != maker.ID && !owner.IsService, !maker.Permissions.Covers(owner.Permissions):
		r.t.Fatalf("%s rotated a key of %s, and has its secret now", maker.Username, owner.Username)
	}
	r.count(old, owner, limited && key.ExpiresAt.Equal(ends))
}

// checkOld holds the old key to the overlap that was asked for.
func (r *rotations) checkOld(old models.APIKey, wish models.Rotation, ends time.Time) {
	switch {
	case ends.After(old.ExpiresAt):
		r.t.Fatalf("by being rotated, a key goes on until %s instead of %s", ends, old.ExpiresAt)
	case !wish.UntilUsed && ends.After(r.at.Add(models.MaxOverlapDays*day)):
		r.t.Fatalf("rotated at %s, the old key goes on until %s", r.at, ends)
	case wish.UntilUsed:
		r.made["until used"]++
	}
}

func (r *rotations) count(old models.APIKey, owner models.User, cut bool) {
	r.made[map[models.Via]string{models.ViaSession: "by session", models.ViaKey: "by key", models.ViaToken: "by token"}[r.actor.Via]]++
	if owner.ID != r.actor.User.ID {
		r.made["for an account"]++
	}
	if maker := r.actor.Key; maker != nil && maker.ID == old.ID {
		r.made["of itself"]++
	}
	if cut {
		r.made["cut"]++
	}
}
