package delivery

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyport/keyport/models"
	"github.com/keyport/keyport/models/store"
	"github.com/keyport/keyport/views"
)

// Limits of what waits. More than the queue holds is dropped and logged: people
// ask again, and nobody can fill the memory by asking.
const (
	queueLength = 200
	carriers    = 2
	errandTime  = models.MaxMailTimeout*time.Millisecond + 10*time.Second
	lastErrands = 5 * time.Second // for what still waits when the program ends
)

// pauses are those between the tries of a letter. Servers that don't know us
// yet ask us to come back after some minutes.
var pauses = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// PostOptions is what a post office is made of.
type PostOptions struct {
	Store     *store.Store
	Servers   *Servers
	PublicURL *url.URL // links are built from it alone; nil while nobody said it, and then no letter goes out
	Log       *slog.Logger
	Pauses    []time.Duration // nil for the usual ones
}

// Post takes errands from requests and runs them when these are over. Its
// methods never wait.
type Post struct {
	PostOptions
	queue                             chan errand
	trials                            chan struct{} // test mails under way
	delivered, retried, lost, dropped atomic.Int64
}

// PostStats counts what has become of errands since the program started.
type PostStats struct {
	Done, Retried, GivenUp, Dropped int64
	Waiting                         int
}

// Stats returns the counters.
func (p *Post) Stats() PostStats {
	return PostStats{p.delivered.Load(), p.retried.Load(), p.lost.Load(), p.dropped.Load(), len(p.queue)}
}

// errand is something to do outside of the request that asked for it.
type errand struct {
	request models.Request
	do      func(context.Context) error
	tries   int
}

// NewPost makes a post office. It works while Run runs.
func NewPost(o PostOptions) *Post {
	if o.Pauses == nil {
		o.Pauses = pauses
	}
	return &Post{PostOptions: o, queue: make(chan errand, queueLength), trials: make(chan struct{}, trialsAtOnce)}
}

// Run carries out errands until ctx is done, and then what still waits.
func (p *Post) Run(ctx context.Context) {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastErrands, stop) })()
	var all sync.WaitGroup
	for range carriers {
		all.Go(func() { p.carry(ctx, working) })
	}
	all.Wait()
}

func (p *Post) carry(ctx, working context.Context) {
	for {
		select {
		case e := <-p.queue:
			p.run(working, e)
			continue
		case <-ctx.Done():
		}
		select {
		case e := <-p.queue:
			p.run(working, e)
		default:
			return
		}
	}
}

// run carries out one errand. What may pass is tried again later.
func (p *Post) run(ctx context.Context, e errand) {
	ctx, cancel := context.WithTimeout(models.WithRequest(ctx, e.request), errandTime)
	defer cancel()
	err := e.do(ctx)
	var final *Undeliverable
	switch {
	case err == nil:
		p.delivered.Add(1)
	case errors.As(err, &final) || e.tries >= len(p.Pauses):
		p.lost.Add(1)
		p.Log.Error("a letter was given up", "request", e.request.ID, "tries", e.tries+1, "cause", err)
	default:
		p.retried.Add(1)
		pause := p.Pauses[e.tries]
		p.Log.Warn("a letter was not delivered and will be tried again", "request", e.request.ID, "after", pause, "cause", err)
		e.tries++
		time.AfterFunc(pause, func() { p.enqueue(e) })
	}
}

func (p *Post) enqueue(e errand) bool {
	select {
	case p.queue <- e:
		return true
	default:
		p.dropped.Add(1)
		p.Log.Error("a letter was dropped, because too many wait", "request", e.request.ID)
		return false
	}
}

func (p *Post) later(ctx context.Context, do func(context.Context) error) bool {
	return p.enqueue(errand{request: models.RequestFrom(ctx), do: do})
}

// Mailer returns the mailer that letters go by now, nil while none can be sent.
func (p *Post) Mailer(ctx context.Context) (*Mailer, error) {
	if p.PublicURL == nil {
		return nil, nil
	}
	return p.Servers.Mailer(ctx)
}

// Sends reports whether letters can be sent now.
func (p *Post) Sends(ctx context.Context) bool {
	if p.PublicURL == nil {
		return false
	}
	has, err := p.Servers.Has(ctx)
	if err != nil {
		p.Log.Error("whether there is a mail server could not be read", "cause", err)
	}
	return has
}

// ForgotPassword mails a link to whom a name or an address belongs, if it
// belongs to anybody. Even the question who that is waits until the request is
// answered, so that the answer takes the same time for all.
func (p *Post) ForgotPassword(ctx context.Context, login string) {
	p.later(ctx, func(ctx context.Context) error {
		links, err := p.Store.MailPasswordReset(ctx, login)
		for _, link := range links {
			p.PasswordLink(ctx, link)
		}
		return err
	})
}

// PasswordLink mails a one-time link to its person. It reports whether the
// letter was accepted for sending; a person without an address gets none.
func (p *Post) PasswordLink(ctx context.Context, link models.PasswordLink) bool {
	if link.User.Email == "" || !p.Sends(ctx) {
		return false
	}
	letter := passwordLetter(link, link.URL(p.PublicURL))
	return p.send(ctx, link.User.Email, letter)
}

func (p *Post) send(ctx context.Context, to string, letter views.Mail) bool {
	return p.later(ctx, func(ctx context.Context) error {
		mailer, err := p.Mailer(ctx)
		switch {
		case err != nil:
			return err
		case mailer == nil:
			return &Undeliverable{errors.New("there is no mail server any more")}
		}
		return mailer.Send(ctx, to, letter)
	})
}
