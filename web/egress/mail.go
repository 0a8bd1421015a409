package egress

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
