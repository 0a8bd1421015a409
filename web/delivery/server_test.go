package delivery_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is a real mail server on the loopback interface.
type mailServer struct {
	address string
	roots   *x509.CertPool // whom its certificate comes from

	mu       sync.Mutex
	letters  []received
	sessions int
	refuse   []error       // what the next letters are answered with
	slow     time.Duration // before each letter is taken
	users    map[string]string
	taken    func(n int) // after the n-th letter was taken, and before that is said
}

// received is a letter as it came in, with its envelope.
type received struct {
	from, user string
	to         []string
	data       string
	encrypted  bool
}

// how is the way in which a server is reached.
type how struct {
	tls    string // "starttls", "implicit", ""
	users  map[string]string
	mechs  []string
	longer time.Duration
	taken  func(n int)
}

func startMailServer(t *testing.T, h how) *mailServer {
	t.Helper()
	m := &mailServer{users: h.users, slow: h.longer, taken: h.taken}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sessions++
		return &session{server: m, conn: c, mechs: h.mechs}, nil
	}))
	s.Domain, s.MaxLineLength = "mail.test", 4000
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = l.Addr().String()
	if h.tls != "" {
		config, roots := certificate(t)
		m.roots = roots
		if s.TLSConfig = config; h.tls == "implicit" {
			l = tls.NewListener(l, config)
		}
	}
	ended := make(chan struct{})
	go func() { s.Serve(l); close(ended) }()
	t.Cleanup(func() { l.Close(); s.Close(); <-ended }) // Close alone may come before Serve knows l
	return m
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// url is the server's address with a scheme, a user and a query.
func (m *mailServer) url(scheme, user, query string) *url.URL {
	u, err := url.Parse(scheme + "://" + user + m.address + query)
	if err != nil {
		panic(err)
	}
	return u
}

// answer makes the server refuse the next letters with those errors, nil for
// taking one.
func (m *mailServer) answer(refusals ...error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = refusals
}

func (m *mailServer) got() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
}

// want waits until the server has so many letters and returns them.
func (m *mailServer) want(t *testing.T, n int) []received {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if got := m.got(); len(got) >= n || time.Now().After(deadline) {
			if len(got) != n {
				t.Fatalf("the server has %d letters, want %d", len(got), n)
			}
			return got
		}
	}
}

// session is one conversation with the server.
type session struct {
	server *mailServer
	conn   *smtp.Conn
	mechs  []string
	letter received
}

func (s *session) AuthMechanisms() []string {
	if s.server.users == nil {
		return nil
	}
	if s.mechs != nil {
		return s.mechs
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.server.users[user] != password {
			return smtp.ErrAuthFailed
		}
		s.letter.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.users != nil && s.letter.user == "" {
		return smtp.ErrAuthRequired
	}
	s.letter.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = append(s.letter.to, to)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if len(s.server.refuse) == 0 {
		return nil
	}
	refusal := s.server.refuse[0]
	s.server.refuse = s.server.refuse[1:]
	return refusal
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(s.server.slow)
	s.letter.data = string(b)
	_, s.letter.encrypted = s.conn.TLSConnectionState()
	s.server.mu.Lock()
	s.server.letters = append(s.server.letters, s.letter)
	n := len(s.server.letters)
	s.server.mu.Unlock()
	if s.server.taken != nil {
		s.server.taken(n)
	}
	return nil
}

func (s *session) Reset()        { s.letter.to = nil }
func (s *session) Logout() error { return nil }

// certificate makes an authority of its own and a certificate for 127.0.0.1.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	authorityKey, key := newKey(t), newKey(t)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	root, err1 := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	signed, err2 := x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, authorityKey)
	parsed, err3 := x509.ParseCertificate(root)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}}, roots
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
