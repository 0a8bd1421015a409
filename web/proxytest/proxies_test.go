//go:build proxies

package proxytest

import (
	"os/exec"
	"strings"
	"testing"
)

// cases run in this order, with each proxy: the last of them break something.
type proxyCase struct {
	name string
	run  func(*testing.T, *stand)
}

var cases = []proxyCase{
	{"no key", noKey},
	{"damaged key", damagedKey},
	{"expired, revoked and disabled keys", deadKeys},
	{"identity delivered, credential stripped", identityDelivered},
	{"wrong network", wrongNetwork},
	{"read-only", readOnly},
	{"wrong service", wrongService},
	{"limit", limit},
	{"HEAD", head},
	{"OPTIONS", options},
	{"body", body},
	{"upgrade", upgraded},
	{"upgrade without a key", upgradeRefused},
	{"forged identity", forgedIdentity},
	{"look-alikes of identity", identityTwins},
	{"duplicate credentials", duplicates},
	{"folded credentials", folded},
	{"look-alikes of credentials", credentialTwins},
	{"forged call", forgedCall},
	{"one call for another", overridden},
	{"Connection takes nothing away", takenAway},
	{"paths do not make a write of a read", paths},
	{"two requests in one", smuggled},
	{"HTTP/2", http2},
	{"many at once", together},
	{"the wrong Keyport", impostor},
	{"Keyport away", keyportAway},
	{"Keyport silent", keyportSilent},
	{"Keyport's database away", databaseAway},
}

func TestProxies(t *testing.T) {
	for _, p := range atHand() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, p, true)
			for _, c := range casesOf(p) {
				t.Run(c.name, func(t *testing.T) { c.run(t, s) })
			}
		})
	}
}

// casesOf leaves out what would take Traefik half a minute: so long it waits for
// a Keyport that hangs, and can't be told to wait less.
func casesOf(p program) (list []proxyCase) {
	for _, c := range cases {
		if p.name != traefik.name || c.name != "Keyport silent" {
			list = append(list, c)
		}
	}
	return list
}

// Keyport may also be reached in the clear, on a network that one trusts.
func TestProxiesWithoutEncryption(t *testing.T) {
	for _, p := range atHand() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, p, false)
			for _, c := range cases[:6] {
				t.Run(c.name, func(t *testing.T) { c.run(t, s) })
			}
		})
	}
}

// The page says what these tests run. On other releases of Debian the versions
// are others, which is worth knowing and no failure.
func TestVersions(t *testing.T) {
	for _, p := range programs {
		output, err := exec.Command(p.find(t), p.version...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		t.Logf("%s: %s", p.name, strings.SplitN(string(output), "\n", 2)[0])
	}
}
