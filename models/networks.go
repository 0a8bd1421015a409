package models

import (
	"database/sql/driver"
	"net/netip"
	"slices"
	"strings"
)

// Networks is a list of networks, sorted, each once. In the database it is one
// text.
type Networks []netip.Prefix

// Value writes the list for the database.
func (n Networks) Value() (driver.Value, error) { return strings.Join(n.Texts(), " "), nil }

// Scan reads the list from the database.
func (n *Networks) Scan(from any) error {
	text, err := stored(from)
	*n = nil
	if err != nil || text == "" {
		return err
	}
	for part := range strings.FieldsSeq(text) {
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return err
		}
		*n = append(*n, network)
	}
	return nil
}

// Texts are the networks with their lengths. It is never nil.
func (n Networks) Texts() []string {
	texts := make([]string, len(n))
	for i, network := range n {
		texts[i] = network.String()
	}
	return texts
}

func (n Networks) contains(a netip.Addr) bool {
	return slices.ContainsFunc(n, func(network netip.Prefix) bool { return network.Contains(a) })
}

// ReadNetworks reads networks and single addresses, IPv4 and IPv6, each of which
// may hold several, apart by blanks, lines or commas. problem tells what is
// wrong, and what was meant where that can be guessed.
func ReadNetworks(given []string) (networks Networks, problem string) {
	for _, text := range given {
		for part := range strings.FieldsFuncSeq(text, betweenNetworks) {
			network, problem := readNetwork(part)
			if problem != "" {
				return nil, problem
			}
			if networks = append(networks, network); len(networks) > 10*MaxKeyNetworks {
				return nil, "These are far too many networks. Give fewer, or larger ones."
			}
		}
	}
	slices.SortFunc(networks, netip.Prefix.Compare)
	return slices.Compact(networks), ""
}

func betweenNetworks(r rune) bool { return r == ',' || r == ';' || r <= ' ' }

// longestNetwork is longer than any that can be written.
const longestNetwork = 60

func readNetwork(text string) (none netip.Prefix, problem string) {
	if len(text) > longestNetwork || strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
		return none, "A network can't be read. Write each like 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7."
	}
	if strings.ContainsRune(text, '%') {
		return none, "“" + text + "” names a network card of one machine. Leave out the % and what follows."
	}
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), ""
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return none, "“" + text + "” is not a network. Write it like 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7."
	}
	if network.Addr().Is4In6() {
		if network.Bits() < 96 {
			return none, "“" + text + "” mixes IPv4 and IPv6. Write the IPv4 network, like 192.0.2.0/24."
		}
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	if masked := network.Masked(); masked != network {
		return none, "“" + text + "” is an address inside of a network. For the whole network write " + masked.String() + ", for the address alone " + network.Addr().String() + "."
	}
	return network, ""
}

// everywhere is all addresses.
var everywhere = Networks{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// networksWithin reports that b allows every address that a allows. Comparing
// the lists would not do: two halves are a whole, and what one list denies the
// other may never have allowed.
func (a Access) networksWithin(b Access) bool {
	from := a.Allowed
	if len(from) == 0 {
		from = everywhere
	}
	return !slices.ContainsFunc(from, func(network netip.Prefix) bool { return !a.within(network, b) })
}

// within compares in one network: where a list has a border inside of it, in
// both halves; otherwise all its addresses are treated alike, and one stands for
// them. There are few borders, so few halves.
func (a Access) within(network netip.Prefix, b Access) bool {
	if !a.Denied.dividing(network) && !b.Allowed.dividing(network) && !b.Denied.dividing(network) {
		return a.Denied.contains(network.Addr()) || b.AllowsAddress(network.Addr())
	}
	lower, upper := halves(network)
	return a.within(lower, b) && a.within(upper, b)
}

// dividing reports that one of the networks is a part of another one.
func (n Networks) dividing(whole netip.Prefix) bool {
	return slices.ContainsFunc(n, func(part netip.Prefix) bool { return part.Bits() > whole.Bits() && whole.Contains(part.Addr()) })
}

func halves(network netip.Prefix) (lower, upper netip.Prefix) {
	bits := network.Bits()
	raw := network.Addr().AsSlice()
	raw[bits/8] |= 0x80 >> (bits % 8)
	address, _ := netip.AddrFromSlice(raw)
	return netip.PrefixFrom(network.Addr(), bits+1), netip.PrefixFrom(address, bits+1)
}
