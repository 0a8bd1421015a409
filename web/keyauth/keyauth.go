// Package keyauth lets an application accept Keyport's keys: it asks Keyport
// about the key of each call and puts the identity into the request's context.
// It is for applications to import and depends on the standard library alone;
// nothing of Keyport itself may be imported here.
//
// A call passes only if Keyport said so. When Keyport can't be asked the answer
// is 503, never a call let through on a guess.
package keyauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say where Keyport is and who asks.
type Options struct {
	Keyport string // its address, such as https://keyport.example.com
	Key     string // the application's own key, of its service account
	Service string // the name under which Keyport knows the application

	// Client makes the calls, nil for one that gives up after two seconds.
	// Redirects are never followed: they would carry keys to elsewhere.
	Client *http.Client

	// Address returns where a call comes from, nil for the address of the
	// connection. Behind a proxy, take it from what that proxy alone writes.
	Address func(*http.Request) string

	// Remember is how long a key that passed passes without asking again, up to
	// a second, which is also how long a revoked key can go on passing. Zero
	// asks each time.
	Remember time.Duration
}

// maxRemember bounds the life of an answer: a revoked key is to be refused
// everywhere within a second.
const maxRemember = time.Second

// Identity is whose key a call was made with.
type Identity struct {
	Subject   string // id of the user, such as Users-3
	Username  string
	KeyID     string
	IsService bool // a service account
	ReadOnly  bool // the key may not change anything
	Expires   time.Time
}

type contextKey struct{}

// From returns the identity behind a request that passed the guard.
func From(ctx context.Context) (Identity, bool) {
	who, ok := ctx.Value(contextKey{}).(Identity)
	return who, ok
}

// Guard lets calls with good keys through.
type Guard struct {
	options Options
	asker   *asker
}

// New makes a guard.
func New(o Options) (*Guard, error) {
	u, err := url.Parse(o.Keyport)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil, u.RawQuery != "":
		return nil, errors.New("keyauth: Keyport must be its whole address, such as https://keyport.example.com")
	case o.Key == "":
		return nil, errors.New("keyauth: Key must be a key of the application's service account")
	case o.Service == "":
		return nil, errors.New("keyauth: Service must be the name under which Keyport knows the application")
	case o.Remember < 0 || o.Remember > maxRemember:
		return nil, errors.New("keyauth: Remember must be between zero and one second")
	}
	if o.Address == nil {
		o.Address = connectionAddress
	}
	return &Guard{options: o, asker: newAsker(o)}, nil
}

func connectionAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// Handler lets calls with good keys through to next, which finds the identity by
// [From], and no longer the key.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented, n := credential(r.Header)
		switch n {
		case 0:
			refuse(w, http.StatusUnauthorized, "An API key is needed. Send it in the header X-Octopus-ApiKey, or as a Bearer token.")
			return
		case 1:
		default:
			refuse(w, http.StatusBadRequest, "The request has several credentials. Send one.")
			return
		}
		verdict, err := g.asker.ask(r.Context(), call{Token: presented, Method: r.Method, URI: r.URL.EscapedPath(), IP: g.options.Address(r)})
		switch {
		case err != nil:
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, "The API key can't be checked now. Try again in a moment.")
		case verdict.Denied != "":
			refuse(w, http.StatusForbidden, "The API key is not for this call ("+verdict.Denied+").")
		case !verdict.Active:
			refuse(w, http.StatusUnauthorized, "The API key is not valid.")
		default:
			next.ServeHTTP(w, withIdentity(r, verdict.identity()))
		}
	})
}

// credentialHeaders are those in which keys come.
var credentialHeaders = []string{"X-Octopus-Apikey", "X-Api-Key", "Authorization"}

// credential returns the key of a call and how many credentials there are. Two
// of anything are refused: whatever is in front may have checked the other one.
func credential(h http.Header) (presented string, n int) {
	for _, name := range credentialHeaders {
		for _, value := range h.Values(name) {
			if value == "" {
				continue
			}
			n++
			presented = value
			if name == "Authorization" {
				scheme, token, _ := strings.Cut(value, " ")
				if !strings.EqualFold(scheme, "Bearer") {
					token = ""
				}
				presented = strings.TrimSpace(token)
			}
		}
	}
	if n == 1 && presented == "" {
		return "", 0
	}
	return presented, n
}

// withIdentity returns the request as the application sees it.
func withIdentity(r *http.Request, who Identity) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), contextKey{}, who))
	r.Header = r.Header.Clone()
	for _, name := range credentialHeaders {
		r.Header.Del(name)
	}
	return r
}

func refuse(w http.ResponseWriter, status int, message string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="keyport"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, message, status)
}
