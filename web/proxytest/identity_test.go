//go:build proxies

package proxytest

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// identityOf are the headers that a service gets of a key of the robot.
func identityOf(s *stand, key models.APIKey) map[string]string {
	return map[string]string{"X-Keyport-User-Id": s.f.Robot.PublicID(), "X-Keyport-User": s.f.Robot.Username, "X-Keyport-Key-Id": key.ID, "X-Keyport-Is-Service": "true",
		"X-Keyport-Access": "FullAccess", "X-Keyport-Expires": key.ExpiresAt.Format(time.RFC3339), "X-Keyport-Service": "billing"}
}

// wantIdentity holds that a call carries who it is, once, and neither the key
// nor anything that could be taken for the identity.
func wantIdentity(t *testing.T, s *stand, c call, key models.APIKey, secret string) {
	t.Helper()
	want := identityOf(s, key)
	for name, values := range c.Header {
		plain := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		if strings.HasPrefix(plain, "x-keyport") && (len(values) != 1 || values[0] != want[name]) {
			t.Errorf("%s = %q, want %q once", name, values, want[name])
		}
		if plain == "authorization" || plain == "x-api-key" || plain == "x-octopus-apikey" || strings.Contains(strings.Join(values, " "), secret) {
			t.Errorf("%s = %q reached the service", name, values)
		}
	}
	for name := range want {
		if len(c.Header[name]) == 0 {
			t.Errorf("%s is missing: %v", name, c.Header)
		}
	}
}

func identityDelivered(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	for _, header := range []string{octopus(secret), "X-Api-Key: " + secret, "Authorization: Bearer " + secret, "authorization: bearer " + secret, "x-OCTOPUS-apikey:   " + secret + "  "} {
		c := s.passed(t, s.send(t, get, header, "X-Request-Id: 7"))
		wantIdentity(t, s, c, key, secret)
		if c.Method+" "+c.Target != get || c.Header.Get("X-Request-Id") != "7" {
			t.Errorf("the call is %s %s %v, want it as it was sent", c.Method, c.Target, c.Header)
		}
	}
}

func forgedIdentity(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	var once, twice, lower []string
	for name := range identityOf(s, key) {
		once = append(once, name+": admin")
		twice = append(twice, name+": admin", name+": root")
		lower = append(lower, strings.ToLower(name)+":admin")
	}
	for _, forged := range [][]string{once, twice, lower} {
		wantIdentity(t, s, s.passed(t, s.send(t, get, append(forged, octopus(secret))...)), key, secret)
		s.refused(t, s.send(t, get, forged...), 401)
	}
}

// Names with _ are others to a proxy, and the same to many services.
func identityTwins(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	for _, name := range []string{"X_Keyport_User", "X-Keyport_User", "x_keyport-user_id", "X_KEYPORT-Key-Id", "X-Keyport_Access"} {
		a := s.send(t, get, octopus(secret), name+": admin")
		if a.status == 400 {
			s.refused(t, a, 400)
			continue
		}
		wantIdentity(t, s, s.passed(t, a), key, secret)
	}
}

// What Connection names, proxies take away from what they pass on.
func takenAway(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	for _, names := range []string{"X-Keyport-User, X-Keyport-Key-Id", "x-keyport-user-id", "close, X-KEYPORT-ACCESS", "X-Forwarded-Method, X-Forwarded-Uri, X-Original-Method"} {
		a := s.send(t, get, octopus(secret), "Connection: "+names)
		if a.status == 400 {
			s.refused(t, a, 400)
			continue
		}
		wantIdentity(t, s, s.passed(t, a), key, secret)
	}
	if a := s.send(t, get, octopus(secret), "Connection: X-Octopus-ApiKey"); a.status == 200 {
		wantIdentity(t, s, s.passed(t, a), key, secret)
	} else {
		s.refused(t, a, 400, 401)
	}
	_, reads := s.key(t, models.AccessWish{Level: "ReadOnly"})
	for _, names := range []string{"X-Forwarded-Method", "X-Original-Method", "X-Forwarded-Method, X-Forwarded-Uri"} {
		s.refused(t, s.send(t, "POST /reports/1", octopus(reads), "Content-Length: 0", "Connection: "+names), 400, 403)
	}
}
