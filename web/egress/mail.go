package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
)

// MailInside says why a mail server is refused, and what opens it.
const MailInside = "This mail server is inside a private network or on this machine. Ask the operator to allow its network (KEYPORT_EGRESS_ALLOW; for this machine that must name 127.0.0.0/8), or to name the server where Keyport is started (KEYPORT_SMTP_URL), which needs no such permission."

// CheckMailHost says what is wrong with the host of a mail server that somebody
// entered, "" when nothing is, as far as it can be judged without a look-up: the
// guard judges again what is dialled.
func (g *Guard) CheckMailHost(host string) (problem string) {
	if a, literal := literalAddress(host); literal {
		if !g.Permits(a) {
			return MailInside
		}
	} else if localName(host) && len(g.Allow) == 0 {
		return MailInside
	}
	return ""
}

// ErrMailPort is what a call to a mail server at an unusual port fails with.
var ErrMailPort = errors.New("no port of a mail server, and the network is not allowed by the operator")

// mailPorts are those at which mail servers take letters.
var mailPorts = []uint16{25, 465, 587, 2525}

// DialMail connects to a mail server that an administrator named: at one of the
// usual ports, or at any port in a network that the operator has named. What a
// test mail answers must not tell which ports of others are open.
func (g *Guard) DialMail(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dialJudged(ctx, network, address, func(address string) error {
		if err := g.judge(address); err != nil {
			return err
		}
		a, err := netip.ParseAddrPort(address)
		if err != nil || !slices.Contains(mailPorts, a.Port()) && !g.allows(a.Addr()) {
			return ErrMailPort
		}
		return nil
	})
}
