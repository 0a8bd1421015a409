package egress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/keyport/keyport/web/egress"
)

// recorder is a guard that dials nothing: it notes where to it would have.
type recorder struct {
	egress.Guard
	mu     sync.Mutex
	dialed []string
}

var errRecorded = errors.New("recorded")

// record makes a guard for which names stand for those addresses.
func record(names map[string][]string, allow ...string) *recorder {
	r := &recorder{}
	for _, network := range allow {
		r.Allow = append(r.Allow, netip.MustParsePrefix(network))
	}
	r.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		var found []netip.Addr
		for _, one := range names[host] {
			found = append(found, netip.MustParseAddr(one))
		}
		if found == nil {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return found, nil
	}
	r.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dialed = append(r.dialed, address)
		return nil, errRecorded
	}
	return r
}

// insideAddresses has the first, the last and a middle address of each network
// that must not be reached.
var insideAddresses = strings.Fields(`
	0.0.0.0 0.1.2.3 0.255.255.255 10.0.0.0 10.1.2.3 10.255.255.255 100.64.0.0 100.100.100.100 100.100.100.200 100.127.255.255
	127.0.0.0 127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255
	172.16.0.0 172.20.1.1 172.31.255.255 192.0.0.0 192.0.0.8 192.0.0.170 192.0.0.255 192.0.2.0 192.0.2.1 192.0.2.255
	192.88.99.0 192.88.99.1 192.88.99.255 192.168.0.0 192.168.1.1 192.168.255.255 198.18.0.0 198.18.0.1 198.19.255.255
	198.51.100.0 198.51.100.7 198.51.100.255 203.0.113.0 203.0.113.7 203.0.113.255 224.0.0.0 224.0.0.1 224.0.0.251 239.255.255.255
	240.0.0.0 250.1.1.1 255.255.255.254 255.255.255.255
	:: ::1 ::7f00:1 ::a00:1 ::8.8.8.8 ::ffff:0:0 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254
	64:ff9b:: 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::ffff:ffff 64:ff9b:1:: 64:ff9b:1::1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff
	100:: 100::1 100::ffff:ffff:ffff:ffff 2001:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:10::1 2001:20::1
	2001:db8:: 2001:db8::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	3fff:: 3fff::1 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 5f00:: 5f00::1 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	fc00:: fc00::1 fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80:: fe80::1 febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	fec0:: fec0::1 feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff`)

var outsideAddresses = strings.Fields(`1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
	172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
	2001:200:: 2001:4860:4860::8888 2606:4700:4700::1111 2a00:1450::1 2003:: 3ffe::1 4000::1`)

// Whatever leads inside, nothing is dialled: addresses as such, and names of
// which they are the only address, the first or the last.
func TestNothingInsideIsDialled(t *testing.T) {
	const outside = "1.1.1.1"
	if len(insideAddresses) < 100 {
		t.Fatalf("only %d addresses", len(insideAddresses))
	}
	for _, address := range insideAddresses {
		r := record(map[string][]string{"only": {address}, "first": {address, outside}, "last": {outside, address}, "mixed.example.": {outside, outside, address}})
		hosts := []string{address, "only", "first", "last", "mixed.example."}
		if netip.MustParseAddr(address).Is4In6() {
			hosts = hosts[:1] // of a name this is just how resolvers write IPv4
		}
		for _, host := range hosts {
			_, err := r.DialContext(t.Context(), "tcp", net.JoinHostPort(host, "443"))
			if !errors.Is(err, egress.ErrRefused) {
				t.Errorf("%s for %s: got %v, want a refusal", host, address, err)
			}
		}
		if err := r.Control("tcp", net.JoinHostPort(address, "443"), nil); !errors.Is(err, egress.ErrRefused) {
			t.Errorf("Control(%s): got %v, want a refusal", address, err)
		}
		if len(r.dialed) > 0 {
			t.Errorf("%s: dialled %v", address, r.dialed)
		}
	}
}

func TestTheInternetIsDialled(t *testing.T) {
	for _, address := range outsideAddresses {
		r := record(map[string][]string{"name": {address}})
		for _, host := range []string{address, "name"} {
			if _, err := r.DialContext(t.Context(), "tcp", net.JoinHostPort(host, "443")); !errors.Is(err, errRecorded) {
				t.Errorf("%s for %s: got %v, want it dialled", host, address, err)
			}
		}
		for _, got := range r.dialed {
			if want := net.JoinHostPort(address, "443"); got != want {
				t.Errorf("dialled %s, want the address %s that was judged", got, want)
			}
		}
	}
}

// Urls in all spellings of this machine and of inside ones lead nowhere. Names
// stand for what a system's resolver makes of them.
func TestSpellings(t *testing.T) {
	names := map[string][]string{
		"localhost": {"127.0.0.1", "::1"}, "2130706433": {"127.0.0.1"}, "0x7f000001": {"127.0.0.1"}, "0177.0.0.1": {"127.0.0.1"}, "127.1": {"127.0.0.1"}, "127.0.1": {"127.0.0.1"},
		"0x7f.1": {"127.0.0.1"}, "127.0.0.1.": {"127.0.0.1"}, "0": {"0.0.0.0"}, "3232235777": {"192.168.1.1"}, "0xa9fea9fe": {"169.254.169.254"}, "2852039166": {"169.254.169.254"},
		"metadata.internal": {"169.254.169.254"}, "rebind.example": {"8.8.8.8", "127.0.0.1"}, "mapped.example": {"::ffff:10.0.0.7"}, "nat64.example": {"64:ff9b::a00:7"}, "xn--lcalhost-54a": {"127.0.0.1"},
	}
	r := record(names)
	client := r.Client(1 << 10)
	for name := range names {
		for _, address := range []string{"https://" + name + "/", "http://" + name + ":8080/", "https://user@" + name + ":443/x"} {
			refused(t, client, address)
		}
	}
	for _, address := range []string{
		"http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:ffff:7f00:0001]/", "http://[::]/", "http://0.0.0.0/",
		"http://[fe80::1%25eth0]/", "http://[fe80::1%25lo]:80/", "http://[::1%25lo]/", "http://[64:ff9b::127.0.0.1]/", "http://[2002:7f00:1::]/", "http://[::127.0.0.1]/", "http://169.254.169.254/latest/meta-data",
		"http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://192.0.0.192/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://[::ffff:8.8.8.8]/",
	} {
		refused(t, client, address)
	}
	if len(r.dialed) > 0 {
		t.Errorf("dialled %v", r.dialed)
	}
}

func refused(t *testing.T, client *http.Client, address string) {
	t.Helper()
	if response, err := client.Get(address); err == nil {
		response.Body.Close()
		t.Errorf("%s was answered with %d", address, response.StatusCode)
	} else if errors.Is(err, errRecorded) {
		t.Errorf("%s was dialled", address)
	}
}

// A name is judged each time, by what it stands for then.
func TestRebinding(t *testing.T) {
	r, answers := record(nil), [][]string{{"8.8.8.8"}, {"127.0.0.1"}, {"10.0.0.1"}}
	r.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		now := answers[0]
		answers = answers[1:]
		return []netip.Addr{netip.MustParseAddr(now[0])}, nil
	}
	for i, want := range []error{errRecorded, egress.ErrRefused, egress.ErrRefused} {
		if _, err := r.DialContext(t.Context(), "tcp", "rebind.example:443"); !errors.Is(err, want) {
			t.Errorf("call %d: got %v, want %v", i, err, want)
		}
	}
	if len(r.dialed) != 1 || r.dialed[0] != "8.8.8.8:443" {
		t.Errorf("dialled %v, want 8.8.8.8:443 only", r.dialed)
	}
}

func TestOperatorsNetworks(t *testing.T) {
	tests := []struct {
		name  string
		allow []string
		in    string
		want  bool
	}{
		{"listed", []string{"10.1.0.0/16"}, "10.1.2.3", true},
		{"a neighbour", []string{"10.1.0.0/16"}, "10.2.0.1", false},
		{"one address", []string{"192.168.7.7/32"}, "192.168.7.7", true},
		{"of IPv6", []string{"fd00::/8"}, "fd12::1", true},
		{"all of IPv4 opens private networks", []string{"0.0.0.0/0"}, "172.16.0.1", true},
		{"but not this machine", []string{"0.0.0.0/0"}, "127.0.0.1", false},
		{"nor its other name", []string{"0.0.0.0/0"}, "0.0.0.0", false},
		{"nor the link", []string{"0.0.0.0/0"}, "169.254.169.254", false},
		{"nor does all of IPv6", []string{"::/0"}, "::1", false},
		{"nor its links", []string{"::/0"}, "fe80::1", false},
		{"half of IPv4 neither", []string{"0.0.0.0/1"}, "127.0.0.1", false},
		{"who names this machine has it", []string{"127.0.0.0/8"}, "127.0.0.1", true},
		{"or one address of it", []string{"127.0.0.1/32"}, "127.0.0.1", true},
		{"and no other", []string{"127.0.0.1/32"}, "127.0.0.2", false},
		{"IPv6 too", []string{"::1/128"}, "::1", true},
		{"who names the link has it", []string{"169.254.0.0/16"}, "169.254.1.1", true},
		{"IPv4 does not open its IPv6 form", []string{"10.0.0.0/8"}, "::ffff:10.0.0.1", false},
		{"a zone is never right", []string{"fe80::/10"}, "fe80::1%eth0", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := record(nil, tt.allow...).Permits(netip.MustParseAddr(tt.in)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// The program does not call itself, whatever is allowed.
func TestOwnListeners(t *testing.T) {
	r := record(nil, "127.0.0.0/8", "::1/128", "10.0.0.0/8")
	r.Hide(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
	r.Hide(&net.TCPAddr{IP: net.IPv6unspecified, Port: 9090})
	r.Hide(&net.UnixAddr{Name: "/x"})
	for address, want := range map[string]bool{
		"127.0.0.1:8080": false, "127.0.0.1:8081": true, "127.0.0.2:8080": true, "127.0.0.1:9090": false, "127.0.0.9:9090": false, "[::1]:9090": false, "10.255.255.77:9090": true, "[::1]:8080": true,
	} {
		if got := r.Control("tcp", address, nil) == nil; got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
}

// A proxy would dial in place of the guard.
func TestProxyVariablesAreIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://8.8.4.4:3128")
	t.Setenv("HTTPS_PROXY", "http://8.8.4.4:3128")
	r := record(map[string][]string{"hook.example": {"1.1.1.1"}})
	if _, err := r.Client(1).Get("https://hook.example/"); !errors.Is(err, errRecorded) {
		t.Fatalf("got %v", err)
	}
	if len(r.dialed) != 1 || r.dialed[0] != "1.1.1.1:443" {
		t.Errorf("dialled %v, want 1.1.1.1:443", r.dialed)
	}
}

// Against a real server on this machine, which the operator has named.
func TestClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<12)); err != nil {
					return
				}
			}
		default:
			io.WriteString(w, "sixteen of these")
		}
	}))
	defer server.Close()
	u, _ := url.Parse(server.URL)
	g := &egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	client := g.Client(16)
	read := func(path string) (int, string, error) {
		response, err := client.Get(server.URL + path)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response.StatusCode, string(body), err
	}
	if status, body, err := read("/"); status != 200 || body != "sixteen of these" || err != nil {
		t.Errorf("got %d %q %v", status, body, err)
	}
	if status, _, _ := read("/redirect"); status != http.StatusFound {
		t.Errorf("redirect: got %d, want it not followed", status)
	}
	if _, _, err := read("/endless"); !errors.Is(err, egress.ErrTooLong) {
		t.Errorf("endless: got %v, want %v", err, egress.ErrTooLong)
	}
	if _, err := (&egress.Guard{}).Client(16).Get(server.URL); !errors.Is(err, egress.ErrRefused) {
		t.Errorf("not allowed: got %v", err)
	}
	g.Hide(server.Listener.Addr())
	client.CloseIdleConnections()
	if _, err := client.Get("http://" + u.Host); !errors.Is(err, egress.ErrRefused) {
		t.Errorf("own address: got %v", err)
	}
}
