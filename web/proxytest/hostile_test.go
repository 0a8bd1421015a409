//go:build proxies

package proxytest

import (
	"strings"
	"testing"
	"time"

	"github.com/keyport/keyport/models"
)

// duplicates: a proxy may check one of two, and a service believe the other.
func duplicates(t *testing.T, s *stand) {
	_, good := s.key(t, models.AccessWish{})
	_, another := s.key(t, models.AccessWish{})
	bad := models.NewSecret().Reveal()
	for _, headers := range [][]string{
		{octopus(good), octopus(bad)}, {octopus(bad), octopus(good)}, {octopus(good), octopus(good)}, {octopus(good), octopus(another)}, {octopus(good), octopus("")},
		{octopus(good), "X-Api-Key: " + bad}, {octopus(bad), "Authorization: Bearer " + good}, {"X-Api-Key: " + good, "Authorization: Bearer " + another},
		{"Authorization: Bearer " + good, "Authorization: Bearer " + bad}, {"Authorization: Bearer " + bad, "Authorization: Bearer " + good},
		{octopus(good + ", " + bad)}, {octopus(good + "," + good)},
	} {
		s.refused(t, s.send(t, get, headers...), 400)
	}
}

// folded: a header's value may go on in the next line for one server, and end
// for another.
func folded(t *testing.T, s *stand) {
	key, good := s.key(t, models.AccessWish{})
	bad := models.NewSecret().Reveal()
	for _, header := range []string{octopus(good + "\r\n " + bad), octopus(bad + "\r\n\t" + good), octopus("\r\n " + good), "X-Other: a\r\n X-Octopus-ApiKey: " + good,
		"Authorization: Bearer\r\n " + good} {
		a := s.send(t, get, header)
		if a.status == 200 { // a value that begins in the next line alone is still one value
			wantIdentity(t, s, s.passed(t, a), key, good)
			if strings.Contains(header, bad) || strings.Contains(header, "X-Other") {
				t.Errorf("%q passed", header)
			}
			continue
		}
		s.refused(t, a, 400, 401)
	}
	wantIdentityOrRefusal(t, s, s.send(t, get, octopus(good), "X-Keyport-User: a\r\n X-Keyport-User: admin"), key, good)
	wantIdentityOrRefusal(t, s, s.send(t, get, octopus(good), "X-Other: a\r\n\tX-Keyport-User: admin"), key, good)
}

func wantIdentityOrRefusal(t *testing.T, s *stand, a answer, key models.APIKey, secret string) {
	t.Helper()
	if a.status == 400 {
		s.refused(t, a, 400)
		return
	}
	wantIdentity(t, s, s.passed(t, a), key, secret)
}

func credentialTwins(t *testing.T, s *stand) {
	_, good := s.key(t, models.AccessWish{})
	for _, name := range []string{"X_Octopus_ApiKey", "X-Octopus_ApiKey", "x_api_key", "X_Api-Key"} {
		s.refused(t, s.send(t, get, name+": "+good), 400, 401)
		a := s.send(t, get, octopus(good), name+": "+models.NewSecret().Reveal())
		if a.status == 200 {
			if c := s.passed(t, a); len(c.Header[name]) > 0 {
				t.Errorf("%s reached the service", name)
			}
			continue
		}
		s.refused(t, a, 400)
	}
}

// forgedCall: what the caller says of its call is not what it does.
func forgedCall(t *testing.T, s *stand) {
	_, reads := s.key(t, models.AccessWish{Level: "ReadOnly"})
	for _, name := range []string{"X-Forwarded-Method: GET", "X-Original-Method: GET", "X_Original_Method: GET", "X_Forwarded_Method: GET", "X-Forwarded-Method: POST\r\nX-Forwarded-Method: GET"} {
		s.refused(t, s.send(t, "POST /reports/1", octopus(reads), "Content-Length: 0", name), 400, 403)
	}
	s.f.Clock.Advance(time.Minute)
	for _, name := range []string{"X-Forwarded-Uri: /search", "X-Original-URI: /search", "X-Original-URL: /search", "X-Rewrite-URL: /search", "X_Original_URI: /search", "X_Forwarded_Uri: /search"} {
		s.refused(t, s.send(t, "POST /reports/1", octopus(reads), "Content-Length: 0", name), 400, 403)
	}
	s.passed(t, s.send(t, get, octopus(reads), "X-Forwarded-Method: POST", "X-Original-Method: DELETE", "X-Forwarded-Uri: /elsewhere", "X-Original-URI: /elsewhere"))
}

// overridden: the headers by which frameworks take one call for another.
func overridden(t *testing.T, s *stand) {
	_, reads := s.key(t, models.AccessWish{Level: "ReadOnly"})
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X_HTTP_Method_Override", "x-http-method-override"} {
		a := s.send(t, "POST /search", octopus(reads), "Content-Length: 0", name+": DELETE")
		if a.status == 400 {
			s.refused(t, a, 400)
			continue
		}
		for header, values := range s.passed(t, a).Header {
			if strings.Contains(strings.Join(values, " "), "DELETE") {
				t.Errorf("%s = %q reached the service", header, values)
			}
		}
	}
}

// paths: whatever a read-only key reaches is what its rules say, in plain words.
func paths(t *testing.T, s *stand) {
	for _, target := range []string{"//search", "/search//", "/./search", "/reports/../search", "/%73earch", "/search%2f..%2fadmin", "/search/%2e%2e/admin", "/search/../admin", "/search/..%2fadmin",
		"/search\\..\\admin", "/search;x=/../admin", "/search/.", "/search%00", "/search%0a", "/%2e%2e/search", "/..%252fsearch", "/SEARCH", "/search#/admin", "/admin?/search", "/admin%3f/search", "http://other.example.com/search", "/search%20"} {
		_, reads := s.key(t, models.AccessWish{Level: "ReadOnly"})
		for _, method := range []string{"POST ", "DELETE "} {
			a := s.send(t, method+target, octopus(reads), "Content-Length: 0")
			for _, c := range s.service.take() {
				if path, _, _ := strings.Cut(c.Target, "?"); c.Method != "POST" || path != "/search" {
					t.Errorf("%s%s: the service was reached as %s %s, answer %d", method, target, c.Method, c.Target, a.status)
				}
			}
			if a.status >= 500 {
				t.Errorf("%s%s: got status %d", method, target, a.status)
			}
		}
	}
	_, full := s.key(t, models.AccessWish{})
	if c := s.passed(t, s.send(t, "GET /reports/a%20b?q=%2f", octopus(full))); c.Target != "/reports/a%20b?q=%2f" {
		t.Errorf("a plain escape reached the service as %s", c.Target)
	}
}

// smuggled: a request inside the body of another must not be one of its own.
func smuggled(t *testing.T, s *stand) {
	inner := "GET /smuggled HTTP/1.1\r\nHost: " + publicHost + "\r\n\r\n"
	for _, framing := range [][]string{
		{"Content-Length: 4", "Transfer-Encoding: chunked"}, {"Transfer-Encoding: xchunked"}, {"Transfer-Encoding: chunked", "Transfer-Encoding: identity"},
		{"Content-Length: 5", "Content-Length: 0"}, {"Content-Length: +5"}, {"Transfer-Encoding : chunked"},
	} {
		_, good := s.key(t, models.AccessWish{})
		conn := s.dial(t)
		_, a := s.exchange(t, conn, "POST /search", append(framing, octopus(good)), "0\r\n\r\n"+inner)
		conn.Close()
		time.Sleep(20 * time.Millisecond)
		for _, c := range s.service.take() {
			if c.Target != "/search" {
				t.Errorf("%q: %s %s reached the service, answer %d", framing, c.Method, c.Target, a.status)
			}
		}
	}
}
