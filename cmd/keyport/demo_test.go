//go:build unix

package main

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestDemoPlanFollowsItsSeed(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if !reflect.DeepEqual(demoPlan(7, now), demoPlan(7, now)) {
		t.Error("the same seed gives two plans")
	}
	if reflect.DeepEqual(demoPlan(7, now), demoPlan(8, now)) {
		t.Error("two seeds give the same plan")
	}
	for _, k := range demoPlan(7, now) {
		end := k.made.Add(time.Duration(k.days) * 24 * time.Hour)
		switch {
		case k.made.After(now) || now.Sub(k.made) > demoYear:
			t.Errorf("a key is made at %s, outside of the year", k.made)
		case !k.revoked.IsZero() && (k.revoked.Before(k.made) || k.revoked.After(end) || k.revoked.After(now)):
			t.Errorf("a key made at %s for %d days is revoked at %s", k.made, k.days, k.revoked)
		case !k.used.IsZero() && (k.used.Before(k.made) || k.used.After(end) || k.used.After(now)):
			t.Errorf("a key made at %s for %d days is used at %s", k.made, k.days, k.used)
		}
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, env environ) {
		o := keyport(t, env, "", "demo", "--seed", "3")
		o.want(t, exitOK, "")
		for _, part := range []string{"40 people", "25 service accounts", "600 keys", "Sign in as maya.lindqvist"} {
			if !strings.Contains(o.stdout, part) {
				t.Errorf("the output %q lacks %q", o.stdout, part)
			}
		}
		checkDemo(t, env, o.stdout)
		keyport(t, env, "", "demo").want(t, exitFailure, "is not empty, so no demo data was added")
	})
}

// checkDemo asks the database what an administrator would look for.
func checkDemo(t *testing.T, env environ, printed string) {
	t.Helper()
	config, err := readConfig(env.get)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Config: config}
	s, err := p.openStore(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	words := strings.Fields(printed)
	if _, err := s.SignIn(context.Background(), "maya.lindqvist", words[len(words)-1]); err != nil {
		t.Errorf("the printed password does not open the account: %v", err)
	}
	console := models.WithActor(context.Background(), &models.Actor{Via: models.ViaConsole})
	users, err := s.Users(console, models.UserFilter{Page: models.Page{Take: models.MaxTake}})
	if err != nil {
		t.Fatal(err)
	}
	if people, services := users.Counts.Of(models.KindPerson, ""), users.Counts.Of(models.KindService, ""); people != 40 || services != 25 {
		t.Errorf("there are %d people and %d service accounts, want 40 and 25", people, services)
	}
	total := map[models.KeyStatus]int{}
	for _, u := range users.Users {
		list, err := s.APIKeysOf(console, u.ID, models.KeyFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for status, n := range list.Counts {
			total[status] += n
		}
	}
	if total[""] != demoKeyCount {
		t.Errorf("there are %d keys, want %d", total[""], demoKeyCount)
	}
	for _, status := range []models.KeyStatus{models.KeyUsable, models.KeyExpiresSoon, models.KeyExpired, models.KeyRevoked} {
		if total[status] < 10 {
			t.Errorf("only %d keys are %s", total[status], status)
		}
	}
}
