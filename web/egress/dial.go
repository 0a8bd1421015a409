package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Guard decides what may be dialled, and dials it. Its zero value lets calls
// reach the internet only.
type Guard struct {
	Allow []netip.Prefix // networks inside that the operator allows

	// Resolve and Dial stand in for the system's in tests.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)

	mu  sync.Mutex
	own []netip.AddrPort
}

// ErrRefused is what a call to a forbidden address fails with.
var ErrRefused = errors.New("the address is not on the internet, and is not allowed by the operator")

const dialTime = 5 * time.Second

// Hide keeps calls away from an address that this program itself listens on.
func (g *Guard) Hide(listening net.Addr) {
	own, err := netip.ParseAddrPort(listening.String())
	if err != nil {
		return // not of TCP, so nobody dials it
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.own = append(g.own, netip.AddrPortFrom(own.Addr().Unmap().WithZone(""), own.Port()))
}

// DialContext connects to an address if all that its name stands for may be
// dialled: a name with one address inside and one outside is a trap. It dials
// the very address that was judged.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dialJudged(ctx, network, address, g.judge)
}

// dialAllowed connects like DialContext, but to nothing that the operator has
// not named: what is sent without encryption must not leave his networks.
func (g *Guard) dialAllowed(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dialJudged(ctx, network, address, func(address string) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !g.allows(a.Addr()) {
			return ErrRefused
		}
		return g.judge(address)
	})
}

func (g *Guard) dialJudged(ctx context.Context, network, address string, judge func(string) error) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	found, err := g.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		if err := judge(net.JoinHostPort(a.String(), port)); err != nil {
			return nil, err
		}
	}
	failed := error(&net.DNSError{Err: "no address", Name: host})
	for _, a := range found {
		connection, err := g.dial(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return connection, nil
		}
		failed = err
	}
	return nil, failed
}

// addresses returns what a host stands for. An IPv4 address written as one of
// IPv6 has no other purpose than to look different.
func (g *Guard) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	resolve := g.Resolve
	if resolve == nil {
		resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	found, err := resolve(ctx, host)
	for i := range found {
		found[i] = found[i].Unmap() // the resolver's way to write IPv4
	}
	return found, err
}

// judge decides on an address and port.
func (g *Guard) judge(address string) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !g.Permits(a.Addr()) || g.isOwn(a) {
		return ErrRefused
	}
	return nil
}

// isOwn reports whether this program listens there. A listener without an
// address listens on all addresses of the machine.
func (g *Guard) isOwn(a netip.AddrPort) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, own := range g.own {
		if own.Port() == a.Port() && (own.Addr() == a.Addr() || own.Addr().IsUnspecified() && ofThisMachine(a.Addr())) {
			return true
		}
	}
	return false
}

func ofThisMachine(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, i := range interfaces {
		if p, err := netip.ParsePrefix(i.String()); err == nil && p.Addr().Unmap() == a {
			return true
		}
	}
	return false
}

func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if g.Dial != nil {
		return g.Dial(ctx, network, address)
	}
	return (&net.Dialer{Timeout: dialTime, Control: g.Control}).DialContext(ctx, network, address)
}

// Control judges once more, immediately before the system connects.
func (g *Guard) Control(_, address string, _ syscall.RawConn) error { return g.judge(address) }
