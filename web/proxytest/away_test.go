//go:build proxies

package proxytest

import (
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// impostor: somebody who answers in Keyport's place has not its certificate.
func impostor(t *testing.T, s *stand) {
	_, secret := s.key(t, models.AccessWish{})
	s.passed(t, s.send(t, get, octopus(secret)))
	s.door.shut()
	s.door.reopen(newAuthority(t).leaf)
	s.refused(t, s.send(t, get, octopus(secret)), s.program.away)
	s.door.shut()
	s.door.reopen(s.authority.leaf)
	s.passed(t, s.send(t, get, octopus(secret)))
}

func keyportAway(t *testing.T, s *stand) {
	_, secret := s.key(t, models.AccessWish{})
	s.passed(t, s.send(t, get, octopus(secret)))
	s.door.shut()
	for _, headers := range [][]string{{octopus(secret)}, nil, append([]string{octopus(secret)}, handshake...)} {
		s.refused(t, s.send(t, get, headers...), s.program.away)
	}
	s.door.reopen(s.authority.leaf)
	s.passed(t, s.send(t, get, octopus(secret)))
}

// keyportSilent: a call waits some seconds for a Keyport that hangs, and does not
// pass either.
func keyportSilent(t *testing.T, s *stand) {
	_, secret := s.key(t, models.AccessWish{})
	s.door.shut()
	s.door.fallSilent(s.authority.leaf)
	began := time.Now()
	s.refused(t, s.send(t, get, octopus(secret)), s.program.away, 503, 504)
	if took := time.Since(began); took > 12*time.Second {
		t.Errorf("the caller waited %s", took)
	}
	s.door.shut()
	s.door.reopen(s.authority.leaf)
	s.passed(t, s.send(t, get, octopus(secret)))
}

func databaseAway(t *testing.T, s *stand) {
	_, secret := s.key(t, models.AccessWish{})
	if err := s.f.Store.Close(); err != nil {
		t.Fatal(err)
	}
	a := s.send(t, get, octopus(secret))
	s.refused(t, a, 503)
	if a.header.Get("Retry-After") == "" {
		t.Errorf("503 does not say when to come back: %v", a.header)
	}
	s.refused(t, s.send(t, get), 401)
}
