package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/web/metrics"
)

// verdict is an answer to a proxy.
type verdict struct {
	status  int
	reason  string          // for the log alone
	key     models.Verified // the key that was recognised, also when it is refused
	service string
	wait    time.Duration // before trying again, with 429
}

// verifyPatience is how long to wait when nobody could look a key up.
const verifyPatience = time.Second

// Bodies by status. They say no more than the status, so that whoever tries
// keys learns nothing.
var verifyBodies = map[int][]byte{
	http.StatusOK:                 []byte("ok\n"),
	http.StatusBadRequest:         []byte("Send exactly one API key, in one header.\n"),
	http.StatusUnauthorized:       []byte("This needs a valid API key.\n"),
	http.StatusForbidden:          []byte("This API key is not allowed here.\n"),
	http.StatusNotFound:           []byte("There is no such service.\n"),
	http.StatusMethodNotAllowed:   []byte("Ask by GET or HEAD.\n"),
	http.StatusTooManyRequests:    []byte("Too many calls. Wait before the next one.\n"),
	http.StatusServiceUnavailable: []byte("The key can't be checked at the moment. Try again.\n"),
}

// identityHeaders are in every answer, as Go writes their names.
var identityHeaders = [...]string{"X-Keyport-User-Id", "X-Keyport-User", "X-Keyport-Key-Id", "X-Keyport-Is-Service", "X-Keyport-Access", "X-Keyport-Expires", "X-Keyport-Service"}

// Values that every answer has in common: slices that nobody changes.
var (
	headerNoStore   = []string{"no-store"}
	headerPlain     = []string{"text/plain; charset=utf-8"}
	headerNoSniff   = []string{"nosniff"}
	headerChallenge = []string{`Bearer realm="keyport"`}
	headerReaders   = []string{"GET, HEAD"}
)

func (v verdict) write(w http.ResponseWriter, withoutBody bool) {
	h, body := w.Header(), verifyBodies[v.status]
	h["Cache-Control"], h["Content-Type"], h["X-Content-Type-Options"] = headerNoStore, headerPlain, headerNoSniff
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	values := v.identity()
	for i, name := range identityHeaders {
		h[name] = values[i : i+1 : i+1]
	}
	switch v.status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = headerChallenge
	case http.StatusMethodNotAllowed:
		h["Allow"] = headerReaders
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h["Retry-After"] = []string{strconv.Itoa(int((max(v.wait, verifyPatience) + time.Second - 1) / time.Second))}
	}
	w.WriteHeader(v.status)
	if !withoutBody {
		_, _ = w.Write(body) // a client that has gone needs no answer
	}
}

// identity lists the values of identityHeaders: those of the key if it passes,
// and otherwise nothing. Names are percent-encoded, since people choose them.
func (v verdict) identity() []string {
	values := make([]string, len(identityHeaders))
	if v.status == http.StatusOK {
		k := &v.key
		values[0], values[1], values[2] = models.UserID(k.UserID), url.PathEscape(k.Username), k.KeyID
		values[3], values[4] = strconv.FormatBool(k.IsService), string(k.Access.Level)
		values[5], values[6] = k.Expires.UTC().Format(time.RFC3339), v.service
	}
	return values
}

// outcome is what the answer counts as.
func (v verdict) outcome() metrics.Outcome {
	switch v.status {
	case http.StatusOK:
		return metrics.Allowed
	case http.StatusUnauthorized:
		return metrics.Unauthorized
	case http.StatusForbidden:
		return metrics.Forbidden
	case http.StatusTooManyRequests:
		return metrics.Limited
	case http.StatusServiceUnavailable:
		return metrics.Unavailable
	}
	return metrics.Malformed
}

// level is how loudly a refusal is logged: what is ours to mend most of all.
func (v verdict) level() slog.Level {
	switch v.status {
	case http.StatusServiceUnavailable:
		return slog.LevelError
	case http.StatusForbidden, http.StatusTooManyRequests:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
