package models_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/keyport/keyport/models"
)

func networks(t testing.TB, texts ...string) models.Networks {
	t.Helper()
	n, problem := models.ReadNetworks(texts)
	if problem != "" {
		t.Fatal(problem)
	}
	return n
}

func TestReadNetworks(t *testing.T) {
	tests := []struct{ name, given, want, problem string }{
		{"none", " \n\t,", "", ""},
		{"sorted, each once", "10.1.0.0/16\r\n10.0.0.0/8, 10.1.0.0/16", "10.0.0.0/8 10.1.0.0/16", ""},
		{"single addresses", "192.0.2.7;2001:DB8::1", "192.0.2.7/32 2001:db8::1/128", ""},
		{"IPv4 in IPv6", "::ffff:192.0.2.7 ::ffff:10.0.0.0/104", "10.0.0.0/8 192.0.2.7/32", ""},
		{"everything", "0.0.0.0/0 ::/0", "0.0.0.0/0 ::/0", ""},
		{"host bits", "10.1.2.3/8", "", "For the whole network write 10.0.0.0/8, for the address alone 10.1.2.3."},
		{"host bits of IPv6", "2001:db8::1/32", "", "For the whole network write 2001:db8::/32"},
		{"zone", "fe80::1%eth0", "", "Leave out the %"},
		{"half mapped", "::ffff:0.0.0.0/64", "", "mixes IPv4 and IPv6"},
		{"leading zeros", "010.0.0.1", "", "is not a network"},
		{"too long a prefix", "10.0.0.0/33", "", "is not a network"},
		{"name", "build-04.example.com", "", "is not a network"},
		{"other digits", "１.1.1.1", "", "can't be read"},
		{"endless", strings.Repeat("1", 100_000), "", "can't be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problem := models.ReadNetworks([]string{tt.given})
			if tt.problem == "" && problem != "" || !strings.Contains(problem, tt.problem) {
				t.Errorf("problem %q, want %q", problem, tt.problem)
			}
			if text := strings.Join(got.Texts(), " "); text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
}

func TestAccessAllows(t *testing.T) {
	a := models.Access{Level: models.FullAccess, Services: models.Names{"billing"},
		Allowed: networks(t, "10.0.0.0/8", "2001:db8::/32"), Denied: networks(t, "10.9.0.0/16")}
	for address, want := range map[string]bool{"10.1.2.3": true, "10.9.2.3": false, "11.0.0.1": false, "2001:db8::5": true,
		"2001:db9::5": false, "::ffff:10.1.2.3": true, "::ffff:10.9.2.3": false, "2001:db8::5%eth0": true} {
		if got := a.AllowsAddress(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
	denying := models.Access{Denied: a.Denied}
	if a.AllowsAddress(netip.Addr{}) || denying.AllowsAddress(netip.Addr{}) || !models.WholeAccess().AllowsAddress(netip.Addr{}) {
		t.Error("an address that is not known opens only what is limited to no networks")
	}
	if a.AllowsService("stock") || !a.AllowsService("billing") || !models.WholeAccess().AllowsService("stock") {
		t.Error("services are not kept apart")
	}
	if !(models.Access{}).Reads() || models.WholeAccess().Reads() {
		t.Error("what is not full access only reads")
	}
}

func TestValidServiceName(t *testing.T) {
	for name, want := range map[string]bool{"billing": true, "stock-eu-2": true, "7": true, models.OwnService: true, "": false, "-a": false,
		"a-": false, "a--b": false, "A": false, "a b": false, "ä": false, "a\n": false, strings.Repeat("a", 64): false} {
		if got := models.ValidServiceName(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestAccessWish(t *testing.T) {
	whole := models.WholeAccess()
	narrow := models.Access{Level: models.FullAccess, Services: models.Names{"billing", "keyport"}, Allowed: networks(t, "10.0.0.0/8"), Denied: networks(t, "10.9.0.0/16")}
	reading := models.Access{Level: models.ReadOnly}
	tests := []struct {
		name  string
		maker models.Access
		wish  models.AccessWish
		field string
	}{
		{"nothing asked", narrow, models.AccessWish{}, ""},
		{"the same", narrow, models.WishFor(narrow), ""},
		{"less", narrow, models.AccessWish{Level: "ReadOnly", Services: []string{"billing"}, Allowed: []string{"10.1.0.0/16 10.2.3.4"}}, ""},
		{"full by a reader", reading, models.AccessWish{Level: "FullAccess"}, "AccessLevel"},
		{"another service", narrow, models.AccessWish{Services: []string{"stock"}}, "Services"},
		{"all services", narrow, models.AccessWish{Services: []string{}}, "Services"},
		{"another network", narrow, models.AccessWish{Allowed: []string{"11.0.0.0/8"}}, "AllowedNetworks"},
		{"all networks", narrow, models.AccessWish{Allowed: []string{}}, "AllowedNetworks"},
		{"nothing denied", narrow, models.AccessWish{Denied: []string{}}, "DeniedNetworks"},
		{"unknown level", whole, models.AccessWish{Level: "Root"}, "AccessLevel"},
		{"bad service", whole, models.AccessWish{Services: []string{"a b"}}, "Services"},
		{"bad network", whole, models.AccessWish{Denied: []string{"x"}}, "DeniedNetworks"},
		{"51 networks", whole, models.AccessWish{Allowed: numbered(30, 10), Denied: numbered(21, 11)}, "AllowedNetworks"},
		{"50 networks", whole, models.AccessWish{Allowed: numbered(30, 10), Denied: numbered(20, 11)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := tt.wish.Resolve(tt.maker)
			if tt.field == "" && (len(problems) > 0 || !got.Within(tt.maker)) {
				t.Errorf("got %v, %v", got, problems)
			}
			if tt.field != "" && (len(problems) != 1 || problems[0].Field != tt.field) {
				t.Errorf("problems %v, want one about %s", problems, tt.field)
			}
		})
	}
}

func numbered(n, first int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprintf("%d.%d.0.0/16", first, i))
	}
	return texts
}

// Within is what it says for every address, service and method: random accesses
// in a small world, where each pair can be asked about everything.
func TestAccessWithin(t *testing.T) {
	random, within, wider := rand.New(rand.NewPCG(6, 12)), 0, 0
	for range 20_000 {
		a, b := smallAccess(random), smallAccess(random)
		want := a.Reads() || !b.Reads()
		for _, name := range []string{"a", "b", "c", "d"} {
			want = want && (!a.AllowsService(name) || b.AllowsService(name))
		}
		for i := range 64 {
			for _, address := range []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(i * 4)}), netip.AddrFrom4([4]byte{byte(i * 4), 7}), netip.MustParseAddr("::").Next()} {
				want = want && (!a.AllowsAddress(address) || b.AllowsAddress(address))
			}
		}
		if got := a.Within(b); got != want {
			t.Fatalf("%+v within %+v: got %v, want %v", a, b, got, want)
		}
		if want {
			within++
		} else {
			wider++
		}
	}
	if within < 1000 || wider < 1000 {
		t.Errorf("%d within, %d not: the test proves little", within, wider)
	}
}

// smallAccess knows the networks whose length is up to six bits in 10.0.0.0/24,
// and up to six bits at the top, so that 64 addresses of each stand for all.
func smallAccess(random *rand.Rand) models.Access {
	a := models.WholeAccess()
	if random.IntN(4) == 0 {
		a.Level = models.ReadOnly
	}
	for _, name := range []string{"a", "b", "c"} {
		if random.IntN(5) == 0 {
			a.Services = append(a.Services, name)
		}
	}
	few := func() (n models.Networks) {
		for range random.IntN(4) {
			n = append(n, smallNetwork(random))
		}
		slices.SortFunc(n, netip.Prefix.Compare)
		return slices.Compact(n)
	}
	a.Allowed, a.Denied = few(), few()
	return a
}

func smallNetwork(random *rand.Rand) netip.Prefix {
	bits, from := random.IntN(4), netip.AddrFrom4([4]byte{byte(random.IntN(256)), 7})
	switch random.IntN(8) {
	case 0:
		return netip.MustParsePrefix("::/0")
	case 1, 2, 3:
		bits, from = 24+random.IntN(4), netip.AddrFrom4([4]byte{10, 0, 0, byte(random.IntN(256))})
	}
	network, _ := from.Prefix(bits)
	return network
}

func TestAccessIsStoredAsText(t *testing.T) {
	a := models.Access{Services: models.Names{"a", "b"}, Allowed: networks(t, "10.0.0.0/8", "::1")}
	services, _ := a.Services.Value()
	allowed, _ := a.Allowed.Value()
	var back models.Access
	if back.Services.Scan(services) != nil || back.Allowed.Scan([]byte(allowed.(string))) != nil {
		t.Fatal("what was written can't be read")
	}
	if !slices.Equal(back.Services, a.Services) || !slices.Equal(back.Allowed, a.Allowed) {
		t.Errorf("got %v, want %v", back, a)
	}
	if back.Allowed.Scan("10.0.0.0/8 x") == nil || back.Services.Scan(7) == nil || back.Denied.Scan(nil) == nil {
		t.Error("a damaged column must not be read as no limit")
	}
}
