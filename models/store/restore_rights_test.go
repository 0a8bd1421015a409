//go:build unix

package store_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/models/store/storetest"
)

// held is a set of rights in words. Those of the rows themselves are all that is
// given; what follows from several of them is derived.
type held struct{ given, derived map[string]bool }

// allRights asks the store who may do what.
func allRights(t *testing.T, s *store.Store) held {
	t.Helper()
	ctx, h := storetest.Console(), held{map[string]bool{}, map[string]bool{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	give := func(format string, args ...any) { h.given[fmt.Sprintf(format, args...)] = true }
	teams, err := s.TeamRecords(ctx)
	must(err)
	for _, team := range teams {
		for _, p := range team.Permissions.Names() {
			give("team %d: %s", team.ID, p)
		}
		for _, id := range team.MemberIDs {
			give("user %d is in team %d", id, team.ID)
		}
		for _, p := range team.Permissions.Names() {
			for _, id := range team.MemberIDs {
				h.derived[fmt.Sprintf("user %d: %s", id, p)] = true
			}
		}
	}
	users, err := everybody(s)
	must(err)
	for _, u := range users {
		if u.IsActive {
			for _, p := range u.Permissions.Names() {
				h.derived[fmt.Sprintf("active user %d: %s", u.ID, p)] = true
			}
		}
		if u.Email != "" {
			give("user %d gets links at %s", u.ID, u.Email)
		}
		if u.OwnerTeamID != nil {
			give("team %d looks after %d", *u.OwnerTeamID, u.ID)
		}
		owned, err := s.MyServiceAccounts(models.WithActor(ctx, &models.Actor{User: u, Via: models.ViaSession}))
		must(err)
		for _, a := range owned {
			h.derived[fmt.Sprintf("user %d looks after %d", u.ID, a.ID)] = true
		}
	}
	services, err := s.Services(ctx)
	must(err)
	for _, one := range services {
		give("keys open %s: %d %v", one.Name, one.RatePerMinute, one.ReadOnly)
	}
	channels, err := s.Subscriptions(ctx, models.SubscriptionQuery{})
	must(err)
	for _, one := range channels {
		if secret, err := storetest.Keyring(t, 1).Open(one.SecretBox, one.SecretPlace()); !one.IsDisabled {
			give("events go to %s of %d, version %d, signed by %x %v", one.WebhookURL, one.ID, one.Version, secret, err)
		}
	}
	settings, err := s.AuthSettings(ctx)
	must(err)
	for days := 10; days <= settings.APIKeyMaximumDays; days += 10 {
		give("keys live for %d days", days)
	}
	if settings.UserAPIKeys {
		give("people make keys")
	}
	if mail, err := s.MailSettings(ctx); err == nil && mail.Host != "" {
		give("letters go by %s, version %d", mail.Host, mail.Version)
	}
	return h
}

func everybody(s *store.Store) (users []models.User, err error) {
	list, err := s.Users(storetest.Console(), models.UserFilter{Page: models.Page{Take: models.MaxTake}})
	for _, u := range list.Users {
		users = append(users, u.User)
	}
	return users, err
}

// changes makes random changes of who may do what.
type changes struct {
	t    *testing.T
	s    *store.Store
	dice *rand.Rand
	made int
}

func pick[T any](dice *rand.Rand, list []T) T { return list[dice.IntN(len(list))] }

func (c *changes) step() {
	for {
		switch err := c.try(); {
		case err == nil:
			return
		case models.Refusal(err) == nil || models.KindOf(err) == models.Internal:
			c.t.Fatal(err)
		}
	}
}

func (c *changes) try() error {
	ctx, n := storetest.Console(), c.dice.IntN(100)
	teams, err := c.s.Teams(ctx)
	if err != nil {
		return err
	}
	users, err := everybody(c.s)
	if err != nil {
		return err
	}
	team, user := pick(c.dice, teams), pick(c.dice, users)
	c.made++
	some := models.NewTeam{Name: fmt.Sprint("Team ", c.made), Permissions: models.PermissionSet(c.dice.IntN(int(models.AllPermissions) + 1))}
	switch {
	case n < 25:
		_, err = c.s.AddTeamMember(ctx, team.ID, user.Username)
	case n < 40:
		_, err = c.s.RemoveTeamMember(ctx, team.ID, user.ID)
	case n < 50:
		_, err = c.s.CreateTeam(ctx, some)
	case n < 60:
		some.Name = team.Name
		_, err = c.s.ChangeTeam(ctx, team.ID, models.TeamChange{NewTeam: some, Version: team.Version})
	case n < 64:
		_, err = c.s.DeleteTeam(ctx, team.ID)
	case n < 74:
		err = c.changeUser(user, team)
	case n < 77:
		_, err = c.s.SetUserActive(ctx, user.ID, !user.IsActive)
	case n < 79:
		_, err = c.s.DeleteUser(ctx, user.ID)
	case n < 82:
		_, err = c.s.CreateUser(ctx, models.NewUser{Username: fmt.Sprint("robot", c.made), DisplayName: "x", IsService: true}, false)
	default:
		err = c.configure(n)
	}
	return err
}

func (c *changes) changeUser(user models.User, team models.Team) error {
	wish := models.UserChange{Username: user.Username, DisplayName: user.DisplayName, Email: user.Email, OwnerTeamID: user.OwnerTeamID, Version: user.Version}
	switch {
	case !user.IsService:
		wish.Email = fmt.Sprintf("user%d@example.com", c.dice.IntN(1000))
	case c.dice.IntN(3) > 0:
		wish.OwnerTeamID = &team.ID
	default:
		wish.OwnerTeamID = nil
	}
	_, err := c.s.UpdateUser(storetest.Console(), user.ID, wish)
	return err
}

// configure changes what keys, mail and subscriptions do.
func (c *changes) configure(n int) error {
	ctx := storetest.Console()
	services, err := c.s.Services(ctx)
	if err != nil {
		return err
	}
	channels, err := c.s.Subscriptions(ctx, models.SubscriptionQuery{})
	if err != nil {
		return err
	}
	rules := models.NewService{Name: fmt.Sprint("service-", c.made), RatePerMinute: c.dice.Int64N(3), ReadOnly: []models.ReadRule{{Methods: []string{"POST"}, Path: fmt.Sprint("/", c.dice.IntN(3))}}}
	channel := models.SubscriptionWish{Name: fmt.Sprint("Channel ", c.made), EmailEvery: time.Hour, WebhookURL: fmt.Sprintf("https://hooks.example.com/%d", c.dice.IntN(3)), IsDisabled: c.dice.IntN(4) == 0}
	switch {
	case n < 85:
		_, err = c.s.CreateService(ctx, rules)
	case n < 88 && len(services) > 0:
		one := pick(c.dice, services)
		rules.Name = one.Name
		if _, err = c.s.ChangeService(ctx, one.ID, models.ServiceChange{NewService: rules}); err == nil && c.dice.IntN(3) == 0 {
			_, err = c.s.DeleteService(ctx, one.ID)
		}
	case n < 91:
		_, err = c.s.CreateSubscription(ctx, channel)
	case n < 94:
		one := pick(c.dice, channels)
		switch c.dice.IntN(3) {
		case 0:
			_, err = c.s.ChangeSubscription(ctx, one.ID, channel)
		case 1:
			_, err = c.s.DeleteSubscription(ctx, one.ID)
		default:
			_, err = c.s.NewWebhookSecret(ctx, one.ID)
		}
	case n < 98:
		var stored models.AuthSettings
		if stored, err = c.s.AuthSettings(ctx); err == nil {
			days := 10 + c.dice.IntN(300)
			_, err = c.s.SaveAuthSettings(ctx, models.AuthSettings{APIKeyDefaultDays: 1 + c.dice.IntN(days), APIKeyMaximumDays: days, UserAPIKeys: c.dice.IntN(2) == 0, Version: stored.Version})
		}
	default:
		var stored models.MailSettings
		if stored, err = c.s.MailSettings(ctx); err == nil {
			_, err = c.s.SaveMailSettings(ctx, models.MailWish{Host: fmt.Sprintf("mail%d.example.com", c.dice.IntN(3)), Port: 587, Encryption: models.MailSTARTTLS, Sender: "keys@example.com", Version: stored.Version})
		}
	}
	return err
}

func journalOf(t *testing.T, s *store.Store) *store.BackupFile {
	t.Helper()
	journal, err := store.OpenJournal(written(t, func(w io.Writer) error { _, err := s.Journal(context.Background(), w, "test"); return err }), storetest.Keyring(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { journal.Close() })
	return journal
}

// Whatever changed since: nobody gets a right back that was taken away, and
// nothing that lasted is lost.
func TestRestoreGivesNoRightBack(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, f *storetest.Fixture) { randomRights(t, f, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

func randomRights(t *testing.T, f *storetest.Fixture, dice *rand.Rand) {
	c := &changes{t: t, s: f.Store, dice: dice}
	for range 40 {
		c.step()
	}
	path, then := backup(t, f.Store), allRights(t, f.Store)
	f.Clock.Advance(time.Hour)
	for range 5 + dice.IntN(40) {
		c.step()
	}
	journal, now := journalOf(t, f.Store), allRights(t, f.Store)
	wantRights(t, f, path, store.RestoreOptions{Journal: journal}, then, now)

	for range dice.IntN(4) {
		c.step()
	}
	last := allRights(t, f.Store)
	report := restore(t, f.Store, path, store.RestoreOptions{Replace: true})
	if report.Taken.Unknown {
		t.Error("the database was not asked for rights")
	}
	compareRights(t, "in its place", then, last, allRights(t, f.Store))

	for range 5 {
		c.step()
	}
	last = allRights(t, f.Store)
	restore(t, f.Store, path, store.RestoreOptions{Replace: true, Journal: journal})
	after := allRights(t, f.Store)
	compareRights(t, "by the database and the journal", held{}, last, after)
	compareRights(t, "by the journal and the database", held{}, now, after)
}

func wantRights(t *testing.T, f *storetest.Fixture, path string, o store.RestoreOptions, then, now held) {
	t.Helper()
	s := storetest.OpenURL(t, f.Engine.URL(t), store.Options{Now: f.Clock.Now})
	if report := restore(t, s, path, o); report.Taken.Unknown {
		t.Error("the journal was not asked for rights")
	}
	compareRights(t, "with a journal", then, now, allRights(t, s))
}

// compareRights checks that after a restore there is what was given both then and
// now, and nothing that is not given now.
func compareRights(t *testing.T, how string, then, now, after held) {
	t.Helper()
	for right := range after.given {
		if !now.given[right] {
			t.Errorf("%s: came back: %s", how, right)
		}
	}
	for right := range after.derived {
		if !now.derived[right] {
			t.Errorf("%s: came back: %s", how, right)
		}
	}
	for right := range then.given {
		if now.given[right] && !after.given[right] {
			t.Errorf("%s: is lost: %s", how, right)
		}
	}
}
