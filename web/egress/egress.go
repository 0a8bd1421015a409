// Package egress guards the calls that Keyport makes to addresses which users
// chose: it lets them reach the internet, and nothing inside unless the operator
// names it. What is judged is the address that is dialled, after names were
// resolved, so that neither a redirect nor a name that changes its address leads
// inside.
package egress

import (
	"net/netip"
	"slices"
)

// inside are the networks that are not the internet: this machine, private
// networks, those of links, documentation and groups, and those in which an IPv4
// address can hide from such a list.
var inside = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// named are networks that open only to who names them or a part of them: a wide
// network, such as all of IPv4, is not meant to hold them.
var named = prefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10")

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, one := range list {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}

// Permits reports whether an address may be dialled.
func (g *Guard) Permits(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	holds := func(p netip.Prefix) bool { return p.Contains(a) }
	if !slices.ContainsFunc(inside, holds) {
		return true
	}
	special := slices.IndexFunc(named, holds)
	return slices.ContainsFunc(g.Allow, func(p netip.Prefix) bool {
		return p.Contains(a) && (special < 0 || within(p, named[special]))
	})
}

// within reports whether all of p lies in q.
func within(p, q netip.Prefix) bool { return p.Bits() >= q.Bits() && q.Contains(p.Addr()) }
