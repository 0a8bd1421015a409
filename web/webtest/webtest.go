// Package webtest runs the whole portal for tests: real routes, sessions and
// database, on a loopback port, with clients that behave like a browser with
// script, one without, and a script with a key.
package webtest

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web"
)

// Site is a portal under test.
type Site struct {
	t      testing.TB
	URL    string
	Server *web.Server
	log    *lockedBuffer
	prefix string // the path under which the portal is published
}

// New starts a portal on the store. It stops with the test.
func New(t testing.TB, s *store.Store, change ...func(*web.Options)) *Site {
	t.Helper()
	site := &Site{t: t, log: &lockedBuffer{}}
	listener := httptest.NewUnstartedServer(nil)
	public, err := url.Parse("http://" + listener.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	o := web.Options{Store: s, PublicURL: public, Version: "0.0.1", TrustedProxies: []netip.Prefix{},
		Log: slog.New(slog.NewJSONHandler(site.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, f := range change {
		f(&o)
	}
	if site.Server, err = web.New(o); err != nil {
		t.Fatal(err)
	}
	listener.Config.Handler = site.Server.Handler()
	listener.Start()
	t.Cleanup(listener.Close)
	site.URL, site.prefix = listener.URL, strings.TrimRight(o.PublicURL.Path, "/")
	return site
}

// Log returns everything logged so far, at debug level.
func (s *Site) Log() string { return s.log.String() }

// LogSize is a position in the log: what is logged from now on is behind it.
func (s *Site) LogSize() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.b.Len()
}

// LogFrom returns what was logged behind a position.
func (s *Site) LogFrom(position int) string { return s.log.from(position) }

// Client is one browser or script. Redirects are not followed: tests say where
// they lead.
type Client struct {
	site   *Site
	http   *http.Client
	Header http.Header // sent with every request
}

// Client returns a client without credentials.
func (s *Site) Client() *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Client{site: s, Header: http.Header{}, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// WithKey returns a client that sends an API key.
func (s *Site) WithKey(key string) *Client {
	c := s.Client()
	c.Header.Set("X-Octopus-ApiKey", key)
	return c
}

// SignedIn returns a browser that has signed in.
func (s *Site) SignedIn(username, password string) *Client {
	s.t.Helper()
	c := s.Client()
	if a := c.Form("/sign-in", url.Values{"username": {username}, "password": {password}}); a.Status != http.StatusSeeOther {
		s.t.Fatalf("sign in as %s: got status %d, want 303: %s", username, a.Status, a.Body)
	}
	return c
}

// Answer is a response, read to its end.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   string
}

// Get asks for a page as a browser does.
func (c *Client) Get(path string) Answer { return c.Do(http.MethodGet, path, "", nil) }

// Form sends a form as a browser without script does.
func (c *Client) Form(path string, values url.Values) Answer {
	return c.Do(http.MethodPost, path, values.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}})
}

// HTMX sends a form, or with nil values asks for a fragment, as htmx does.
func (c *Client) HTMX(method, path string, values url.Values) Answer {
	return c.Do(method, path, values.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "Hx-Request": {"true"}})
}

// JSON calls the REST API. body is text, so that tests may send what no encoder
// would make.
func (c *Client) JSON(method, path, body string) Answer {
	return c.Do(method, path, body, http.Header{"Content-Type": {"application/json"}})
}

// Do sends any request.
func (c *Client) Do(method, path, body string, header http.Header) Answer {
	c.site.t.Helper()
	r, err := http.NewRequest(method, c.site.URL+path, strings.NewReader(body))
	if err != nil {
		c.site.t.Fatal(err)
	}
	for _, from := range []http.Header{c.Header, header} {
		for name, values := range from {
			r.Header[name] = values
		}
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.site.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.site.t.Fatal(err)
	}
	c.site.checkContract(r, response, text)
	return Answer{c.site.t, response.StatusCode, response.Header, string(text)}
}

// Cookies returns what the client holds for the portal.
func (c *Client) Cookies() []*http.Cookie {
	u, _ := url.Parse(c.site.URL)
	return c.http.Jar.Cookies(u)
}

// SetCookie gives the client a cookie.
func (c *Client) SetCookie(name, value string) {
	u, _ := url.Parse(c.site.URL)
	c.http.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Find selects in the HTML of the answer.
func (a Answer) Find(selector string) *goquery.Selection {
	a.t.Helper()
	document, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	if err != nil {
		a.t.Fatal(err)
	}
	return document.Find(selector)
}

// Value returns the value of the named input in the answer.
func (a Answer) Value(name string) string {
	a.t.Helper()
	value, _ := a.Find("[name='" + name + "']").First().Attr("value")
	return value
}

// JSON decodes the answer.
func (a Answer) JSON() map[string]any {
	a.t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.Body), &out); err != nil {
		a.t.Fatalf("the answer is not a JSON object: %v: %s", err, a.Body)
	}
	return out
}

// Want fails the test unless the status is as expected.
func (a Answer) Want(status int) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("got status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string { return l.from(0) }

func (l *lockedBuffer) from(position int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.b.Bytes()[position:])
}
