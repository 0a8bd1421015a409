package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
)

// What administrators enter leads to the usual ports of mail servers only, and
// inside to what the operator allows. Nothing is dialled here.
func TestDialMail(t *testing.T) {
	for _, test := range []struct {
		address string
		want    error
	}{
		{"192.0.2.25:587", ErrRefused}, // a network for documentation
		{"93.184.215.14:25", nil}, {"93.184.215.14:465", nil}, {"93.184.215.14:587", nil}, {"93.184.215.14:2525", nil},
		{"93.184.215.14:22", ErrMailPort}, {"93.184.215.14:6379", ErrMailPort}, {"[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443", ErrMailPort},
		{"10.1.2.3:587", ErrRefused}, {"127.0.0.1:25", ErrRefused}, {"[::1]:25", ErrRefused},
		{"10.9.8.7:1025", nil}, // allowed by the operator, at any port
	} {
		dialled := ""
		g := &Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			client, server := net.Pipe()
			server.Close()
			return client, nil
		}}
		c, err := g.DialMail(t.Context(), "tcp", test.address)
		if c != nil {
			c.Close()
		}
		if !errors.Is(err, test.want) || (test.want == nil) != (dialled == test.address) {
			t.Errorf("%s: got %v and a call of %q, want %v", test.address, err, dialled, test.want)
		}
	}
}
