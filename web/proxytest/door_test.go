//go:build proxies

package proxytest

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
)

// door is the TLS before Keyport. It can be shut, so that nobody answers, and
// show the certificate of somebody else.
type door struct {
	t       *testing.T
	address string // its own
	keyport string // what is behind it

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
}

func newDoor(t *testing.T, certificate tls.Certificate) *door {
	t.Helper()
	d := &door{t: t, address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	d.reopen(certificate)
	t.Cleanup(d.shut)
	return d
}

// reopen listens where it has listened before.
func (d *door) reopen(certificate tls.Certificate) { d.listen(certificate, d.pass) }

// fallSilent takes connections and never answers.
func (d *door) fallSilent(certificate tls.Certificate) {
	d.listen(certificate, func(c net.Conn) {
		d.mu.Lock()
		d.open[c] = true
		d.mu.Unlock()
		_, _ = io.Copy(io.Discard, c)
	})
}

func (d *door) listen(certificate tls.Certificate, serve func(net.Conn)) {
	d.t.Helper()
	l, err := tls.Listen("tcp", d.address, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	d.listener, d.address = l, l.Addr().String()
	d.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
}

// shut refuses connections, and ends those there are.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener.Close()
	for c := range d.open {
		c.Close()
	}
}

func (d *door) pass(outside net.Conn) {
	inside, err := net.Dial("tcp", d.keyport)
	if err != nil {
		outside.Close()
		return
	}
	d.mu.Lock()
	d.open[outside] = true
	d.mu.Unlock()
	go func() {
		_, _ = io.Copy(inside, outside)
		inside.Close()
	}()
	_, _ = io.Copy(outside, inside)
	outside.Close()
	d.mu.Lock()
	delete(d.open, outside)
	d.mu.Unlock()
}
