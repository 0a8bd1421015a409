package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// Limits of a call.
const (
	callTime   = 15 * time.Second
	headerTime = 10 * time.Second
	maxHeaders = 64 << 10
	maxPerHost = 4
)

// ErrTooLong is what reading an answer fails with that is longer than allowed.
var ErrTooLong = errors.New("the answer is too long")

// Client returns a client whose calls the guard judges. It uses no proxy,
// because a proxy would dial in its place; it follows no redirect; it calls http
// addresses in allowed networks only; and it reads answers up to a limit in bytes.
func (g *Guard) Client(maxAnswer int64) *http.Client {
	transport := byScheme{https: transport(g.DialContext), http: transport(g.dialAllowed)}
	return &http.Client{Transport: bounded{transport, maxAnswer}, Timeout: callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func transport(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		TLSHandshakeTimeout:    dialTime,
		ResponseHeaderTimeout:  headerTime,
		IdleConnTimeout:        time.Minute,
		MaxConnsPerHost:        maxPerHost,
		MaxIdleConnsPerHost:    maxPerHost, // two by default: the others would connect anew for each call
		MaxResponseHeaderBytes: maxHeaders,
		ForceAttemptHTTP2:      true,
	}
}

// byScheme sends what is not encrypted on a way of its own.
type byScheme struct{ https, http http.RoundTripper }

// RoundTrip makes one call.
func (b byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.https.RoundTrip(r)
	}
	return b.http.RoundTrip(r)
}

// bounded cuts answers that are too long to be meant.
type bounded struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip makes one call.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		response.Body = &limited{response.Body, b.limit}
	}
	return response, err
}

// limited is a body that fails instead of going on for ever.
type limited struct {
	io.ReadCloser
	left int64
}

// Read reads up to one byte more than the limit, and then says so.
func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, ErrTooLong
	}
	return n, err
}
