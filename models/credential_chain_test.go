package models_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// A chain is credentials each of which was made with the one before: it begins
// with a person who signed in, or with a token that a job was given, and goes
// on with keys for whomever the maker may make them.
type chain struct {
	t      *testing.T
	random *rand.Rand
	actor  *models.Actor
	at     time.Time
	ends   []time.Time // of all keys and tokens so far
	made   *tally
}

// tally counts what happened, to show that the test is about something.
type tally struct{ bySession, byKey, byToken, cut, refusedBeyond, over, climbed, trusts int }

var everybody = []models.User{alice, bob, charlie, admin, robot, strong}

// However sessions, keys and tokens make keys, none outlives any credential on
// the way to it, and none may do what its maker may not.
func TestNoCredentialOutlivesWhatItCameOf(t *testing.T) {
	random, made := rand.New(rand.NewPCG(2026, 11)), &tally{}
	for range 10_000 {
		c := &chain{t: t, random: random, at: now, made: made}
		c.begin()
		for range 5 {
			c.step()
		}
	}
	for what, n := range map[string]int{"by session": made.bySession, "by key": made.byKey, "by token": made.byToken, "cut": made.cut,
		"refused beyond": made.refusedBeyond, "over": made.over, "climbed": made.climbed, "trusts": made.trusts} {
		if n < 200 {
			t.Errorf("%s: only %d; the test proves little", what, n)
		}
	}
}

// begin chooses who starts.
func (c *chain) begin() {
	user := everybody[c.random.IntN(len(everybody))]
	if user.IsService || c.random.IntN(8) == 0 {
		c.given(user)
		return
	}
	c.actor = bySession(user)
}

// given lets a user act by a new access token: of a service account, or, in case
// that is ever possible, of a person.
func (c *chain) given(user models.User) {
	token := models.NewAccessToken("an account", models.OIDCIdentity{ID: 1, Version: 1}, c.at)
	c.actor = &models.Actor{User: user, Via: models.ViaToken, Token: &token}
	c.ends = append(c.ends, token.Expires)
}

// step lets some time pass and tries something.
func (c *chain) step() {
	longest := int64(20 * day)
	if c.actor.Via == models.ViaToken {
		longest = int64(90 * time.Minute)
	}
	c.at = c.at.Add(time.Duration(c.random.Int64N(longest)).Truncate(time.Microsecond))
	if c.random.IntN(6) == 0 {
		c.tryTrust()
	}
	c.tryKey()
}

// tryTrust looks for a way to turn what ends into what does not: a service
// account that lets itself in by another door.
func (c *chain) tryTrust() {
	account := everybody[c.random.IntN(len(everybody))]
	err := models.MayChangeOIDCIdentities(account, c.actor, c.random.IntN(2) == 0)
	_, limited := c.actor.Ceiling()
	if err == nil && limited && (c.actor.Is(account.ID) || !c.actor.May(models.UserEdit)) {
		c.t.Fatalf("%s, limited, may let others act as %s", c.actor.User.Username, account.Username)
	}
	if err == nil && !c.actor.Covers(account.Permissions) {
		c.t.Fatalf("%s may let others act as %s, who may do more", c.actor.User.Username, account.Username)
	}
	c.made.trusts++
}

func (c *chain) tryKey() {
	owner := c.actor.User
	if c.random.IntN(2) == 0 {
		owner = everybody[c.random.IntN(len(everybody))]
	}
	maximum := 1 + c.random.IntN(models.CeilingDays)
	grant := models.KeyGrant{Owner: owner, Actor: c.actor, InOwnerTeam: c.random.IntN(3) == 0, Now: c.at,
		Settings: models.AuthSettings{APIKeyMaximumDays: maximum, APIKeyDefaultDays: 1 + c.random.IntN(maximum), UserAPIKeys: true}}
	wish, asked := c.wish()
	key, err := models.IssueKey(models.NewKey{Purpose: "chain", Expires: wish}, grant)
	ends, limited := c.actor.Ceiling()
	switch {
	case limited && !c.at.Before(ends):
		c.made.over++
		if models.KindOf(err) != models.Unauthenticated {
			c.t.Fatalf("a credential that ended at %s made a key at %s: %v", ends, c.at, err)
		}
		return
	case limited && asked.After(ends):
		c.made.refusedBeyond++
		if err == nil {
			c.t.Fatalf("a key was asked for until %s, and given until %s by what ends at %s", asked, key.ExpiresAt, ends)
		}
		return
	case err != nil:
		return
	}
	c.check(owner, key, wish == models.MaximumExpiry() && limited)
	c.actor = byKey(owner, key.ExpiresAt)
	c.ends = append(c.ends, key.ExpiresAt)
}

// wish asks for something; asked is the instant, when it was one.
func (c *chain) wish() (wish models.Wish, asked time.Time) {
	switch c.random.IntN(4) {
	case 0:
		return models.MaximumExpiry(), asked
	case 1:
		asked = c.at.Add(1 + time.Duration(c.random.Int64N(int64(2*time.Hour)))).Truncate(time.Microsecond)
	case 2:
		asked = c.at.Add(1 + time.Duration(c.random.Int64N(int64(400*day)))).Truncate(time.Microsecond)
	default:
		return models.DefaultExpiry(), asked
	}
	return models.ExpiresAt(asked), asked
}

func (c *chain) check(owner models.User, key models.APIKey, cut bool) {
	if len(c.ends) > 0 {
		if first := slices.MinFunc(c.ends, time.Time.Compare); key.ExpiresAt.After(first) {
			c.t.Fatalf("a key ends at %s, after %s of a chain that ends at %v", key.ExpiresAt, first, c.ends)
		}
	}
	switch maker := c.actor.User; {
	case !key.ExpiresAt.After(c.at):
		c.t.Fatalf("a key made at %s ends at %s", c.at, key.ExpiresAt)
	case owner.ID != maker.ID && !owner.IsService:
		c.t.Fatalf("%s made a key for the person %s", maker.Username, owner.Username)
	case !maker.Permissions.Covers(owner.Permissions):
		c.t.Fatalf("%s made a key for %s, who may do more", maker.Username, owner.Username)
	case owner.ID != maker.ID:
		c.made.climbed++
	}
	switch c.actor.Via {
	case models.ViaSession:
		c.made.bySession++
	case models.ViaKey:
		c.made.byKey++
	case models.ViaToken:
		c.made.byToken++
	}
	if cut {
		c.made.cut++
	}
}
