package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
)

// demoCommand fills an empty database with the company of demo_names.go.
func demoCommand(args []string) (command, error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "")
	return withFlags(flags, args, nil, func(ctx context.Context, p *program) error { return p.demo(ctx, *seed) })
}

// demo lives a year in a minute: it moves the store's clock and calls the same
// operations as the portal, so that what comes out is what a year of use would
// have left behind, events and all.
func (p *program) demo(ctx context.Context, seed uint64) error {
	now := time.Now().UTC().Truncate(time.Second)
	year := &demoCompany{now: now, clock: now}
	p.clock = func() time.Time { return year.clock }
	s, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	empty, err := s.IsEmpty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		return failed(nil, "The database %s is not empty, so no demo data was added. Name a new one with KEYPORT_DATABASE_URL or KEYPORT_DATA_DIR.", p.Place())
	}
	year.store, year.ctx = s, models.WithActor(ctx, &models.Actor{Via: models.ViaConsole})
	if err := year.live(seed); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s now holds %d people, %d service accounts and %d keys.\nSign in as %s with the password %s\n",
		p.Place(), len(demoPeople), len(demoServices), demoKeyCount, demoUsername(demoPeople[0]), year.password)
	return nil
}

// demoCompany is the company while its year goes by.
type demoCompany struct {
	store      *store.Store
	ctx        context.Context // of the console
	now, clock time.Time
	password   string
	users      []models.User // people, then service accounts
	teams      []models.Team
	keys       []madeKey
}

// madeKey is a key of the plan that exists.
type madeKey struct {
	demoKey
	id string
}

func (d *demoCompany) live(seed uint64) error {
	for _, step := range []func() error{d.found, d.hire, d.install} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := d.makeKeys(demoPlan(seed, d.now)); err != nil {
		return err
	}
	d.clock = d.now
	return d.part()
}

// found makes the first administrator and the teams, and sets the first policy.
func (d *demoCompany) found() error {
	d.clock = d.now.Add(-demoYear)
	d.password = strings.ToLower(models.NewToken())
	maya, err := d.store.CreateUser(d.ctx, demoPerson(demoPeople[0], d.password), true)
	if err != nil {
		return err
	}
	d.users = append(d.users, maya)
	for _, t := range demoTeams {
		wish := models.NewTeam{Name: t.name, Description: t.description}
		if t.name == "Auditors" {
			wish.Permissions = models.PermissionsOf(models.UserView, models.TeamView, models.EventView, models.SubscriptionView)
		}
		team, err := d.store.CreateTeam(d.ctx, wish)
		if err != nil {
			return err
		}
		d.teams = append(d.teams, team)
	}
	return d.decide(0)
}

// decide saves the n-th policy of the year.
func (d *demoCompany) decide(n int) error {
	stored, err := d.store.AuthSettings(d.ctx)
	if err != nil {
		return err
	}
	wish := demoPolicies(d.now)[n].settings
	wish.Version = stored.Version
	_, err = d.store.SaveAuthSettings(d.ctx, wish)
	return err
}

func (d *demoCompany) hire() error {
	for i, name := range demoPeople[1:] {
		d.clock = d.clock.Add(time.Minute)
		user, err := d.store.CreateUser(d.ctx, demoPerson(name, ""), false)
		if err != nil {
			return err
		}
		d.users = append(d.users, user)
		if _, err := d.store.AddTeamMember(d.ctx, d.teams[i%len(d.teams)].ID, user.Username); err != nil {
			return err
		}
	}
	return nil
}

func (d *demoCompany) install() error {
	for i, name := range demoServices {
		d.clock = d.clock.Add(time.Minute)
		team := d.teams[i%(len(d.teams)-1)].ID // auditors look after nothing
		user, err := d.store.CreateUser(d.ctx, models.NewUser{Username: name, DisplayName: strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "-", " "), IsService: true, OwnerTeamID: &team}, false)
		if err != nil {
			return err
		}
		d.users = append(d.users, user)
	}
	return nil
}

// makeKeys goes through the plan in order of time.
func (d *demoCompany) makeKeys(plan []demoKey) error {
	changed := demoPolicies(d.now)[1].from
	decided := false
	for _, k := range plan {
		if !decided && k.made.After(changed) {
			d.clock, decided = changed, true
			if err := d.decide(1); err != nil {
				return err
			}
		}
		if err := d.makeKey(k); err != nil {
			return fmt.Errorf("key %q of %s: %w", k.purpose, d.users[k.owner].Username, err)
		}
	}
	return nil
}

func (d *demoCompany) makeKey(k demoKey) error {
	if k.made.After(d.clock) {
		d.clock = k.made
	}
	settings, err := d.store.AuthSettings(d.ctx)
	if err != nil {
		return err
	}
	days := min(k.days, settings.APIKeyMaximumDays)
	key, _, err := d.store.IssueAPIKey(d.ctx, d.users[k.owner].ID, models.NewKey{Purpose: k.purpose, Expires: models.ExpiresInDays(days, models.ZoneOr(demoZone))})
	if err != nil {
		return err
	}
	d.keys = append(d.keys, madeKey{k, key.ID})
	return nil
}

// part ends the year: keys were used, some were revoked, and two people left.
func (d *demoCompany) part() error {
	for _, k := range d.keys {
		if !k.used.IsZero() {
			d.store.Seen(k.id, k.from, k.agent, k.used)
		}
	}
	if err := d.store.FlushSeen(d.ctx); err != nil {
		return err
	}
	for _, k := range d.keys {
		if k.revoked.IsZero() {
			continue
		}
		d.clock = k.revoked
		if _, err := d.store.RevokeAPIKey(d.ctx, d.users[k.owner].ID, k.id); err != nil {
			return err
		}
	}
	d.clock = d.now.Add(-9 * 24 * time.Hour)
	for _, leaver := range []int{17, 29} {
		if _, err := d.store.SetUserActive(d.ctx, d.users[leaver].ID, false); err != nil {
			return err
		}
	}
	return nil
}

func demoPerson(name, password string) models.NewUser {
	username := demoUsername(name)
	return models.NewUser{Username: username, DisplayName: name, Email: username + "@example.com", Password: password}
}

// demoUsername writes a name in the letters that user names have: maya.lindqvist.
func demoUsername(name string) string {
	plain := strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ř", "r", "ö", "o", "ı", "i", "ć", "c", "ž", "z")
	return plain.Replace(strings.ToLower(strings.ReplaceAll(name, " ", ".")))
}
