package egress_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
)

// hostileHosts are ways to write places inside: addresses in all notations that
// programs read, addresses of IPv6 that hold one of IPv4, and names.
var hostileHosts = strings.Fields(`
	127.0.0.1 127.1 127.0.1 127.0.0.1. 2130706433 0x7f000001 0x7F000001 017700000001 0177.0.0.1 0x7f.0.0.1 0x7f.1 127.0x1 127.0.0.01 0177.0.0.0x1 00000177.1 127.255.255.254 0 0.0.0.0 0x0 00
	10.0.0.1 10.1 167772161 0x0a000001 012.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 2886729729 192.168.0.1 192.168.1 3232235521 0xc0a80001 0300.0250.0.1
	169.254.169.254 169.254.43518 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.0.1 100.64.0.1 100.100.100.200 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 4294967295
	[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:10.0.0.1] [::ffff:169.254.169.254] [::127.0.0.1] [::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::a00:1] [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::1]
	[2001::1] [2001:0:7f00:1::] [2001:db8::1] [100::1] [fc00::1] [fd00:ec2::254] [fe80::1] [fe80::1%25lo] [fec0::1] [ff02::1] [3fff::1] [5f00::1]
	localhost LOCALHOST localhost. LocalHost.localdomain a.localhost printer.local metadata metadata.google.internal db.internal router.home.arpa intranet kubernetes
	１２７.0.0.1 127。0。0。1 127．0．0．1 ①②⑦.⓪.⓪.① ⓛocalhost loc﹒alhost lоcalhost.internal
	256.256.256.256 1.2.3.4.5 0x100000000 127.0.0.0x1ffffffff 99999999999999999999 0x 1.0x`)

// hostileURLs are addresses that are wrong as a whole.
var hostileURLs = []string{
	"https://user:password@hooks.example.com/", "https://user@hooks.example.com/", "https://127.0.0.1@hooks.example.com/", "https://hooks.example.com@127.0.0.1/", "http://hooks.example.com/",
	"https://hooks.example.com:80/", "https://hooks.example.com:22/", "https://hooks.example.com:25/", "https://hooks.example.com:6379/", "https://hooks.example.com:0/", "https://hooks.example.com:65536/",
	"ftp://hooks.example.com/", "file:///etc/passwd", "gopher://hooks.example.com/", "javascript:alert(1)", "data:text/plain,x", "//hooks.example.com/", "https:hooks.example.com", "https:///", "https://", "https://:443/", "", " ", "hooks.example.com",
	"https://hooks.example.com\\@127.0.0.1/", "https://[::1", "https://[hooks]/", "https://%31%32%37.0.0.1/", "https://127.0.0.1%00.example.com/", "https://hooks.example.com\t/", "https://hooks .example.com/", "https://hooks.example.com\r\nHost: x/",
}

// No such address is called: it is refused when it is entered, or when it is
// dialled. Nothing is dialled here: the guard's dialler only notes where to.
func TestHostileAddresses(t *testing.T) {
	all := append([]string(nil), hostileURLs...)
	for _, host := range hostileHosts {
		all = append(all, "https://"+host+"/hook")
	}
	if len(all) < 120 {
		t.Fatalf("there are only %d addresses", len(all))
	}
	for _, address := range all {
		guard := record(map[string][]string{})
		if problem := guard.CheckAddress(address); problem != "" {
			continue
		}
		response, err := guard.Client(1<<10).Post(address, "text/plain", strings.NewReader("x"))
		if err == nil {
			response.Body.Close()
		}
		if err == nil || len(guard.dialed) > 0 {
			t.Errorf("%s passed, and %v would have been dialled", address, guard.dialed)
		}
	}
}

// Names that stand for places inside, one address among several, or a new one at
// each question: what is dialled is what was judged.
func TestHostileNames(t *testing.T) {
	for name, addresses := range map[string][]string{
		"one": {"127.0.0.1"}, "private": {"10.0.0.8"}, "both": {"93.184.215.14", "127.0.0.1"}, "last": {"93.184.215.14", "1.1.1.1", "169.254.169.254"}, "v6": {"2606:2800:21f:cb07::1", "fd00::1"}, "mapped": {"::ffff:10.0.0.1"}, "translated": {"64:ff9b::a00:1"},
	} {
		guard := record(map[string][]string{name + ".example.com": addresses})
		if problem := guard.CheckAddress("https://" + name + ".example.com/"); problem != "" {
			t.Errorf("%s: an ordinary name is refused: %s", name, problem)
		}
		if _, err := guard.Client(1 << 10).Get("https://" + name + ".example.com/"); err == nil || len(guard.dialed) > 0 {
			t.Errorf("%s: %v would have been dialled", name, guard.dialed)
		}
	}
	// The name changes what it stands for between two questions.
	guard := record(nil)
	answers := 0
	guard.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		answers++
		if answers%2 == 1 {
			return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	for range 4 {
		_, _ = guard.Client(1 << 10).Get("https://rebinding.example.com/")
	}
	for _, dialed := range guard.dialed {
		if dialed != "93.184.215.14:443" {
			t.Errorf("%s would have been dialled", dialed)
		}
	}
	if len(guard.dialed) == 0 {
		t.Error("the good address was never dialled: the test shows nothing")
	}
}

// What is not encrypted goes to networks that the operator has named, and a
// wide one of the internet is not meant.
func TestUnencryptedCallsStayInside(t *testing.T) {
	guard := record(map[string][]string{"inside.example.com": {"10.1.2.3"}, "outside.example.com": {"93.184.215.14"}}, "10.0.0.0/8")
	for address, want := range map[string]int{"http://inside.example.com/": 1, "http://outside.example.com/": 0, "https://outside.example.com/": 1} {
		guard.dialed = nil
		_, _ = guard.Client(1 << 10).Get(address)
		if len(guard.dialed) != want {
			t.Errorf("%s: dialled %v, want %d", address, guard.dialed, want)
		}
	}
}
