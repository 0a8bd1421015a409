// Package web is the edge: it turns requests into actors and errors into
// answers, and holds the map of all addresses. What happens at an address is
// in handlers and handlers/api.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/keyport/keyport/handlers"
	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/egress"
	"github.com/keyport/keyport/web/metrics"
	"github.com/keyport/keyport/web/tracing"
)

// Time and size limits of a connection. A client that sends its header or body
// slower than this is cut, so that slow ones can't hold places.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 32 << 10
	maxBody       = "64K"
	drainTime     = 9 * time.Second // leaves a second to close the rest
)

// Options is what a server is made of. Store, PublicURL, Log
// and Version are needed.
type Options struct {
	Store          *store.Store
	PublicURL      *url.URL       // where people reach the portal; links are built from it, never from a request
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Log            *slog.Logger
	Version        string // semantic version, as the REST API reports it

	EgressAllow      []netip.Prefix     // networks that are not the internet, where issuers of tokens may be asked nevertheless
	RefuseKeyInQuery bool               // whether ?apikey= is no credential for the REST API
	SignOn           *SignOn            // nil when people sign in with a user name and a password only
	Mail             handlers.Post      // nil where nothing is ever sent
	MailServer       *models.MailServer // the one that the environment sets, nil for none
	NoPublicURL      bool               // nobody said PublicURL, so that letters can hold no links
	Metrics          *metrics.Metrics   // what counts, nil while nobody watches
	Trace            *tracing.Tracer    // what makes spans, nil while nobody looks
	DrainDelay       time.Duration      // from saying that we are not ready to taking no more connections
}

// Server is the portal and the REST API on one listener.
type Server struct {
	Options
	echo         *echo.Echo
	sessions     *Sessions
	logins       *logins
	confirm      *handlers.Confirm
	badKeys      *badKeys
	badVerified  *badKeys // at /verify
	serviceRates *serviceRates
	refusals     *loudness // of the log of refusals at /verify
	prefix       string    // the path under which the portal is published
	egress       *egress.Guard
	draining     atomic.Bool
	patterns     map[string]bool // of the routes, for counting
}

// New builds the server. It opens nothing.
func New(o Options) (*Server, error) {
	if o.Store == nil || o.PublicURL == nil || o.Log == nil {
		return nil, errors.New("web: Store, PublicURL and Log are needed")
	}
	s := &Server{Options: o, echo: echo.New()}
	s.sessions = NewSessions(o.Store, strings.EqualFold(o.PublicURL.Scheme, "https"))
	s.logins = &logins{s.sessions}
	s.badKeys, s.badVerified, s.egress = newBadKeys(o.Store.Now), newBadKeys(o.Store.Now), newGuard(o)
	s.serviceRates, s.refusals = newServiceRates(o.Store.Now), &loudness{}
	s.prefix = basePath(o.PublicURL)
	s.confirm = &handlers.Confirm{Store: o.Store, Party: s.party(), Ways: s.ways()}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.IPExtractor = clientAddress(o.TrustedProxies)
	s.echo.HTTPErrorHandler = s.answerError
	if err := s.routes(); err != nil {
		return nil, err
	}
	s.patterns = map[string]bool{}
	for _, route := range s.echo.Routes() {
		s.patterns[route.Path] = true
	}
	return s, nil
}

// Handler returns the whole server as one handler.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.front) }

// Egress judges what this server may call.
func (s *Server) Egress() *egress.Guard { return s.egress }

// Route is one entry of the map of addresses.
type Route struct{ Method, Path string }

// Routes lists the map of addresses, without the catch-alls that answer 404.
func (s *Server) Routes() []Route {
	var routes []Route
	for _, path := range []string{verifyPath, verifyPath + "/:service"} { // see front
		routes = append(routes, Route{http.MethodGet, path}, Route{http.MethodHead, path})
	}
	for _, r := range s.echo.Routes() {
		if r.Method != echo.RouteNotFound && !strings.HasSuffix(r.Path, "/*") || r.Path == "/static/*" {
			routes = append(routes, Route{r.Method, r.Path})
		}
	}
	return routes
}

// Serve answers on l until ctx is done. Then it says that it is not ready, goes on
// answering for DrainDelay, so that whoever sends requests here learns of it, lets
// running requests end, and returns after ten more seconds at the most.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	s.egress.Hide(l.Addr())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(s.DrainDelay):
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		s.Log.Warn("some requests were cut off", "after", drainTime)
		return server.Close()
	}
	return nil
}

// clientAddress finds whom a request comes from: the socket's address, or, when
// that is a trusted proxy, the right-most address in X-Forwarded-For that is
// not one. Nothing to the left of it is believed, since the client writes that.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		_, network, err := net.ParseCIDR(p.Masked().String())
		if err == nil {
			options = append(options, echo.TrustIPRange(network))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
