package egress

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Why an address is refused, for the person who entered it.
const (
	notAnAddress = "Enter a whole address, such as https://hooks.example.com/keyport."
	notEncrypted = "Use an https address: what is sent must not be read on the way. Only in networks that the operator has allowed (KEYPORT_EGRESS_ALLOW) will http do."
	isInside     = "This address is inside a private network or on this machine. Choose one on the internet, or ask the operator to allow the network (KEYPORT_EGRESS_ALLOW)."
	wrongPort    = "On the internet only the ports 443 and 8443 may be called. Choose one of them, or ask the operator to allow the network (KEYPORT_EGRESS_ALLOW)."
)

// CheckAddress says what is wrong with an address that somebody entered, ""
// when nothing is, as far as it can be judged without a look-up: the guard
// judges again what is dialled. It asks nobody, so that saving an address can't
// be used to look around inside.
func (g *Guard) CheckAddress(address string) (problem string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return notAnAddress
	}
	host, ok := plainHost(u.Hostname())
	if !ok {
		return notAnAddress
	}
	allowed := len(g.Allow) > 0 // what the name stands for may be in such a network
	if a, literal := literalAddress(host); literal {
		if !g.Permits(a) {
			return isInside
		}
		allowed = g.allows(a)
	} else if localName(host) && !allowed {
		return isInside
	}
	switch port := u.Port(); {
	case u.Scheme != "https" && !allowed:
		return notEncrypted
	case port != "" && port != "443" && port != "8443" && !allowed:
		return wrongPort
	}
	return ""
}

// allows reports whether the operator has named the network of an address.
func (g *Guard) allows(a netip.Addr) bool {
	return slices.ContainsFunc(g.Allow, func(p netip.Prefix) bool { return p.Contains(a) })
}

// plainHost writes a name in ASCII, so that other letters and full stops of
// other scripts can't hide what it is.
func plainHost(host string) (ascii string, ok bool) {
	if _, err := netip.ParseAddr(host); err == nil {
		return host, true
	}
	ascii, err := idna.Lookup.ToASCII(host)
	ascii = strings.TrimSuffix(ascii, ".")
	return ascii, err == nil && ascii != ""
}

// localName reports names that never leave the machine or the local network.
func localName(host string) bool {
	host = strings.ToLower(host)
	for _, suffix := range []string{"localhost", "local", "internal", "home.arpa", "localdomain"} {
		if host == suffix || strings.HasSuffix(host, "."+suffix) {
			return true
		}
	}
	return !strings.Contains(host, ".") // a name of one word is completed by the local resolver
}

// literalAddress reads an address in any of the ways in which programs do: IPv4
// in one to four numbers, each decimal, octal or hexadecimal. What looks like
// one and can't be read is an address too, one that is nowhere permitted.
func literalAddress(host string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a, true
	}
	parts := strings.Split(host, ".")
	if last := parts[len(parts)-1]; !looksNumeric(last) {
		return netip.Addr{}, false
	}
	return oldAddress(parts), true
}
