//go:build proxies

package proxytest

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/keyport/keyport/models"
)

func head(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	a := s.send(t, "HEAD /reports/1", octopus(secret))
	c := s.passed(t, a)
	wantIdentity(t, s, c, key, secret)
	if c.Method != "HEAD" || a.header.Get("X-Service") != "reached" {
		t.Errorf("the service got %s, the caller %v", c.Method, a.header)
	}
	s.refused(t, s.send(t, "HEAD /reports/1"), 401)
}

func options(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	c := s.passed(t, s.send(t, "OPTIONS /reports/1", octopus(secret)))
	wantIdentity(t, s, c, key, secret)
	if c.Method != "OPTIONS" {
		t.Errorf("the service got %s", c.Method)
	}
	s.refused(t, s.send(t, "OPTIONS /reports/1", "Origin: https://elsewhere.example.com", "Access-Control-Request-Method: GET"), 401)
}

// body: it goes to the service alone, whichever way its end is told.
func body(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	for _, framed := range []struct{ header, body string }{{"Content-Length: 11", "hello world"}, {"Transfer-Encoding: chunked", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"}} {
		conn := s.dial(t)
		_, a := s.exchange(t, conn, "POST /invoices", []string{octopus(secret), framed.header}, framed.body)
		conn.Close()
		c := s.passed(t, a)
		wantIdentity(t, s, c, key, secret)
		if c.Body != "hello world" {
			t.Errorf("%s: the service got %q", framed.header, c.Body)
		}
	}
}

// handshake is how a WebSocket begins.
var handshake = []string{"Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}

func upgraded(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	conn := s.dial(t)
	defer conn.Close()
	reader, a := s.exchange(t, conn, "GET /reports/live", append([]string{octopus(secret)}, handshake...), "")
	wantIdentity(t, s, s.passed(t, a), key, secret)
	if a.status != 101 {
		t.Fatalf("got status %d, want 101", a.status)
	}
	fmt.Fprint(conn, "over the socket\n")
	if line, err := reader.ReadString('\n'); line != "echo over the socket\n" {
		t.Errorf("the service answered %q, %v", line, err)
	}
}

func upgradeRefused(t *testing.T, s *stand) {
	s.refused(t, s.send(t, "GET /reports/live", handshake...), 401)
	_, other := s.key(t, models.AccessWish{Services: []string{"stock"}})
	s.refused(t, s.send(t, "GET /reports/live", append([]string{octopus(other)}, handshake...)...), 403)
}

// together: answers about one call are never given to another.
func together(t *testing.T, s *stand) {
	type pair struct {
		key    models.APIKey
		secret string
	}
	var pairs []pair
	for range 8 {
		key, secret := s.key(t, models.AccessWish{})
		pairs = append(pairs, pair{key, secret})
	}
	var group sync.WaitGroup
	for i, p := range pairs {
		conn := s.dial(t)
		group.Go(func() {
			defer conn.Close()
			_, port, _ := strings.Cut(s.proxy, ":")
			for range 5 {
				fmt.Fprintf(conn, "GET /reports/%d HTTP/1.1\r\nHost: %s:%s\r\nX-Octopus-ApiKey: %s\r\n\r\n", i, publicHost, port, p.secret)
			}
			fmt.Fprintf(conn, "GET /reports/%d HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", i, publicHost, port)
			_, _ = io.Copy(io.Discard, conn)
		})
	}
	group.Wait()
	calls := s.service.take()
	for _, c := range calls {
		var i int
		if _, err := fmt.Sscanf(c.Target, "/reports/%d", &i); err != nil || c.Header.Get("X-Keyport-Key-Id") != pairs[i].key.ID {
			t.Errorf("%s came as key %s", c.Target, c.Header.Get("X-Keyport-Key-Id"))
		}
	}
	if len(calls) != 8*5 {
		t.Errorf("%d calls reached the service, want the 40 with a key", len(calls))
	}
}
