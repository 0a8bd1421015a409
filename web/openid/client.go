package openid

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Limits of a call to the provider. A sign-on takes several calls; finishTime is
// for all of them, and well below the server's own write timeout, so that
// whoever waits always gets a page.
const (
	callTime   = 8 * time.Second
	finishTime = 20 * time.Second
	dialTime   = 4 * time.Second
	maxAnswer  = 1 << 20
	maxHeaders = 64 << 10
)

// newClient makes the client for all calls to the provider. It follows no
// redirect: nothing that is asked here has one, and the secret must not go
// elsewhere.
func newClient() *http.Client {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTime}).DialContext,
		TLSHandshakeTimeout:    dialTime,
		ResponseHeaderTimeout:  callTime,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxHeaders,
		ForceAttemptHTTP2:      true,
	}
	return &http.Client{Transport: bounded{transport}, Timeout: callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// bounded cuts answers that are too long to be meant.
type bounded struct{ next http.RoundTripper }

// RoundTrip makes one call.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxAnswer), response.Body}
	}
	return response, err
}

// CheckURL refuses addresses over which what a provider says can't be believed:
// all but https, except on this machine.
func CheckURL(u *url.URL) error {
	switch {
	case u.Scheme == "https" && u.Hostname() != "":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("not an https address")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
