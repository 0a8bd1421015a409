//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// The moments of a delivery at which a trap can spring.
const (
	hookConnects = "a webhook connects"
	hookTaken    = "a webhook was taken and not answered"
	mailConnects = "mail connects"
	mailTaken    = "a letter was taken and not answered"
)

// trap does something once, at a certain moment.
type trap struct {
	mu     sync.Mutex
	moment string
	do     func()
}

func (t *trap) set(moment string, do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moment, t.do = moment, do
}

// passes reports whether the trap sprang now. Others wait until it is over.
func (t *trap) passes(moment string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.moment != moment {
		return false
	}
	t.moment = ""
	t.do()
	return true
}

func (t *trap) wantSprung(test *testing.T) {
	test.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		t.mu.Lock()
		moment := t.moment
		t.mu.Unlock()
		if moment == "" {
			return
		}
		if time.Now().After(deadline) {
			test.Fatalf("it never came to this: %s", moment)
		}
	}
}

// trapped is a listener with a trap behind the door: what the caller sent until
// it died is not read.
type trapped struct {
	net.Listener
	*trap
	moment string
}

func (l trapped) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || !l.passes(l.moment) {
			return c, err
		}
		c.Close()
	}
}

// got counts what came in, by its id, and what each id stood for.
type got struct {
	mu    sync.Mutex
	times map[string]int
	about map[string]string
	wrong []string
}

func (g *got) note(id, about string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.times == nil {
		g.times, g.about = map[string]int{}, map[string]string{}
	}
	if before, known := g.about[id]; known && before != about {
		g.wrong = append(g.wrong, fmt.Sprintf("%s is about %q and about %q", id, before, about))
	}
	g.times[id], g.about[id] = g.times[id]+1, about
}

// hooks receive webhooks.
type hooks struct {
	got
	url string
}

func startHooks(t *testing.T, trap *trap) *hooks {
	t.Helper()
	h := &hooks{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var sent struct {
			Payload struct{ Event struct{ Id string } } //nolint:revive // Octopus's name
		}
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &sent) != nil {
			return // it died while it wrote
		}
		h.note(r.URL.Path+" "+r.Header.Get("Webhook-Id"), sent.Payload.Event.Id)
		if trap.passes(hookTaken) {
			panic(http.ErrAbortHandler)
		}
	}))
	server.Listener = trapped{server.Listener, trap, hookConnects}
	server.Config.SetKeepAlivesEnabled(false) // each webhook connects
	server.Start()
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// letters is a mail server.
type letters struct {
	got
	address string
	trap    *trap
}

func startLetters(t *testing.T, trap *trap) *letters {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &letters{address: l.Addr().String(), trap: trap}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letterbox{m}, nil }))
	server.Domain, server.MaxLineLength = "mail.test", 4000
	server.ErrorLog = silent{} // callers that die
	ended := make(chan struct{})
	go func() { _ = server.Serve(trapped{l, trap, mailConnects}); close(ended) }()
	t.Cleanup(func() { l.Close(); server.Close(); <-ended })
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type letterbox struct{ *letters }

func (letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (letterbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letterbox) Reset()                               {}
func (letterbox) Logout() error                        { return nil }

func (b letterbox) Data(r io.Reader) error {
	letter, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, letter.Body); err != nil {
		return err // it died while it wrote
	}
	b.note(letter.Header.Get("Message-Id"), letter.Header.Get("Subject"))
	b.trap.passes(mailTaken)
	return nil
}
