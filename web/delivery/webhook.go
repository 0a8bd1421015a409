package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/keyport/keyport/handlers/api"
	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/web/egress"
)

// maxReceiverAnswer is how much of a receiver's answer is read, in bytes. None of
// it is kept or shown: it may come from a place that the reader must not see.
const maxReceiverAnswer = 64 << 10

// Webhook sends events to addresses that people entered: one POST for each, in
// Octopus's form, signed by Standard Webhooks 1.0.0.
type Webhook struct {
	Client    *http.Client // guarded, see egress
	Guard     *egress.Guard
	Now       func() time.Time
	ServerURL string // where people reach the portal, "" when nobody said
	BasePath  string
}

// NewWebhook makes a sender whose calls the guard judges.
func NewWebhook(guard *egress.Guard, now func() time.Time, serverURL, basePath string) *Webhook {
	return &Webhook{Client: guard.Client(maxReceiverAnswer), Guard: guard, Now: now, ServerURL: serverURL, BasePath: basePath}
}

// MessageID names a delivery for its receiver: the same for all attempts, so
// that whoever gets one twice can tell.
func MessageID(o store.Outgoing) string {
	return fmt.Sprintf("evt_%d_%d", o.EventID, o.SubscriptionID)
}

// Send makes one attempt.
func (w *Webhook) Send(ctx context.Context, o store.Outgoing) models.Receipt {
	// The operator may have taken a network away since the address was saved.
	if problem := w.Guard.CheckAddress(o.Subscription.WebhookURL); problem != "" {
		return models.Receipt{Problem: problem, GiveUp: true}
	}
	if len(o.Secrets) == 0 {
		return models.Receipt{Problem: "The secret that signs this webhook can't be opened: its master key is missing, or the row was changed. Make a new secret."}
	}
	body, err := json.Marshal(api.SubscriptionPayload(o.Event, o.Subscription, w.ServerURL, w.BasePath, w.Now(), uuid.NewString()))
	if err != nil {
		return models.Receipt{Problem: "The event could not be written.", GiveUp: true}
	}
	ctx, cancel := context.WithTimeout(ctx, o.Subscription.WebhookTimeout)
	defer cancel()
	request, err := w.request(ctx, o, body)
	if err != nil {
		return models.Receipt{Problem: "The webhook's address can't be used. Enter it again.", GiveUp: true}
	}
	begun := time.Now()
	response, err := w.Client.Do(request)
	if err != nil {
		return models.Receipt{Problem: callProblem(err), Took: time.Since(begun)}
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection can be used again
	return w.receipt(response, time.Since(begun))
}

func (w *Webhook) request(ctx context.Context, o store.Outgoing, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Subscription.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	at, id := w.Now(), MessageID(o)
	signatures := make([]string, len(o.Secrets))
	for i, secret := range o.Secrets {
		signatures[i] = secret.Sign(id, at, body)
	}
	if name := o.Subscription.WebhookHeader; name != "" {
		request.Header.Set(name, o.Header)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "Keyport")
	request.Header.Set("Webhook-Id", id)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	request.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return request, nil
}

// receipt judges an answer: 2xx is a success, 410 an end, and everything else
// may pass. A redirect is not followed: it leads where nobody has looked.
func (w *Webhook) receipt(response *http.Response, took time.Duration) models.Receipt {
	code := response.StatusCode
	r := models.Receipt{Code: code, Took: took, Delivered: code >= 200 && code < 300, Gone: code == http.StatusGone}
	switch {
	case r.Delivered:
	case r.Gone:
		r.Problem = "The receiver wants nothing any more (410). The subscription is disabled."
	case code >= 300 && code < 400:
		r.Problem = "The receiver answered with a redirect, which is not followed. Enter the address that it leads to."
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		r.RetryAfter = retryAfter(response.Header.Get("Retry-After"), w.Now())
		r.Problem = "The receiver asked to be called later."
	default:
		r.Problem = "The receiver answered " + strconv.Itoa(code) + "."
	}
	return r
}

// retryAfter reads the header, in seconds or as a date; what can't be read is no
// wish.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// callProblem words why there was no answer, without what the other side wrote.
func callProblem(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, egress.ErrRefused):
		return "The webhook's name stands for an address that must not be called: it is inside a private network or on this machine."
	case errors.As(err, &dns):
		return "The webhook's name could not be found."
	case errors.As(err, &certificate):
		return "The receiver's certificate is not valid for its name."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "The receiver did not answer in time."
	}
	return "The receiver could not be reached, or broke the connection off."
}
