package web

import (
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

// verifyBody is what is written after the headers.
type verifyBody struct {
	text   []byte
	length []string // as Content-Length
}

var verifyOK = bodyOf("ok\n")

// verifyBodies are those of refusals, by status. They say no more than the status, so that whoever tries
// keys learns nothing.
var verifyBodies = map[int]verifyBody{
	http.StatusBadRequest:         bodyOf("Send exactly one API key, in one header.\n"),
	http.StatusUnauthorized:       bodyOf("This needs a valid API key.\n"),
	http.StatusForbidden:          bodyOf("This API key is not allowed here.\n"),
	http.StatusNotFound:           bodyOf("There is no such service.\n"),
	http.StatusMethodNotAllowed:   bodyOf("Ask by GET or HEAD.\n"),
	http.StatusTooManyRequests:    bodyOf("Too many calls. Wait before the next one.\n"),
	http.StatusServiceUnavailable: bodyOf("The key can't be checked at the moment. Try again.\n"),
}

func bodyOf(text string) verifyBody {
	return verifyBody{[]byte(text), []string{strconv.Itoa(len(text))}}
}

// identityHeaders are in every answer, as Go writes their names.
var identityHeaders = [...]string{"X-Keyport-User-Id", "X-Keyport-User", "X-Keyport-Key-Id", "X-Keyport-Is-Service", "X-Keyport-Access", "X-Keyport-Expires", "X-Keyport-Service"}

// Values that every answer has in common: slices that nobody changes.
var (
	headerNoStore   = []string{"no-store"}
	headerEmpty     = []string{""}
	headerPlain     = []string{"text/plain; charset=utf-8"}
	headerNoSniff   = []string{"nosniff"}
	headerChallenge = []string{`Bearer realm="keyport"`}
	headerReaders   = []string{"GET, HEAD"}
)

func (v *verdict) write(w http.ResponseWriter, withoutBody bool) {
	h, body := w.Header(), &verifyOK
	if v.status != http.StatusOK {
		other := verifyBodies[v.status]
		body = &other
	}
	h["Cache-Control"], h["Content-Type"], h["X-Content-Type-Options"] = headerNoStore, headerPlain, headerNoSniff
	h["Content-Length"] = body.length
	if v.status == http.StatusOK {
		v.identify(h)
	} else {
		for _, name := range identityHeaders {
			h[name] = headerEmpty
		}
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
		_, _ = w.Write(body.text) // a client that has gone needs no answer
	}
}

// identify writes the identity headers of a key that passes. Names are
// percent-encoded, since people choose them. All values are one list.
func (v *verdict) identify(h http.Header) {
	k := &v.key
	values := [len(identityHeaders)]string{k.UserText, escaped(k.Username), k.KeyID, strconv.FormatBool(k.IsService),
		string(k.Access.Level), k.ExpiresText, v.service}
	list := values[:]
	for i, name := range identityHeaders {
		h[name] = list[i : i+1 : i+1]
	}
}

// escaped is a name percent-encoded. Most names need nothing.
func escaped(name string) string {
	for i := range len(name) {
		if !plain[name[i]] {
			return url.PathEscape(name)
		}
	}
	return name
}

// plain are the bytes that url.PathEscape leaves alone, whatever is beside them.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = url.PathEscape(string([]byte{byte(c)})) == string([]byte{byte(c)})
	}
	return table
}()

// outcome is what the answer counts as.
func (v *verdict) outcome() metrics.Outcome {
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
