//go:build proxies

package proxytest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// call is what reached the service.
type call struct {
	Method, Target, Body string
	Header               http.Header
}

// service is the API behind the proxy. It records its calls, and echoes what
// comes over a connection that was upgraded.
type service struct {
	address string

	mu    sync.Mutex
	calls []call
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(server.Close)
	s.address = server.Listener.Addr().String()
	return s
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.calls = append(s.calls, call{r.Method, r.RequestURI, string(body), r.Header.Clone()})
	s.mu.Unlock()
	if r.Header.Get("Upgrade") == "websocket" {
		upgrade(w)
		return
	}
	w.Header().Set("X-Service", "reached")
	_, _ = io.WriteString(w, "the service\n")
}

// upgrade answers a WebSocket's handshake, and then echoes lines: no proxy looks
// into the frames.
func upgrade(w http.ResponseWriter) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	echoLine(conn, buffered.Reader)
}

func echoLine(conn net.Conn, r *bufio.Reader) {
	if line, err := r.ReadString('\n'); err == nil {
		fmt.Fprint(conn, "echo "+line)
	}
}

// take returns the calls since it was last asked.
func (s *service) take() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.calls
	s.calls = nil
	return taken
}
