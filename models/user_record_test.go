package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

func TestCheckIdentities(t *testing.T) {
	text := func(s string) *string { return &s }
	claims := func(n int) map[string]models.RecordedClaim {
		all := map[string]models.RecordedClaim{}
		for i := range n {
			all[strings.Repeat("c", i+1)] = models.RecordedClaim{}
		}
		return all
	}
	one := func(name, claim string, value *string) []models.RecordedIdentity {
		return []models.RecordedIdentity{{Provider: name, Claims: map[string]models.RecordedClaim{claim: {Value: value}}}}
	}
	tests := []struct {
		name string
		list []models.RecordedIdentity
		ok   bool
	}{
		{"none", nil, true}, {"one", one("Octopus ID", "email", text("a@b")), true}, {"no claims", []models.RecordedIdentity{{Provider: "x"}}, true},
		{"null value", one("x", "sid", nil), true}, {"empty value", one("x", "sid", text("")), true}, {"blanks stay", one("x ", "sid", text(" v ")), true},
		{"long value", one("x", "sid", text(strings.Repeat("ä", 1000))), true}, {"longer value", one("x", "sid", text(strings.Repeat("ä", 1001))), false},
		{"nameless", one("", "sid", nil), false}, {"blank name", one("  ", "sid", nil), false}, {"long name", one(strings.Repeat("x", 101), "sid", nil), false},
		{"nameless claim", one("x", "", nil), false}, {"NUL", one("x", "sid", text("a\x00")), false}, {"override", one("x\u202e", "sid", nil), false},
		{"damaged", one("x", "sid", text("a\ufffd")), false}, {"not UTF-8", one("x", "sid", text("\xff")), false},
		{"same provider", append(one("Azure AD", "a", nil), one("azure ad ", "a", nil)...), false}, {"two", append(one("a", "a", nil), one("b", "a", nil)...), true},
		{"20 claims", []models.RecordedIdentity{{Provider: "x", Claims: claims(20)}}, true}, {"21 claims", []models.RecordedIdentity{{Provider: "x", Claims: claims(21)}}, false},
		{"11 identities", make([]models.RecordedIdentity, 11), false},
	}
	for _, test := range tests {
		if problem := models.CheckIdentities(test.list); (problem == "") != test.ok {
			t.Errorf("%s: got problem %q, want none: %v", test.name, problem, test.ok)
		}
	}
}

func TestUserPutChange(t *testing.T) {
	team, name := int64(3), "New name"
	stored := models.User{Username: "alice", DisplayName: "Alice", Email: "a@example.com", OwnerTeamID: &team, Version: 7}
	got := models.UserPut{DisplayName: &name}.Change(stored)
	want := models.UserChange{Username: "alice", DisplayName: name, Email: "a@example.com", OwnerTeamID: &team, Version: 7}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	described := models.TeamPut{Description: &name}.Change(models.Team{Name: "Ops", Permissions: models.Views, Version: 2})
	if described.Name != "Ops" || described.Description != name || described.Permissions != models.Views || described.Version != 2 {
		t.Errorf("got %+v", described)
	}
}

func TestMakeInvitation(t *testing.T) {
	may := models.User{ID: 9, Permissions: models.PermissionsOf(models.UserEdit)}
	tests := []struct {
		name  string
		actor *models.Actor
		want  time.Duration // 0: refused
	}{
		{"nobody", nil, 0}, {"without the right", &models.Actor{User: models.User{ID: 9, Permissions: models.Views}, Via: models.ViaSession}, 0},
		{"session", &models.Actor{User: may, Via: models.ViaSession}, models.InvitationLife},
		{"key that lives", &models.Actor{User: may, Via: models.ViaKey, Key: &models.ActorKey{ID: "k", Expires: now.Add(100 * day)}}, models.InvitationLife},
		{"key that ends", &models.Actor{User: may, Via: models.ViaKey, Key: &models.ActorKey{ID: "k", Expires: now.Add(time.Hour)}}, time.Hour},
		{"token", &models.Actor{User: may, Via: models.ViaToken, Token: &models.AccessToken{Expires: now.Add(time.Minute)}}, time.Minute},
	}
	for _, test := range tests {
		i, err := models.MakeInvitation(nil, test.actor, now)
		if test.want == 0 {
			if models.Refusal(err) == nil {
				t.Errorf("%s: got no refusal", test.name)
			}
			continue
		}
		if err != nil || !i.ExpiresAt.Equal(now.Add(test.want)) || i.MadeBy != 9 || i.TeamIDs == nil || (i.KeyID == "k") != (test.actor.Key != nil) {
			t.Errorf("%s: got %+v, %v", test.name, i, err)
		}
		used := i
		used.UsedAt = &now
		if !i.Live(now) || i.Live(i.ExpiresAt) || used.Live(now) {
			t.Errorf("%s: an invitation lives until it ends or is used", test.name)
		}
	}
}

func TestParseInvitationID(t *testing.T) {
	for s, want := range map[string]int64{"Invitations-7": 7, "invitations-12": 12, "Invitations-07": 0, "Invitations-": 0, "Invitations--1": 0, "7": 0, "Teams-7": 0, "Invitations-9223372036854775808": 0} {
		got, ok := models.ParseInvitationID(s)
		if ok != (want > 0) || ok && got != want {
			t.Errorf("ParseInvitationID(%q) = %d, %v, want %d", s, got, ok, want)
		}
	}
}

func TestMaySeeTeamsOfAndEndSessions(t *testing.T) {
	alice := models.User{ID: 1}
	actor := func(id int64, p models.PermissionSet) *models.Actor {
		return &models.Actor{User: models.User{ID: id, Permissions: p}, Via: models.ViaSession}
	}
	tests := []struct {
		name       string
		actor      *models.Actor
		teams, end bool
	}{
		{"nobody", nil, false, false}, {"self", actor(1, 0), true, true}, {"stranger", actor(2, 0), false, false},
		{"auditor", actor(2, models.Views), true, false}, {"editor", actor(2, models.PermissionsOf(models.UserView, models.UserEdit)), true, true},
	}
	for _, test := range tests {
		if got := models.MaySeeTeamsOf(1, test.actor) == nil; got != test.teams {
			t.Errorf("%s sees the teams: %v, want %v", test.name, got, test.teams)
		}
		if got := models.MayEndSessions(alice, test.actor) == nil; got != test.end {
			t.Errorf("%s ends sessions: %v, want %v", test.name, got, test.end)
		}
	}
}
