package keyauth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	askTimeout = 2 * time.Second
	maxBatch   = 100     // calls that Keyport judges at once
	maxSenders = 4       // requests to Keyport at a time
	maxWaiting = 10_000  // calls that wait; more are told to come back
	maxKept    = 10_000  // answers that are remembered
	maxAnswer  = 1 << 20 // bytes
)

// call is what Keyport is told of a call.
type call struct {
	Token  string `json:"token"`
	Method string `json:"method"`
	URI    string `json:"uri"`
	IP     string `json:"ip,omitempty"`
}

// digest tells calls apart without keeping their keys.
func (c call) digest() [sha256.Size]byte {
	text, _ := json.Marshal(c) // cannot fail: it is four texts
	return sha256.Sum256(text)
}

// verdict is what Keyport says of a call.
type verdict struct {
	Active    bool   `json:"active"`
	Denied    string `json:"denied"`
	Scope     string `json:"scope"`
	Username  string `json:"username"`
	Subject   string `json:"sub"`
	KeyID     string `json:"key_id"`
	IsService bool   `json:"is_service"`
	Expires   int64  `json:"exp"`
}

func (v verdict) identity() Identity {
	return Identity{Subject: v.Subject, Username: v.Username, KeyID: v.KeyID, IsService: v.IsService, ReadOnly: v.Scope != "read write", Expires: time.Unix(v.Expires, 0)}
}

// question is a call that waits for its verdict. Its last fields are set before
// done is closed.
type question struct {
	call    call
	done    chan struct{}
	verdict verdict
	err     error
}

// asker asks Keyport. Calls that come while others are on their way are asked
// about together, and calls that are alike only once.
type asker struct {
	options Options
	client  *http.Client
	now     func() time.Time

	mu      sync.Mutex
	waiting []*question
	open    map[[sha256.Size]byte]*question
	kept    map[[sha256.Size]byte]kept
	senders int
}

// kept is the verdict on a call that passed.
type kept struct {
	verdict verdict
	until   time.Time
}

func newAsker(o Options) *asker {
	client := http.Client{Timeout: askTimeout}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &asker{options: o, client: &client, now: time.Now, open: map[[sha256.Size]byte]*question{}, kept: map[[sha256.Size]byte]kept{}}
}

var errBusy = errors.New("keyauth: too many calls are waiting for Keyport")

// ask returns Keyport's verdict on a call.
func (a *asker) ask(ctx context.Context, c call) (verdict, error) {
	q, known, err := a.enqueue(c)
	if err != nil || q == nil {
		return known, err
	}
	select {
	case <-q.done:
		return q.verdict, q.err
	case <-ctx.Done():
		return verdict{}, ctx.Err()
	}
}

// enqueue returns the question to wait for, or no question when the verdict is
// known already.
func (a *asker) enqueue(c call) (*question, verdict, error) {
	digest := c.digest()
	a.mu.Lock()
	defer a.mu.Unlock()
	if k, ok := a.kept[digest]; ok && a.now().Before(k.until) {
		return nil, k.verdict, nil
	}
	if q, ok := a.open[digest]; ok {
		return q, verdict{}, nil
	}
	if len(a.waiting) >= maxWaiting {
		return nil, verdict{}, errBusy
	}
	q := &question{call: c, done: make(chan struct{})}
	a.waiting, a.open[digest] = append(a.waiting, q), q
	if a.senders < maxSenders {
		a.senders++
		go a.send()
	}
	return q, verdict{}, nil
}

// send asks until nobody waits.
func (a *asker) send() {
	for {
		batch := a.take()
		if len(batch) == 0 {
			return
		}
		asked := a.now()
		verdicts, err := a.post(batch)
		a.settle(batch, verdicts, err, asked)
	}
}

// take returns the questions to ask next. From here on a call that is alike is a
// question of its own: it came later, and is answered by what is true later.
func (a *asker) take() []*question {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := min(len(a.waiting), maxBatch)
	if n == 0 {
		a.senders--
		return nil
	}
	batch := a.waiting[:n:n]
	a.waiting = a.waiting[n:]
	for _, q := range batch {
		delete(a.open, q.call.digest())
	}
	return batch
}

// settle hands out the verdicts and remembers those that pass, from the moment
// of asking on.
func (a *asker) settle(batch []*question, verdicts []verdict, err error, asked time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, q := range batch {
		if q.err = err; err == nil {
			q.verdict = verdicts[i]
			a.keep(q, asked)
		}
		close(q.done)
	}
}

func (a *asker) keep(q *question, asked time.Time) {
	until := asked.Add(a.options.Remember)
	if ends := time.Unix(q.verdict.Expires, 0); ends.Before(until) {
		until = ends
	}
	if !q.verdict.Active || !a.now().Before(until) {
		return
	}
	if len(a.kept) >= maxKept {
		clear(a.kept)
	}
	a.kept[q.call.digest()] = kept{q.verdict, until}
}

// post asks Keyport about several calls. An answer that is not whole is none.
func (a *asker) post(batch []*question) ([]verdict, error) {
	calls := make([]call, len(batch))
	for i, q := range batch {
		calls[i] = q.call
	}
	body, err := json.Marshal(map[string]any{"service": a.options.Service, "calls": calls})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(a.options.Keyport, "/")+"/introspect/batch", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+a.options.Key)
	r.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return readVerdicts(response, len(batch))
}

func readVerdicts(response *http.Response, want int) ([]verdict, error) {
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("keyauth: Keyport answered %d", response.StatusCode)
	}
	var answer struct {
		Results []verdict `json:"results"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("keyauth: read Keyport's answer: %w", err)
	}
	if len(answer.Results) != want {
		return nil, fmt.Errorf("keyauth: Keyport answered about %d calls of %d", len(answer.Results), want)
	}
	for _, v := range answer.Results {
		if v.Active && (v.Subject == "" || v.Denied != "" || v.Expires == 0) {
			return nil, errors.New("keyauth: Keyport's answer does not say whose key it is")
		}
	}
	return answer.Results, nil
}
