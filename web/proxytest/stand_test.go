//go:build proxies

package proxytest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store/storetest"
	"github.com/keyport/keyport/web"
	"github.com/keyport/keyport/web/webtest"
)

// ratePerMinute is how often one key may call the service: more often than any
// case does that is not about it.
const ratePerMinute = 12

// readRules are the rules of the service.
const readRules = "GET,HEAD,OPTIONS /reports/**\nPOST /search"

// caller is the address that calls come from. Keyport trusts the proxy's alone.
const caller = "127.0.0.2"

// stand is a proxy between a caller and a service, with a Keyport to ask.
type stand struct {
	t         *testing.T
	f         *storetest.Fixture
	site      *webtest.Site
	door      *door
	service   *service
	authority authority
	program   program
	proxy     string // address
}

// newStand starts everything. Keyport is behind TLS, or reached in the clear.
func newStand(t *testing.T, p program, encrypted bool) *stand {
	t.Helper()
	s := &stand{t: t, program: p, f: storetest.New(t, storetest.SQLite), service: newService(t), authority: newAuthority(t)}
	public := ""
	if encrypted {
		s.door = newDoor(t, s.authority.leaf)
		public = "https://" + s.door.address
	}
	s.site = webtest.New(t, s.f.Store, func(o *web.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		if encrypted {
			o.PublicURL, _ = url.Parse(public)
		}
	})
	if encrypted {
		s.door.keyport = strings.TrimPrefix(s.site.URL, "http://")
	}
	r := &run{dir: t.TempDir(), port: freePort(t), spare: freePort(t), service: s.service.address, pool: s.authority.pool, encrypted: encrypted}
	// The programs read their files as a user of their own.
	if err := os.Chmod(filepath.Dir(r.dir), 0o755); err != nil {
		t.Fatal(err)
	}
	s.authority.write(t, r.dir)
	s.proxy = fmt.Sprintf("127.0.0.1:%d", r.port)
	p.start(t, r, s.texts())
	return s
}

// texts registers the service and reads its recipes from the page.
func (s *stand) texts() map[string]string {
	s.t.Helper()
	made := s.register(models.NewService{Name: "billing", RatePerMinute: ratePerMinute, ReadOnly: models.ParseReadRules(readRules)})
	s.register(models.NewService{Name: "stock"})
	admin := s.site.Client()
	admin.Header.Set("Cookie", s.session())
	texts := map[string]string{}
	admin.Get("/configuration/services/" + made.PublicID()).Want(200).Find("details pre[id]").Each(func(_ int, pre *goquery.Selection) {
		id, _ := pre.Attr("id")
		texts[id] = pre.Text() + "\n"
	})
	return texts
}

func (s *stand) register(wish models.NewService) models.Service {
	s.t.Helper()
	made, err := s.f.Store.CreateService(s.f.As(s.f.Admin), wish)
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

// key makes a fresh key, so that no case uses up what another may call.
func (s *stand) key(t *testing.T, access models.AccessWish) (models.APIKey, string) {
	t.Helper()
	key, secret := s.f.Issue(s.f.Robot, models.NewKey{Access: access})
	return key, secret.Reveal()
}

// answer is what the caller got.
type answer struct {
	status int
	header http.Header
	body   string
}

// send writes a request as it is given: the line, and the lines of headers. Host
// comes by itself.
func (s *stand) send(t *testing.T, line string, headers ...string) answer {
	t.Helper()
	conn := s.dial(t)
	defer conn.Close()
	_, answer := s.exchange(t, conn, line, headers, "")
	return answer
}

func (s *stand) dial(t *testing.T) net.Conn {
	t.Helper()
	dialer := &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(caller)}}
	conn, err := tls.DialWithDialer(dialer, "tcp", s.proxy, &tls.Config{RootCAs: s.authority.pool, ServerName: publicHost})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
	return conn
}

func (s *stand) exchange(t *testing.T, conn net.Conn, line string, headers []string, body string) (*bufio.Reader, answer) {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.proxy)
	lines := append([]string{line + " HTTP/1.1", "Host: " + publicHost + ":" + port}, headers...)
	fmt.Fprint(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"+body)
	method, _, _ := strings.Cut(line, " ")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %q: %v", line, headers, err)
	}
	a := answer{status: response.StatusCode, header: response.Header}
	if a.status != http.StatusSwitchingProtocols {
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("%s %q: %v", line, headers, err)
		}
		a.body = string(text)
	}
	return reader, a
}

// refused holds that a call got one of the answers, and did not reach the service.
func (s *stand) refused(t *testing.T, a answer, want ...int) {
	t.Helper()
	for _, c := range s.service.take() {
		t.Errorf("the service was reached: %+v", c)
	}
	for _, status := range want {
		if a.status == status {
			return
		}
	}
	t.Errorf("got status %d, want one of %v: %v %s", a.status, want, a.header, a.body)
}

// passed holds that a call reached the service once, and returns it.
func (s *stand) passed(t *testing.T, a answer) call {
	t.Helper()
	calls := s.service.take()
	if a.status != http.StatusOK && a.status != http.StatusSwitchingProtocols || len(calls) != 1 {
		t.Fatalf("got status %d and %d calls, want one that passes: %v %s", a.status, len(calls), a.header, a.body)
	}
	return calls[0]
}
