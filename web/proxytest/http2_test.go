//go:build proxies

package proxytest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// http2: the same holds where headers have another form. Apache's recipe leaves
// it to HTTP/1.1, as Apache does by itself.
func http2(t *testing.T, s *stand) {
	key, secret := s.key(t, models.AccessWish{})
	client := s.client2(t)
	a := s.send2(t, client, "GET", "/reports/1", http.Header{"X-Octopus-Apikey": {secret}, "X-Keyport-User": {"admin", "root"}, "X-Keyport-Access": {"FullAccess"}})
	if want := "HTTP/2.0"; a.proto != want && s.program.name != apache.name {
		t.Errorf("the proxy speaks %s, want %s", a.proto, want)
	}
	wantIdentity(t, s, s.passed(t, a.answer), key, secret)
	s.refused(t, s.send2(t, client, "GET", "/reports/1", nil).answer, 401)
	s.refused(t, s.send2(t, client, "GET", "/reports/1", http.Header{"X-Octopus-Apikey": {secret, models.NewSecret().Reveal()}}).answer, 400)
	_, reads := s.key(t, models.AccessWish{Level: "ReadOnly"})
	s.refused(t, s.send2(t, client, "POST", "/reports/1", http.Header{"X-Octopus-Apikey": {reads}, "X-Forwarded-Method": {"GET"}, "X-Original-Method": {"GET"}}).answer, 403)
	s.passed(t, s.send2(t, client, "POST", "/search", http.Header{"X-Octopus-Apikey": {reads}}).answer)
	wantIdentityOrRefusal(t, s, s.send2(t, client, "GET", "/reports/1", http.Header{"X-Octopus-Apikey": {secret}, "X_Keyport_User": {"admin"}}).answer, key, secret)
}

func (s *stand) client2(t *testing.T) *http.Client {
	t.Helper()
	dialer := &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(caller)}}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: s.authority.pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, s.proxy)
		}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 15 * time.Second}
}

type answer2 struct {
	answer
	proto string
}

func (s *stand) send2(t *testing.T, client *http.Client, method, path string, header http.Header) answer2 {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.proxy)
	r, err := http.NewRequest(method, "https://"+publicHost+":"+port+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer2{answer{response.StatusCode, response.Header, string(text)}, response.Proto}
}
