package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web/metrics"
)

// verifyPath is where proxies ask whether a call may pass: /verify/billing for
// the service billing. Below it there is nothing else.
const verifyPath = "/verify"

// front answers /verify by itself and leaves the rest to Echo: what every call
// of every service goes through needs neither a session nor a request's id.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if rest, below := strings.CutPrefix(path, s.prefix); below {
		path = rest
	}
	rest, ours := strings.CutPrefix(path, verifyPath)
	if !ours || rest != "" && rest[0] != '/' {
		s.echo.ServeHTTP(w, r)
		return
	}
	s.verify(w, r, askedAbout(r, strings.TrimPrefix(rest, "/")))
}

// verify tells a proxy whether a call may pass. Its contract:
//
//   - GET and HEAD, /verify/{service}; the proxy's configuration names the
//     service. Without a name only keys pass that are good for every service.
//   - The credential is exactly one X-Octopus-ApiKey, X-Api-Key or
//     Authorization: Bearer. More than one, lists and look-alikes are 400.
//   - 200 with all identity headers; 401 for whatever is no key that works, in
//     the same bytes; 403 for a key that works, but not here, or for a service
//     that is not registered; 429 for a key that calls a service more often than
//     it allows; 429 and 503 with Retry-After. Never a redirect, never a cookie,
//     nothing to be stored. All but 200 carry the identity headers too, empty,
//     so that a proxy that copies them overwrites what the client made up.
//   - X-Forwarded-Method or X-Original-Method, and X-Forwarded-Uri or
//     X-Original-URI, say what the call does, if the socket's other end is a
//     trusted proxy. The rules of the service say whether that only reads.
//     Otherwise nobody knows, and a key that only reads is refused.
//   - At /verify/{service}/-/… the question itself is made like the call: by its
//     method, with its path behind the dash. So Envoy asks.
func (s *Server) verify(w http.ResponseWriter, r *http.Request, q question) {
	defer s.survive(w)
	began := time.Now()
	answer := s.judge(r, q, began)
	answer.write(w, r.Method == http.MethodHead)
	if s.Metrics != nil {
		s.Metrics.Verified(answer.outcome(), time.Since(began))
	}
	if s.Trace != nil {
		s.traceVerification(r, began, answer.status)
	}
	if answer.status != http.StatusOK {
		s.logRefusal(r, q.service, &answer)
	}
}

// survive turns a panic into an answer that opens nothing.
func (s *Server) survive(w http.ResponseWriter) {
	if p := recover(); p != nil {
		s.logPanic("", p)
		s.Metrics.Verified(metrics.Unavailable, 0)
		(&verdict{status: http.StatusServiceUnavailable, reason: "panic"}).write(w, false)
	}
}

// judge decides on a call that began at a moment. It asks first what costs least.
func (s *Server) judge(r *http.Request, q question, began time.Time) verdict {
	if !q.likeCall && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return verdict{status: http.StatusMethodNotAllowed, reason: "method"}
	}
	if q.service != "" && !models.ValidServiceName(q.service) {
		return verdict{status: http.StatusNotFound, reason: "no such service"}
	}
	presented, problem := verifiable(r)
	if problem != "" {
		return verdict{status: http.StatusBadRequest, reason: problem}
	}
	address := s.echo.IPExtractor(r)
	key, err := s.Store.VerifyAt(r.Context(), presented, began, func() bool { return s.badVerified.over(address) })
	if err != nil {
		return s.refuseKey(presented, address, err)
	}
	if refusal := s.judgeKey(r, &key, q, address); refusal.status != 0 {
		return refusal
	}
	s.Store.SeenVerified(&key, address, printable(firstOf(r.Header[userAgent]), 200))
	return verdict{status: http.StatusOK, key: key, service: q.service}
}

// judgeKey refuses a good key where it is not good, or is used too often. It
// returns the zero verdict when the call may pass.
func (s *Server) judgeKey(r *http.Request, key *models.Verified, q question, address string) verdict {
	var service models.Service // one without a name has no rules and no limit
	if q.service != "" {
		found, ok, err := s.Store.RegisteredService(r.Context(), q.service)
		switch {
		case err != nil:
			return verdict{status: http.StatusServiceUnavailable, reason: "the database does not answer", key: *key}
		case !ok:
			return verdict{status: http.StatusForbidden, reason: "no such service", key: *key}
		}
		service = found
	}
	if reason := s.misplaced(r, q, &key.Access, &service, address); reason != "" {
		return verdict{status: http.StatusForbidden, reason: reason, key: *key}
	}
	if wait := s.serviceRates.take(key.KeyID, service); wait > 0 {
		return verdict{status: http.StatusTooManyRequests, reason: "too many calls", key: *key, wait: wait}
	}
	return verdict{}
}

// refuseKey answers to a key that was not found to be good. Wrong ones that
// might have been right count against their network, apart from those of the
// REST API: a proxy brings the wrong keys of all its clients.
func (s *Server) refuseKey(presented, address string, err error) verdict {
	refused := verdict{status: http.StatusUnauthorized, reason: "no key that works"}
	if _, possible := models.ParseSecret(presented); !possible {
		return refused
	}
	if models.KindOf(err) != models.Unauthenticated {
		return verdict{status: http.StatusServiceUnavailable, reason: "the database does not answer"}
	}
	if slow := s.badVerified.count(address); slow != nil {
		return verdict{status: http.StatusTooManyRequests, reason: "too many wrong keys", wait: slow.RetryAfter}
	}
	return refused
}

// misplaced says why a good key is not good here, "" when it is.
func (s *Server) misplaced(r *http.Request, q question, access *models.Access, service *models.Service, address string) string {
	if access.Whole() {
		return ""
	}
	from, _ := netip.ParseAddr(address)
	switch {
	case !access.AllowsService(service.Name):
		return "service"
	case !access.AllowsAddress(from):
		return "network"
	case access.Reads() && !service.Reads(s.forwardedCall(r, q)):
		return "read-only"
	}
	return ""
}

// fromProxy reports whether the other end of the socket is a trusted proxy.
func (s *Server) fromProxy(r *http.Request) bool {
	socket, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, network := range s.TrustedProxies {
		if network.Contains(socket.Addr().Unmap().WithZone("")) {
			return true
		}
	}
	return false
}
