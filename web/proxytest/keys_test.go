//go:build proxies

package proxytest

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
)

// get is a call that every good key may make.
const get = "GET /reports/1?page=2"

// octopus is the header of a key.
func octopus(key string) string { return "X-Octopus-ApiKey: " + key }

func noKey(t *testing.T, s *stand) {
	for _, headers := range [][]string{nil, {"X-Octopus-ApiKey:"}, {"Authorization: Bearer"}, {"Authorization: Basic YWRtaW46YWRtaW4="}, {"Cookie: keyport=x"}} {
		a := s.send(t, get, headers...)
		s.refused(t, a, 401)
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: WWW-Authenticate is %q", headers, a.header.Get("WWW-Authenticate"))
		}
	}
}

func damagedKey(t *testing.T, s *stand) {
	_, key := s.key(t, models.AccessWish{})
	for _, damaged := range []string{key[:len(key)-1], strings.ToLower(key), key + "A", "API-", "nonsense", models.NewSecret().Reveal()} {
		s.refused(t, s.send(t, get, octopus(damaged)), 401)
	}
	s.passed(t, s.send(t, get, octopus(key)))
}

func deadKeys(t *testing.T, s *stand) {
	s.f.Clock.Advance(-2 * time.Hour)
	_, expired := s.f.Issue(s.f.Bob, models.NewKey{Expires: models.ExpiresAt(s.f.Store.Now().Add(time.Hour))})
	s.f.Clock.Advance(2 * time.Hour)
	s.refused(t, s.send(t, get, octopus(expired.Reveal())), 401)

	key, revoked := s.f.Issue(s.f.Bob, models.NewKey{})
	s.passed(t, s.send(t, get, octopus(revoked.Reveal())))
	if _, err := s.f.Store.RevokeAPIKey(storetest.Console(), s.f.Bob.ID, key.ID); err != nil {
		t.Fatal(err)
	}
	s.refused(t, s.send(t, get, octopus(revoked.Reveal())), 401)

	_, disabled := s.f.Issue(s.f.Charlie, models.NewKey{})
	s.passed(t, s.send(t, get, octopus(disabled.Reveal())))
	if _, err := s.f.Store.SetUserActive(storetest.Console(), s.f.Charlie.ID, false); err != nil {
		t.Fatal(err)
	}
	s.refused(t, s.send(t, get, octopus(disabled.Reveal())), 401)
}

func wrongNetwork(t *testing.T, s *stand) {
	_, elsewhere := s.key(t, models.AccessWish{Allowed: []string{"198.51.100.0/24"}})
	_, here := s.key(t, models.AccessWish{Allowed: []string{caller + "/32"}})
	_, denied := s.key(t, models.AccessWish{Denied: []string{caller + "/32"}})
	s.passed(t, s.send(t, get, octopus(here)))
	for _, forged := range []string{"X-Forwarded-For: 198.51.100.7", "X-Real-IP: 198.51.100.7", "Forwarded: for=198.51.100.7", "X_Forwarded_For: 198.51.100.7", "True-Client-IP: 198.51.100.7",
		"Connection: X-Forwarded-For", "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 198.51.100.8"} {
		s.refused(t, s.send(t, get, octopus(elsewhere), forged), 400, 403)
		s.refused(t, s.send(t, get, octopus(denied), forged), 400, 403)
		s.f.Clock.Advance(time.Minute)
	}
	s.refused(t, s.send(t, get, octopus(elsewhere)), 403)
}

func readOnly(t *testing.T, s *stand) {
	_, key := s.key(t, models.AccessWish{Level: "ReadOnly"})
	s.passed(t, s.send(t, get, octopus(key)))
	s.passed(t, s.send(t, "HEAD /reports/1", octopus(key)))
	s.passed(t, s.send(t, "POST /search", octopus(key), "Content-Length: 0"))
	for _, line := range []string{"POST /reports/1", "PUT /reports/1", "DELETE /reports/1", "PATCH /reports/1", "POST /search/1", "GET /elsewhere"} {
		s.refused(t, s.send(t, line, octopus(key), "Content-Length: 0"), 403)
	}
	s.f.Clock.Advance(time.Minute)
	_, full := s.key(t, models.AccessWish{})
	s.passed(t, s.send(t, "DELETE /reports/1", octopus(full), "Content-Length: 0"))
}

func wrongService(t *testing.T, s *stand) {
	_, other := s.key(t, models.AccessWish{Services: []string{"stock"}})
	_, both := s.key(t, models.AccessWish{Services: []string{"billing", "stock"}})
	s.refused(t, s.send(t, get, octopus(other)), 403)
	if c := s.passed(t, s.send(t, get, octopus(both))); c.Header.Get("X-Keyport-Service") != "billing" {
		t.Errorf("the service hears of %q", c.Header.Get("X-Keyport-Service"))
	}
}

func limit(t *testing.T, s *stand) {
	_, key := s.key(t, models.AccessWish{})
	for range ratePerMinute {
		s.passed(t, s.send(t, get, octopus(key)))
	}
	a := s.send(t, get, octopus(key))
	s.refused(t, a, 429)
	if got := a.header.Get("Retry-After"); got != "5" {
		t.Errorf("Retry-After is %q, want 5: a twelfth of a minute", got)
	}
	_, another := s.key(t, models.AccessWish{})
	s.passed(t, s.send(t, get, octopus(another)))
	s.f.Clock.Advance(time.Minute)
	s.passed(t, s.send(t, get, octopus(key)))
}
